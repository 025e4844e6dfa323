import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditStore } from '#privacy/audit.store';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-01-31T10:00:00Z' });
});
afterAll(() => lagom.close());

const booked = async (): Promise<Person> => {
  const who = person();
  const booking = visit(new Date(lagom.now().getTime() + 60 * DAY));
  await tell(lagom, 'booking.confirmed', { customer: who, booking });
  return who;
};
const patch = (who: Person, body: unknown, headers: Record<string, string> = {}) =>
  lagom.api('PATCH', `/v1/customers/${who.id}`, body, { headers });
const acts = async (filter: Record<string, string>) =>
  (await lagom.api('GET', `/v1/audit?${new URLSearchParams(filter).toString()}`)).body.items as {
    at: string;
    what: string;
    by: { key: string; name: string };
    about: Record<string, unknown>;
  }[];
const requestsOf = async (filter: Record<string, string>) =>
  (await lagom.api('GET', `/v1/requests?${new URLSearchParams(filter).toString()}`)).body.items as Record<
    string,
    unknown
  >[];

describe('a correction by staff', () => {
  it('changes what is named, normalised, and is written down', async () => {
    const who = await booked();
    const { status, body } = await patch(who, { name: 'Åsa Östh', phone: '070-174 06 98' });
    expect([status, body.name, body.phone, body.email]).toEqual([200, 'Åsa Östh', '+46701740698', who.email]);
    expect(await acts({ customer: who.id })).toMatchObject([
      { what: 'customer.rectified', by: { key: 'first' }, about: { detail: { fields: ['name', 'phone'] } } },
    ]);
    expect(await requestsOf({ customer: who.id })).toMatchObject([
      { kind: 'rectification', way: 'staff', status: 'done', overdue: false },
    ]);
  });

  it('names each field that is wrong, and takes nothing then', async () => {
    const who = await booked();
    const { status, body } = await patch(who, { name: 'Bo', email: 'anna@', phone: '12', birthDate: 'x' });
    expect(status).toBe(422);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(
      expect.arrayContaining(['#/email', '#/birthDate']),
    );
    expect((await patch(who, { email: 'a@b..se' })).body.errors).toMatchObject([{ pointer: '#/email' }]);
    expect((await patch(who, {})).status).toBe(422);
    expect((await patch(who, { choices: [] })).body.errors).toMatchObject([{ pointer: '#/choices' }]);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.name).toBe(who.name);
  });

  it('holds If-Match where it is given, and knows nobody of another tenant', async () => {
    const who = await booked();
    const etag = (await lagom.api('GET', `/v1/customers/${who.id}`)).headers.get('etag') ?? '';
    expect((await patch(who, { name: 'Ett' }, { 'if-match': etag })).status).toBe(200);
    expect((await patch(who, { name: 'Två' }, { 'if-match': etag })).status).toBe(412);
    const elsewhere = await lagom.api('PATCH', `/v1/customers/${who.id}`, { name: 'X' }, { tenant: TRAVEL });
    expect(elsewhere.status).toBe(404);
  });

  it('is not undone by an event that only repeats what was wrong; one that says something new is taken', async () => {
    const who = await booked();
    await patch(who, { name: 'Rätt Namn', email: 'ratt@example.se' });
    await tell(lagom, 'customer.updated', { customer: who });
    const kept = (await lagom.api('GET', `/v1/customers/${who.id}`)).body;
    expect([kept.name, kept.email]).toEqual(['Rätt Namn', 'ratt@example.se']);
    await tell(lagom, 'customer.updated', { customer: { ...who, name: 'Nytt Namn' } });
    await tell(lagom, 'customer.updated', { customer: { ...who, email: null } });
    const after = (await lagom.api('GET', `/v1/customers/${who.id}`)).body;
    expect([after.name, after.email]).toEqual([who.name, null]);
  });
});

describe('an extract by staff', () => {
  it('has all that is stored, as JSON and as CSV, and is written down before it is given out', async () => {
    const who = await booked();
    await lagom.api('PUT', `/v1/customers/${who.id}/choices`, {
      choices: [choice('survey', 'all', 'objected')],
    });
    const { status, body } = await lagom.api('POST', `/v1/customers/${who.id}/export`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      format: 'lagom-extract/1',
      person: { id: who.id, email: who.email },
      choices: [{ purpose: 'survey', state: 'objected', via: 'staff' }],
      bookings: [{ service: 'Ansiktsbehandling' }],
    });
    expect(body.messages.length).toBeGreaterThan(1);
    const csv = await lagom.api('POST', `/v1/customers/${who.id}/export`, undefined, {
      headers: { accept: 'text/csv' },
    });
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(csv.body).toContain(`person,,email,${who.email}\r\n`);
    expect((await acts({ customer: who.id })).map(({ what }) => what)).toEqual([
      'customer.exported',
      'customer.exported',
      'choices.put',
    ]);
    expect((await requestsOf({ customer: who.id })).map(({ kind }) => kind)).toEqual([
      'objection',
      'access',
      'access',
    ]);
    expect((await lagom.api('POST', '/v1/customers/nobody/export')).status).toBe(404);
  });
});

