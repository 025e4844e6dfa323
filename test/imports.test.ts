import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { request } from 'node:http';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const CSV = { 'content-type': 'text/csv' };
const send = (kind: string, file: string, headers: Record<string, string> = CSV, query = '') =>
  lagom.api('POST', `/v1/imports?kind=${kind}${query}`, file, { headers });
const customer = async (id: string, tenant = CLINIC) =>
  (await lagom.api('GET', `/v1/customers/${id}`, undefined, { tenant })).body;
const decide = async (id: string, purpose: string, channel = 'email') =>
  (await lagom.api('POST', '/v1/decisions', { customer: id, purpose, channel })).body;

/** A request that the fixture's own fetch cannot make. */
async function raw(body: Buffer | FormData, headers: Record<string, string>, query: string) {
  const response = await fetch(`${lagom.url}/v1/imports?${query}`, {
    method: 'POST',
    headers: { authorization: 'Bearer the-first-key-of-a-test', 'lagom-tenant': CLINIC, ...headers },
    body,
  });
  return { status: response.status, body: await response.json() };
}

describe('an import', () => {
  it('of a small file has ended when it answers, and the people are there, of this tenant only', async () => {
    const done = await send(
      'customers',
      'Kundnr;Namn;E-post;Telefon;Skostorlek\nk1;Åsa Öst;ASA@example.se;070-174 06 05;39\n',
    );
    expect([done.status, done.body]).toMatchObject([
      200,
      {
        ...{
          kind: 'customers',
          status: 'done',
          dryRun: false,
          format: 'csv',
          separator: ';',
          encoding: 'utf-8',
        },
        ...{ rows: 1, done: 1, counts: { created: 1, refused: 0 }, errorCount: 0, errors: [] },
        columns: { id: 'Kundnr', email: 'E-post' },
        warnings: [{ detail: 'the column "Skostorlek" is not known here; kept out', rows: 0 }],
      },
    ]);
    expect(done.headers.get('location')).toBe(`/v1/imports/${done.body.id}`);
    expect(await customer('k1')).toMatchObject({
      name: 'Åsa Öst',
      email: 'asa@example.se',
      phone: '+46701740605',
    });
    expect((await lagom.api('GET', '/v1/customers/k1', undefined, { tenant: TRAVEL })).status).toBe(404);
    expect(
      (await lagom.api('GET', `/v1/imports/${done.body.id}`, undefined, { tenant: TRAVEL })).status,
    ).toBe(404);
  });

  it('comes as JSON, as JSON lines, packed, or as a form with a file', async () => {
    const list = await lagom.api('POST', '/v1/imports?kind=customers', [
      { id: 'j1', name: 'A' },
      { id: 'j2' },
    ]);
    expect([list.status, list.body.counts.created]).toEqual([200, 2]);
    const lines = await send('customers', '{"id":"j3"}\n{"id":"j4"}\n', {
      'content-type': 'application/x-ndjson',
    });
    expect([lines.status, lines.body.format, lines.body.counts.created]).toEqual([200, 'jsonl', 2]);
    const packed = gzipSync('id,name\nj5,Å\n');
    expect(await raw(packed, { ...CSV, 'content-encoding': 'gzip' }, 'kind=customers')).toMatchObject({
      body: { counts: { created: 1 } },
    });
    expect(
      await raw(packed.subarray(0, 9), { ...CSV, 'content-encoding': 'gzip' }, 'kind=customers'),
    ).toMatchObject({
      status: 400,
    });
    const form = new FormData();
    form.set('kind', 'suppressions');
    form.set('dryRun', 'true');
    form.set(
      'file',
      new Blob(['email\nstop@example.se\n'], { type: 'application/octet-stream' }),
      'spärrade.csv',
    );
    expect(await raw(form, {}, '')).toMatchObject({
      ...{ status: 200, body: { kind: 'suppressions', dryRun: true, format: 'csv', counts: { created: 1 } } },
    });
  });

  it('that would take longer than its caller waits goes on, and is looked up', async () => {
    const begun = await send('customers', 'id\na1\na2\n', { ...CSV, prefer: 'respond-async' });
    expect(begun.status).toBe(202);
    let seen = begun;
    while (seen.body.status !== 'done') seen = await lagom.api('GET', begun.headers.get('location') ?? '');
    expect(seen.body).toMatchObject({ done: 2, endedAt: expect.any(String) });
    const { body } = await lagom.api('GET', '/v1/imports?limit=1');
    expect(body).toMatchObject({ items: [{ id: begun.body.id }], next: expect.any(String) });
    const { body: second } = await lagom.api('GET', `/v1/imports?limit=1&cursor=${body.next}`);
    expect(second.items[0].id).not.toBe(begun.body.id);
    expect((await lagom.api('POST', `/v1/imports/${begun.body.id}/cancel`)).status).toBe(409);
  });

  it('says of each wrong row where, what would be right and what was there, as CSV too', async () => {
    const file = 'id,E-post,version\nf1,asa,x\nf2,=HYPERLINK(1),\nf3,ok@example.se,1\n';
    const done = await send('customers', file);
    expect(done.body).toMatchObject({
      ...{ counts: { created: 1, refused: 2 }, errorCount: 3 },
      errors: [
        {
          row: 2,
          column: 'version',
          pointer: '#/0/version',
          detail: 'expected integer ≥ 0, got "x"',
        },
        { row: 2, column: 'E-post', pointer: '#/0/email' },
        { row: 3, column: 'E-post', pointer: '#/1/email' },
      ],
    });
    const csv = await lagom.api('GET', `/v1/imports/${done.body.id}/errors`);
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
    const [head, first] = csv.body.split('\r\n');
    expect([head, first]).toEqual([
      'row,column,expected,got,pointer',
      '2,version,integer ≥ 0,"""x""",#/0/version',
    ]);
    expect((await send('customers', file, { ...CSV, accept: 'text/csv' })).body).toBe(csv.body);
  });

  it('that is dry counts and writes nothing', async () => {
    const done = await send('customers', 'id,name\nd1,Nobody\n', CSV, '&dryRun=true');
    expect(done.body).toMatchObject({ dryRun: true, counts: { created: 1 } });
    expect((await lagom.api('GET', '/v1/customers/d1')).status).toBe(404);
  });

  it.each([
    ['a kind that is none', 'kind=people', CSV, 'id\n1\n', 422, '#/kind'],
    ['no kind', '', CSV, 'id\n1\n', 422, '#/kind'],
    ['a dryRun that is neither', 'kind=customers&dryRun=1', CSV, 'id\n1\n', 422, '#/dryRun'],
    ['a type that is none', 'kind=customers', { 'content-type': 'image/png' }, 'id\n1\n', 415, '#'],
    [
      'another kind in the file',
      'kind=customers',
      { 'content-type': 'application/json' },
      '{"kind":"choices","rows":[{}]}',
      422,
      '#/kind',
    ],
    ['a header without the id', 'kind=customers', CSV, 'namn\nÅsa\n', 422, '#/id'],
    ['nothing in it', 'kind=customers', CSV, 'id\n', 422, '#'],
  ] as const)('with %s is refused, and nothing is kept', async (_, query, headers, file, status, pointer) => {
    const before = (await lagom.api('GET', '/v1/imports?limit=500')).body.items.length;
    const refused = await lagom.api('POST', `/v1/imports?${query}`, file, { headers });
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([status, pointer]);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect((await lagom.api('GET', '/v1/imports?limit=500')).body.items).toHaveLength(before);
  });

  it('asks for a key before it reads the file, and for the role of privacy', async () => {
    for (const [key, status] of [
      ['nobody', 401],
      [(await lagom.api('POST', '/v1/keys', { role: 'marketer', name: 'm' })).body.key, 403],
    ]) {
      const response = await fetch(`${lagom.url}/v1/imports?kind=customers`, {
        ...{
          method: 'POST',
          headers: { ...CSV, authorization: `Bearer ${key}` },
          body: 'id\nx\n'.repeat(400_000),
        },
      });
      expect(response.status).toBe(status);
    }
  });

  it('whose sender goes away leaves nothing', async () => {
    const before = (await lagom.api('GET', '/v1/imports?limit=500')).body.items.length;
    const sending = request(`${lagom.url}/v1/imports?kind=customers`, {
      ...{
        method: 'POST',
        headers: { ...CSV, authorization: 'Bearer the-first-key-of-a-test', 'lagom-tenant': CLINIC },
      },
    });
    sending.on('error', () => undefined);
    sending.write('id\n' + 'gone-1\n'.repeat(2_000));
    let items: unknown[] = [];
    while (items.length <= before) ({ items } = (await lagom.api('GET', '/v1/imports?limit=500')).body);
    sending.destroy();
    while (items.length > before) ({ items } = (await lagom.api('GET', '/v1/imports?limit=500')).body);
    expect((await lagom.api('GET', '/v1/customers/gone-1')).status).toBe(404);
  });
});

