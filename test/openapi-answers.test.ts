import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Staff, type Role } from './campaign.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { Contract, readDocument, type Json } from './openapi.fixture.js';
import { choice, DAY, event, person, tell, visit, type Person } from './visit.fixture.js';

const contract = new Contract(readDocument());
let lagom: Lagom;
let staff: Staff;
let anna: Person;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  staff = await Staff.of(lagom);
  anna = person({
    name: 'Anna Ek',
    address: { lines: ['Gatan 1'], postalCode: '1', city: 'Ås', country: 'SE' },
  });
  await tell(lagom, 'booking.confirmed', {
    customer: anna,
    booking: visit(new Date(lagom.now().getTime() + 10 * DAY)),
    choices: [choice('newsletter', 'email', 'given')],
  });
  await lagom.advance('PT0S');
});
afterAll(() => lagom.close());

/** Asks as somebody would, and holds what is sent and what comes back to the document. */
async function ask(
  expected: number,
  method: string,
  path: string,
  body?: unknown,
  { role, headers = {} }: { role?: Role; headers?: Record<string, string> } = {},
): Promise<Json> {
  const answer =
    role === undefined
      ? await lagom.api(method, path, body, { headers })
      : await staff.ask(role, method, path, body);
  const type = headers['content-type'] ?? 'application/json';
  // What is refused as it is written may be anything.
  const sent = body === undefined || expected === 422 ? [] : contract.faultsOfBody(method, path, type, body);
  expect([...sent, ...contract.faultsOfAnswer(method, path, answer)]).toEqual([]);
  expect([method, path, answer.status, answer.body]).toEqual([method, path, expected, answer.body]);
  return answer.body;
}
const csv = { headers: { accept: 'text/csv' } };
const CLOUD_EVENT = { headers: { 'content-type': 'application/cloudevents+json' } };
const marketer = { role: 'marketer' } as const;
const approver = { role: 'approver' } as const;