describe('a request that came by phone', () => {
  const open = (body: unknown) => lagom.api('POST', '/v1/requests', body);

  it('has a month, by the calendar, and three where it is extended in time, once', async () => {
    const who = await booked();
    const { status, body } = await open({
      customer: who.id,
      kind: 'access',
      receivedAt: '2026-01-31T09:00:00Z',
    });
    expect([status, body.status, body.dueAt]).toEqual([201, 'open', '2026-02-28T09:00:00.000Z']);
    expect((await lagom.api('GET', '/v1/tasks?kind=request')).body.items).toMatchObject([
      { customer: who.id },
    ]);
    const extend = (reason?: string) => lagom.api('POST', `/v1/requests/${body.id}/extend`, { reason });
    expect((await extend()).body.errors).toMatchObject([{ pointer: '#/reason' }]);
    expect((await extend('Many documents')).body).toMatchObject({
      dueAt: '2026-04-30T08:00:00.000Z',
      extended: true,
    });
    expect((await extend('Again')).status).toBe(409);
    expect((await lagom.api('POST', `/v1/requests/${body.id}/done`)).body).toMatchObject({ status: 'done' });
    expect((await lagom.api('POST', `/v1/requests/${body.id}/refuse`, { reason: 'x' })).status).toBe(409);
    expect((await lagom.api('GET', '/v1/tasks?kind=request&status=open')).body.items).toEqual([]);
    expect((await acts({ what: 'request.extended' }))[0]?.about).toMatchObject({ request: body.id });
  });

  it('is overdue when its month has gone by: it is listed, counted and cannot be extended', async () => {
    const { body } = await open({ kind: 'erasure', note: 'Somebody called Bo', way: 'letter' });
    expect(await requestsOf({ overdue: 'true' })).toEqual([]);
    await lagom.advance('P32D');
    expect(await requestsOf({ overdue: 'true' })).toMatchObject([{ id: body.id, overdue: true }]);
    // Those that are not: each page is full, though the late one came before the last.
    const inTime = (await open({ kind: 'access', note: 'Somebody called Åsa' })).body;
    const others = await requestsOf({ overdue: 'false' });
    const paged: unknown[] = [];
    for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages++) {
      const query = new URLSearchParams({ overdue: 'false', limit: '1', ...(cursor && { cursor }) });
      const page = (await lagom.api('GET', `/v1/requests?${query.toString()}`)).body;
      expect(page.items).toHaveLength(1);
      paged.push(page.items[0].id);
      cursor = page.next;
    }
    expect(paged).toEqual(others.map(({ id }) => id));
    expect(paged.at(-1)).toBe(inTime.id);
    expect(paged).not.toContain(body.id);
    await lagom.advance('PT30S');
    expect((await lagom.api('POST', `/v1/requests/${body.id}/extend`, { reason: 'late' })).status).toBe(409);
    const refused = await lagom.api('POST', `/v1/requests/${body.id}/refuse`, {
      reason: 'Nobody of that name',
    });
    expect(refused.body).toMatchObject({
      status: 'refused',
      log: [{ what: 'received' }, { reason: 'Nobody of that name' }],
    });
    expect(await requestsOf({ overdue: 'true' })).toEqual([]);
  });

  it('names what is wrong with it, and is unknown elsewhere', async () => {
    const wrong = await open({ customer: 'nobody', kind: 'access' });
    expect(wrong.body.errors).toMatchObject([{ pointer: '#/customer' }]);
    expect((await open({ kind: 'forgetting' })).body.errors).toMatchObject([{ pointer: '#/kind' }]);
    expect((await open({ kind: 'access' })).body.errors).toMatchObject([{ pointer: '#/note' }]);
    const { body } = await open({ kind: 'access', note: 'Bo' });
    const elsewhere = await lagom.api('GET', `/v1/requests/${body.id}`, undefined, { tenant: TRAVEL });
    expect(elsewhere.status).toBe(404);
  });

  it('has its answer once the person is erased', async () => {
    const who = await booked();
    const { body } = await open({ customer: who.id, kind: 'erasure', note: 'Wants to be gone' });
    const erased = await lagom.api('DELETE', `/v1/customers/${who.id}`);
    expect(erased.status).toBe(200);
    expect(erased.body.kept).toEqual([
      expect.objectContaining({ until: null, howLong: expect.stringMatching(/^without end: /) }),
      expect.objectContaining({
        what: 'that messages were sent, without address or content',
        until: expect.stringMatching(`^${lagom.now().getUTCFullYear() + 3}-`),
      }),
      expect.objectContaining({ until: expect.any(String) }),
    ]);
    const { body: after } = await lagom.api('GET', `/v1/requests/${body.id}`);
    expect(after).toMatchObject({ status: 'done', way: 'phone' });
    expect(after).not.toHaveProperty('note');
    expect(await requestsOf({ customer: who.id })).toHaveLength(1);
  });
});