describe('what it takes holds at once', () => {
  it('a suppression, in its scope: adverts stop, the booking goes on', async () => {
    const who = person();
    await tell(lagom, 'booking.confirmed', {
      ...{ customer: who, booking: visit(new Date(lagom.now().getTime() + 10 * DAY)) },
      choices: [choice('newsletter', 'email', 'given')],
    });
    expect(await decide(who.id, 'newsletter')).toMatchObject({ outcome: 'permit' });
    expect((await send('suppressions', `email\n${who.email}\n`)).body.counts.created).toBe(1);
    expect(await decide(who.id, 'newsletter')).toMatchObject({ outcome: 'refuse', reason: 'suppressed' });
    expect(await decide(who.id, 'booking')).toMatchObject({ outcome: 'permit' });
  });

  it('a no; and a yes with all its proof, which lifts none', async () => {
    const who = person();
    await tell(lagom, 'customer.updated', { customer: who });
    const head = 'customer,purpose,channel,state,at,noticeVersion,language,method,place,evidence';
    const yes = (purpose: string) =>
      `${who.id},${purpose},email,given,2026-01-02,2026-01,sv,form,/konto,the form`;
    expect((await send('choices', `${head}\n${yes('newsletter')}\n`)).body.counts.created).toBe(1);
    expect(await decide(who.id, 'newsletter')).toMatchObject({ outcome: 'permit' });
    expect(
      (await send('choices', `${head}\n${who.id},marketing,all,withdrawn,,,,,,\n`)).body.counts.created,
    ).toBe(1);
    expect(await decide(who.id, 'newsletter')).toMatchObject({ outcome: 'refuse', reason: 'withdrawn' });
    expect((await send('choices', `${head}\n${yes('offers')}\n`)).body).toMatchObject({
      ...{ counts: { refused: 1 }, errors: [{ row: 2, column: 'state', pointer: '#/0/state' }] },
    });
    expect(await decide(who.id, 'offers')).toMatchObject({ outcome: 'refuse', reason: 'withdrawn' });
  });

  it('who was erased is not brought back', async () => {
    const who = person();
    await tell(lagom, 'customer.updated', { customer: who });
    await lagom.api('DELETE', `/v1/customers/${who.id}`);
    const again = await send('customers', `id,email\n${who.id},${who.email}\nother-id,${who.email}\n`);
    expect(again.body).toMatchObject({ counts: { refused: 2 } });
    expect(await customer(who.id)).toMatchObject({ email: null });
  });
});