describe('the document tells what is answered', () => {
  it('sees an answer that it does not tell', () => {
    const headers = new Headers({ 'content-type': 'application/json; charset=utf-8' });
    const faults = (status: number, body: unknown) =>
      contract.faultsOfAnswer('POST', '/v1/segments/count', { status, headers, body });
    expect(faults(200, { count: 1, at: '2026-11-02T10:00:00Z' })).toEqual([]);
    expect(faults(200, { count: 'one', at: '2026-11-02T10:00:00Z' })).toHaveLength(1);
    expect(faults(200, { count: 1, at: 'today' })).toHaveLength(1);
    expect(faults(200, { count: 1, at: '2026-11-02T10:00:00Z', more: 1 })).toHaveLength(1);
    expect(faults(200, { count: 1 })).toHaveLength(1);
    expect(faults(418, {})).toHaveLength(1);
    expect(() => contract.meet('GET', '/v1/nothing')).toThrow('not in the document');
  });

  it('of events and decisions', async () => {
    const told = event(lagom, 'customer.updated', { customer: { id: anna.id } });
    await ask(200, 'POST', '/v1/events?dryRun=true', told, CLOUD_EVENT);
    await ask(202, 'POST', '/v1/events', told, CLOUD_EVENT);
    await ask(202, 'POST', '/v1/events', [event(lagom, 'customer.updated', { customer: { id: anna.id } })], {
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    await ask(422, 'POST', '/v1/events', { ...told, data: {} }, CLOUD_EVENT);
    await ask(200, 'GET', `/v1/events/${told.id}`);
    await ask(404, 'GET', '/v1/events/nobody-told-it');
    const asked = { customer: anna.id, channel: 'email' };
    const permitted = await ask(200, 'POST', '/v1/decisions', { ...asked, purpose: 'newsletter' });
    expect(permitted.outcome).toBe('permit');
    await ask(200, 'POST', '/v1/decisions', { ...asked, purpose: 'offers', at: '2026-11-03T10:00:00Z' });
    await ask(422, 'POST', '/v1/decisions', { ...asked, purpose: 'fun' });
  });

  it('of messages', async () => {
    const { items, next } = await ask(200, 'GET', `/v1/messages?customer=${anna.id}&limit=1`);
    const id = encodeURIComponent(items[0].id as string);
    await ask(200, 'GET', `/v1/messages?customer=${anna.id}&limit=1&cursor=${next}`);
    await ask(200, 'GET', '/v1/messages', undefined, csv);
    await ask(422, 'GET', '/v1/messages?status=lost');
    await ask(200, 'GET', `/v1/messages/${id}`);
    await ask(409, 'POST', `/v1/messages/${id}/retry`);
    const [sent] = (await lagom.messages({ customer: anna.id, status: 'accepted' })).map((one) => one.id);
    await ask(200, 'GET', `/v1/messages/${encodeURIComponent(sent ?? '')}/content`);
    await ask(404, 'GET', '/v1/messages/nobodys');
  });

  it('of customers', async () => {
    const about = `/v1/customers/${anna.id}`;
    await ask(200, 'GET', about);
    await ask(404, 'GET', '/v1/customers/nobody');
    const no = { purpose: 'survey', channel: 'all', state: 'objected' };
    const said = { ...choice('survey', 'all', 'objected'), ...no };
    await ask(200, 'PUT', `${about}/choices`, { choices: [said] });
    await ask(428, 'PUT', `${about}/choices`, { choices: [{ ...said, state: 'given' }] });
    await ask(412, 'PUT', `${about}/choices`, { choices: [said] }, { headers: { 'if-match': '"old"' } });
    await ask(200, 'PATCH', about, { name: 'Anna Berg' });
    await ask(422, 'PATCH', about, {});
    await ask(200, 'POST', `${about}/export`);
    await ask(200, 'POST', `${about}/export`, undefined, csv);
    await ask(200, 'POST', `${about}/restrict`);
    await ask(200, 'POST', `${about}/unrestrict`);
    const other = person();
    await tell(lagom, 'customer.updated', { customer: other });
    await ask(200, 'DELETE', `/v1/customers/${other.id}`);
    await ask(410, 'PATCH', `/v1/customers/${other.id}`, { name: 'Nobody' });
  });

  it('of segments and templates', async () => {
    const predicate = { and: [{ place: { city: ['Ås'] } }, { not: { visits: { atLeast: 100 } } }] };
    await ask(200, 'POST', '/v1/segments/count', { predicate });
    const segment = await ask(201, 'POST', '/v1/segments', { name: 'Ås', predicate }, marketer);
    await ask(422, 'POST', '/v1/segments', { name: 'Ås', predicate: { all: true } }, marketer);
    await ask(200, 'GET', '/v1/segments');
    await ask(200, 'GET', `/v1/segments/${segment.id}`);
    await ask(200, 'PUT', `/v1/segments/${segment.id}`, { name: 'Åre', predicate }, marketer);
    await ask(403, 'PUT', `/v1/segments/${segment.id}`, { name: 'Åre', predicate }, approver);
    const text = { kind: 'text', text: 'Hej {{person.firstName | du}}!' };
    const content = { sv: { email: { subject: 'Vår', preview: 'Läs', blocks: [text] } } };
    const template = await ask(201, 'POST', '/v1/templates', { name: 'Vår', content }, marketer);
    await ask(422, 'POST', '/v1/templates', { name: 'Vår', content: {} }, marketer);
    const own = `/v1/templates/${template.id}`;
    await ask(200, 'GET', '/v1/templates');
    await ask(200, 'GET', own);
    await ask(201, 'POST', `${own}/versions`, { content }, marketer);
    await ask(200, 'GET', `${own}/versions`);
    await ask(200, 'GET', `${own}/versions/1`);
    await ask(404, 'GET', `${own}/versions/9`);
    await ask(200, 'GET', `${own}/versions/1/diff?with=2`);
    await ask(200, 'POST', `${own}/versions/1/publish`, undefined, marketer);
    await ask(201, 'POST', `${own}/versions/1/restore`, undefined, marketer);
    await ask(200, 'POST', `${own}/versions/1/preview`, { customer: anna.id });
    await ask(200, 'POST', `${own}/versions/1/preview`, {});
  });

  it('of campaigns', async () => {
    const plan = {
      ...{ name: 'Vårbrev', purpose: 'newsletter', channel: 'email' },
      segment: await staff.segment({ place: { city: ['Ås'] } }),
      variants: [
        { ...(await staff.content()), name: 'A' },
        { ...(await staff.content('Hej!', 'Annat')), name: 'B' },
      ],
    };
    const { id } = await ask(201, 'POST', '/v1/campaigns', plan, marketer);
    const own = `/v1/campaigns/${id}`;
    await ask(422, 'POST', '/v1/campaigns', { ...plan, purpose: 'booking' }, marketer);
    await ask(200, 'GET', '/v1/campaigns?status=draft');
    await ask(200, 'PATCH', own, { holdOut: 10, pace: { perHour: 1_000 } }, marketer);
    await ask(200, 'PATCH', own, { holdOut: 0, pace: null }, marketer);
    await ask(200, 'POST', `${own}/reach`);
    await ask(200, 'POST', `${own}/preview`, { locale: 'sv' });
    await ask(200, 'POST', `${own}/submit`, undefined, marketer);
    await ask(409, 'POST', `${own}/submit`, undefined, marketer);
    await ask(200, 'POST', `${own}/reject`, { reason: 'Ett fel i rubriken' }, approver);
    await ask(200, 'PATCH', own, { name: 'Vårbrev igen' }, marketer);
    await ask(200, 'POST', `${own}/submit`, undefined, marketer);
    await ask(200, 'POST', `${own}/approve`, undefined, approver);
    await ask(200, 'POST', `${own}/schedule`, { at: '2026-11-09T09:00' }, marketer);
    await ask(200, 'POST', `${own}/unschedule`, undefined, marketer);
    await ask(200, 'POST', `${own}/schedule`, {}, marketer);
    await staff.until(id as string, 'sent');
    await ask(200, 'GET', own);
    await ask(200, 'GET', `/v1/messages?campaign=${id}`);
    await ask(200, 'GET', `${own}/report`);
    await ask(200, 'GET', `${own}/report?window=P1D`, undefined, csv);
    await ask(201, 'POST', `${own}/duplicate`, undefined, marketer);
    await ask(200, 'POST', `${own}/archive`, undefined, marketer);
    await ask(404, 'GET', '/v1/campaigns/c-none');
  });

  it('of what else there is', async () => {
    for (const path of ['tasks', 'requests', 'dead-letters', 'audit', 'senders', 'keys', 'webhooks', 'pause'])
      await ask(200, 'GET', `/v1/${path}`);
    for (const path of ['audit', 'surveys/results', 'surveys/answers', 'record-of-processing'])
      await ask(200, 'GET', `/v1/${path}`, undefined, csv);
    for (const path of ['imports', 'surveys/results', 'surveys/answers', 'record-of-processing'])
      await ask(200, 'GET', `/v1/${path}`);
    await ask(200, 'GET', '/v1/record-of-processing', undefined, { headers: { accept: 'text/html' } });
    await ask(200, 'GET', '/v1/retention', undefined, csv);
    await ask(200, 'GET', '/v1/retention', undefined, { headers: { accept: 'application/x-ndjson' } });
    await ask(200, 'GET', '/v1/exports/customers', undefined, csv);
    await ask(200, 'GET', '/v1/stats?by=purpose,channel,reason');
    await ask(200, 'GET', '/v1/stats', undefined, csv);
    await ask(200, 'POST', '/v1/pause', { stream: 'marketing', channel: 'sms' });
    await ask(200, 'POST', '/v1/resume', {});
    await ask(422, 'POST', '/v1/pause', { purpose: 'recall' });
    const key = await ask(201, 'POST', '/v1/keys', { role: 'ingest', name: 'booking' });
    await ask(204, 'DELETE', `/v1/keys/${key.id}`);
    await ask(404, 'DELETE', `/v1/keys/${key.id}`);
    const request = await ask(201, 'POST', '/v1/requests', {
      customer: anna.id,
      kind: 'access',
      note: 'Allt',
    });
    await ask(200, 'GET', `/v1/requests/${request.id}`);
    await ask(200, 'POST', `/v1/requests/${request.id}/extend`, { reason: 'Mycket att göra' });
    await ask(200, 'POST', `/v1/requests/${request.id}/done`, {});
    const file = 'id,email\nc-imported,imported@example.com\n';
    const made = await ask(200, 'POST', '/v1/imports?kind=customers&dryRun=true', file, {
      headers: { 'content-type': 'text/csv' },
    });
    await ask(200, 'GET', `/v1/imports/${made.id}`);
    await ask(200, 'GET', `/v1/imports/${made.id}/errors`, undefined, csv);
    await ask(200, 'POST', '/v1/dead-letters/redrive', { all: true });
    await ask(401, 'GET', '/v1/keys', undefined, { headers: { authorization: 'Bearer nobodys' } });
    for (const path of ['/inbox', '/healthz', '/readyz', '/asyncapi.json', '/openapi.json'])
      await ask(200, 'GET', path);
    await ask(200, 'GET', '/schemas/booking.confirmed.v1');
    await ask(200, 'GET', `/privacy/${CLINIC}`);
    await ask(200, 'POST', '/inbox/clock', { advance: 'PT0S' });
  });
});