describe('the audit log', () => {
  it('is for privacy only, tells who by the id of the key, and what was stopped', async () => {
    const made = (await lagom.api('POST', '/v1/keys', { role: 'marketer', name: 'Maja' })).body;
    const headers = { authorization: `Bearer ${made.key}` };
    expect((await lagom.api('GET', '/v1/audit', undefined, { headers })).status).toBe(403);
    expect((await lagom.api('POST', '/v1/pause', { stream: 'marketing' }, { headers })).status).toBe(200);
    await lagom.api('POST', '/v1/resume', {});
    await lagom.api('DELETE', `/v1/keys/${made.id}`);
    expect((await acts({})).slice(0, 4)).toMatchObject([
      { what: 'key.deleted', about: { key: made.id } },
      { what: 'stop-button.let-go' },
      {
        what: 'stop-button.pressed',
        by: { key: made.id, name: 'Maja' },
        about: { detail: { stream: 'marketing' } },
      },
      { what: 'key.created', about: { key: made.id, detail: { role: 'marketer' } } },
    ]);
    const csv = await lagom.api('GET', '/v1/audit', undefined, { headers: { accept: 'text/csv' } });
    expect(csv.body).toContain('stop-button.pressed');
    const lines = async (query: string) => {
      const { body } = await lagom.api('GET', `/v1/audit?${query}`, undefined, {
        headers: { accept: 'text/csv' },
      });
      return String(body)
        .trim()
        .split('\r\n')
        .map((line) => line.split(','));
    };
    // The same columns whatever a page has; whose key it was is not written over by the key that it was about.
    const [columns, deleted] = await lines('what=key.deleted&limit=1');
    expect([deleted![columns!.indexOf('key')], deleted![columns!.indexOf('aboutKey')]]).toEqual([
      'first',
      made.id,
    ]);
    for (const query of ['customer=nobody', 'what=stop-button.pressed', ''])
      expect((await lines(query))[0]).toEqual(columns);
    expect(JSON.stringify(await acts({}))).not.toContain('@example.se');
  });

  it('is read by days of the tenant, meant whole, and by times', async () => {
    const store = lagom.app.get(AuditStore);
    // Of the day on which its clocks go forward: of 23 hours.
    const times = [
      '2025-03-29T22:59:59Z',
      '2025-03-29T23:00:00Z',
      '2025-03-30T21:59:59Z',
      '2025-03-30T22:00:00Z',
    ];
    for (const time of times) {
      const by = { key: 'first', name: 'x' };
      const about = { customer: 'of-days' };
      await store.add({ tenant: CLINIC, at: new Date(time), by, what: 'customer.exported', about });
    }
    const found = async (from: string, to: string) =>
      (await acts({ customer: 'of-days', from, to })).map(({ at }) => times.indexOf(at.replace('.000', '')));
    expect(await found('2025-03-30', '2025-03-30')).toEqual([2, 1]);
    expect(await found('2025-03-29', '2025-03-30')).toEqual([2, 1, 0]);
    expect(await found('2025-03-30', '2025-03-30T23:59:59+02:00')).toEqual([1]);
    expect(await found(times[0]!, times[3]!)).toEqual([2, 1, 0]);
    for (const wrong of ['2025-02-30', 'yesterday', '2025-03-30T10:00:00']) {
      const { status, body } = await lagom.api('GET', `/v1/audit?from=${wrong}`);
      expect([status, body.errors]).toEqual([
        422,
        [{ pointer: '#/from', detail: 'expected a day (2026-11-30) or an RFC 3339 date-time' }],
      ]);
    }
  });
});
