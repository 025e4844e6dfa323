import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Staff } from './campaign.fixture.js';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { readDocument, type Json } from './openapi.fixture.js';
import { choice, DAY, person, tell, visit } from './visit.fixture.js';

/** Every list that the document tells of: what answers `items` to a GET. Figures are no list: they have no pages. */
const FIGURES = ['/v1/stats', '/v1/surveys/results'];
const document = readDocument();
const schemaOf = (schema: Json): Json =>
  schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1)];
const LISTS = Object.entries(document.paths)
  .filter(([path, methods]: [string, Json]) => {
    const json = methods.get?.responses['200']?.content?.['application/json']?.schema;
    return (
      json !== undefined && schemaOf(json).properties?.items?.type === 'array' && !FIGURES.includes(path)
    );
  })
  .map(([path]) => path);

let lagom: Lagom;
let template: string;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  const staff = await Staff.of(lagom);
  for (const n of [1, 2, 3]) {
    const customer = person();
    const booking = visit(new Date(lagom.now().getTime() + 10 * DAY));
    await tell(lagom, 'booking.confirmed', { customer, booking });
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: customer.id },
      choices: [choice('survey', 'all', 'objected')],
    });
    await staff.draft({ visits: { atLeast: n } });
    await lagom.api('POST', '/v1/requests', { customer: customer.id, kind: 'access' });
    await lagom.api(
      'POST',
      '/v1/imports?kind=customers&dryRun=true',
      `id,email\nc-${n},c${n}@example.com\n`,
      {
        headers: { 'content-type': 'text/csv' },
      },
    );
  }
  ({ template } = await staff.content());
  for (const n of [1, 1])
    await staff.taken('marketer', 'POST', `/v1/templates/${template}/versions/${n}/restore`);
  await lagom.api('POST', '/v1/pause', { channel: 'sms' });
  await lagom.api('POST', '/v1/pause', { channel: 'push' });
});
afterAll(() => lagom.close());

const read = (path: string, query = '', accept = 'application/json') =>
  lagom.api('GET', `${path.replace('{id}', template)}?${query}`, undefined, { headers: { accept } });

/** A list as its caller reads it: page by page, each of so many. */
async function pages(path: string, limit: number): Promise<Json[]> {
  const items: Json[] = [];
  for (let cursor: string | undefined; ;) {
    const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await read(path, `limit=${limit}${more}`);
    expect([path, status]).toEqual([path, 200]);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    items.push(...body.items);
    if (body.next === undefined) return items;
    cursor = body.next;
    if (items.length > 200) throw new Error(`${path} does not end`);
  }
}

describe('every list of the API', () => {
  it('is looked at', () => {
    const those = ['segments', 'templates', 'campaigns', 'tasks', 'audit', 'keys', 'senders', 'dead-letters'];
    expect(LISTS).toEqual(expect.arrayContaining(those.map((one) => `/v1/${one}`)));
    expect(LISTS.length).toBeGreaterThan(14);
  });

  it.each(LISTS)('%s takes a limit to 500, says so where it is more, and tells it', async (path) => {
    const { status, body } = await read(path, 'limit=501');
    expect([status, body.errors[0].pointer]).toEqual([422, '#/limit']);
    expect((await read(path, 'limit=500')).status).toBe(200);
    const names = document.paths[path].get.parameters.map((one: Json) => one.name);
    expect(names).toEqual(expect.arrayContaining(['cursor', 'limit']));
  });

  // Reading audited answers, and making keys, adds to the audit: it is read as it was.
  it.each(LISTS.filter((path) => path !== '/v1/audit'))(
    '%s answers the same in pages as whole',
    async (path) => {
      const whole = await pages(path, 500);
      expect(await pages(path, 1)).toEqual(whole);
      expect(await pages(path, 2)).toEqual(whole);
    },
  );

  it.each(LISTS)('%s answers CSV when asked, with the next page in a header', async (path) => {
    const json = await read(path, 'limit=1');
    const { status, headers, body } = await read(path, 'limit=1', 'text/csv');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    if (path !== '/v1/audit') expect(headers.get('lagom-next') ?? undefined).toBe(json.body.next);
    const lines = (body as string).split('\r\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThanOrEqual(json.body.items.length === 0 ? 0 : 2);
  });

  // A line of the audit is a table's own.
  it.each(LISTS.filter((path) => path !== '/v1/audit'))(
    '%s has all that an item may have as columns of its CSV, on each page',
    async (path) => {
      const json = schemaOf(document.paths[path].get.responses['200'].content['application/json'].schema);
      const members = Object.keys(schemaOf(json.properties.items.items).properties);
      // A list's items are the single ones' less what takes room.
      const listed = members.filter((member) => member !== 'history' && member !== 'lint');
      for (const limit of [1, 500]) {
        const { body } = await read(path, `limit=${limit}`, 'text/csv');
        const columns = (body as string).split('\r\n')[0]!.split(',');
        expect([...columns].sort()).toEqual([...listed].sort());
      }
    },
  );

  it.each(LISTS.filter((path) => !path.includes('{id}')))(
    '%s has its columns also where there is nothing',
    async (path) => {
      const headers = { accept: 'text/csv' };
      const { body } = await lagom.api('GET', path, undefined, { tenant: TRAVEL, headers });
      expect([path, (body as string).split('\r\n')[0]!.split(',').length > 3]).toEqual([path, true]);
    },
  );

  it('has something to be paged in most', async () => {
    const counts = await Promise.all(LISTS.map(async (path) => (await pages(path, 500)).length));
    expect(counts.filter((count) => count > 1).length).toBeGreaterThan(9);
  });
});