describe('an export', () => {
  const read = (kind: string, accept: string, tenant = TRAVEL) =>
    lagom.api<string>('GET', `/v1/exports/${kind}`, undefined, { tenant, headers: { accept } });

  it('of customers and choices is what an import reads: brought to an empty tenant’s ledger they are the same', async () => {
    const who = person({
      name: '=cmd|calc',
      email: '-a@example.se',
      version: 4,
      address: { lines: ['Gatan 1', 'c/o Ek'], postalCode: '111 22', city: 'Lund', country: 'SE' },
    });
    await lagom.post({
      ...{ specversion: '1.0', id: 'x1', source: `/tenants/${TRAVEL}`, type: 'customer.updated.v1' },
      ...{
        time: lagom.now().toISOString(),
        datacontenttype: 'application/json',
        data: {
          customer: who,
          choices: [choice('newsletter', 'email', 'given'), choice('offers', 'sms', 'withdrawn')],
        },
      },
    });
    const customers = await read('customers', 'text/csv');
    expect(customers.headers.get('content-disposition')).toContain('wellbe-customers.csv');
    // No cell begins as a formula does.
    expect(customers.body).toContain(`'=cmd|calc,'-a@example.se,'${who.phone ?? ''}`);
    expect(await send('customers', customers.body)).toMatchObject({
      body: { counts: { created: 1, refused: 0 }, warnings: expect.anything() },
    });
    const [there, here] = [await customer(who.id, TRAVEL), await customer(who.id)];
    for (const fact of ['name', 'email', 'phone', 'locale', 'version', 'address'])
      expect(here[fact]).toEqual(there[fact]);

    const choices = await read('choices', 'application/x-ndjson');
    expect(
      choices.body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      {
        customer: who.id,
        purpose: 'newsletter',
        state: 'given',
        noticeVersion: '2026-01',
        via: 'event',
        inForce: true,
      },
      { purpose: 'offers', state: 'withdrawn', inForce: true },
    ]);
    // A yes whose form was not kept proves nothing.
    expect(await send('choices', choices.body, { 'content-type': 'application/x-ndjson' })).toMatchObject({
      body: { counts: { created: 1, refused: 1 }, errors: [{ row: 1, column: 'evidence' }] },
    });
  });

  it('of suppressions has no address in it, and of messages what was said to whom', async () => {
    await lagom.api('POST', '/v1/imports?kind=suppressions', [{ email: 'never@example.se' }], {
      tenant: TRAVEL,
    });
    const { body } = await read('suppressions', 'text/csv');
    expect(body).toMatch(/^kind,addressKind,keyId,hash,channel,scope,cause/);
    expect(body).toMatch(/suppressed,email,[^,]+,'?[\w-]{22},all,marketing,import/);
    expect(body).not.toContain('never@');
    const messages = await read('messages', 'application/x-ndjson', CLINIC);
    expect(messages.body.split('\n').length).toBeGreaterThan(1);
    expect(JSON.parse(messages.body.split('\n')[0] ?? '')).toMatchObject({
      purpose: 'booking',
      channel: 'email',
    });
    expect((await read('passwords', 'text/csv')).status).toBe(404);
  });
});
