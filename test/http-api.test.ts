import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, DAY, event, HOUR, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const inTenDays = () => new Date(lagom.now().getTime() + 10 * DAY);
const booked = (who: Person) =>
  tell(lagom, 'booking.confirmed', { customer: who, booking: visit(inTenDays()) });
const CLOUD_EVENT = { 'content-type': 'application/cloudevents+json' };

/** A key of a role, as its owner would use it: no other header. */
async function keyFor(role: string, tenant = CLINIC) {
  const made = await lagom.api('POST', '/v1/keys', { role, name: `a ${role} of the tests` }, { tenant });
  expect(made.status).toBe(201);
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(lagom.url + path, {
      method,
      headers: {
        authorization: `Bearer ${made.body.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  return { ...made.body, ask };
}

describe('keys', () => {
  it('none or an unknown one is a 401, before body and content type are looked at', async () => {
    const nobodys: Record<string, string>[] = [
      {},
      { authorization: 'Bearer nobody-knows-this-key' },
      { authorization: 'Basic eDp5' },
    ];
    for (const headers of nobodys) {
      for (const [method, path] of [
        ['POST', '/v1/events'],
        ['GET', '/v1/events/x'],
        ['POST', '/v1/decisions'],
        ['GET', '/v1/messages'],
        ['GET', '/v1/messages/x'],
        ['GET', '/v1/customers/x'],
        ['PUT', '/v1/customers/x/choices'],
        ['POST', '/v1/customers/x/restrict'],
        ['DELETE', '/v1/customers/x'],
        ['GET', '/v1/keys'],
      ] as const) {
        const response = await fetch(lagom.url + path, {
          method,
          headers: { ...headers, 'content-type': 'text/nonsense' },
          ...(method === 'GET' ? {} : { body: '{' }),
        });
        expect([path, response.status]).toEqual([path, 401]);
        expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    }
  });

  it('of a role may do what the role does, else 403', async () => {
    const who = person();
    await booked(who);
    const about = `/v1/customers/${who.id}`;
    const question = { customer: who.id, purpose: 'booking', channel: 'email' };
    const told = event(lagom, 'customer.updated', { customer: { id: who.id } });
    const asked = {
      event: ['POST', '/v1/events', told, CLOUD_EVENT],
      choices: ['PUT', `${about}/choices`, { choices: [choice('survey', 'all', 'objected')] }],
      customer: ['GET', about],
      messages: ['GET', '/v1/messages'],
      decision: ['POST', '/v1/decisions', question],
      restrict: ['POST', `${about}/unrestrict`],
      keys: ['GET', '/v1/keys'],
    } as const;
    const may = async (role: string) => {
      const { ask } = await keyFor(role);
      const allowed: string[] = [];
      for (const [name, [method, path, body, headers]] of Object.entries(asked)) {
        const { status } = await ask(method, path, body, headers);
        expect([role, name, [200, 202, 403]]).toEqual([role, name, expect.arrayContaining([status])]);
        if (status !== 403) allowed.push(name);
      }
      return allowed;
    };
    expect(await may('ingest')).toEqual(expect.arrayContaining(['event']));
    expect(await may('ingest')).not.toEqual(expect.arrayContaining(['customer']));
    for (const role of ['ingest', 'marketer', 'approver']) expect(await may(role)).not.toContain('restrict');
    for (const role of ['marketer', 'approver', 'privacy']) {
      const allowed = await may(role);
      expect(allowed).toEqual(expect.arrayContaining(['customer', 'messages', 'decision']));
      expect(allowed).not.toContain('event');
      expect(allowed).not.toContain('keys');
    }
    expect(await may('privacy')).toEqual(expect.arrayContaining(['restrict', 'choices']));
    expect(await may('admin')).toEqual(Object.keys(asked));
  });

  it('speaks for its own tenant only, whatever the header says', async () => {
    const who = person();
    await booked(who);
    const [row] = await lagom.messages({ customer: who.id });
    const { ask } = await keyFor('admin', TRAVEL);
    const posing = { 'lagom-tenant': CLINIC };
    expect((await ask('GET', `/v1/customers/${who.id}`, undefined, posing)).status).toBe(404);
    expect(
      (await ask('GET', `/v1/messages/${encodeURIComponent(row?.id ?? '')}`, undefined, posing)).status,
    ).toBe(404);
    expect((await ask('GET', `/v1/messages?customer=${who.id}`, undefined, posing)).body.items).toEqual([]);
    expect((await ask('DELETE', `/v1/customers/${who.id}`, undefined, posing)).status).toBe(404);
    const foreign = await ask(
      'POST',
      '/v1/events',
      event(lagom, 'customer.updated', { customer: who }),
      CLOUD_EVENT,
    );
    expect(foreign).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/source' }] } });
  });

  it('are listed without themselves, and end when they are deleted', async () => {
    const { id, key, ask } = await keyFor('marketer');
    const { body } = await lagom.api('GET', '/v1/keys');
    expect(body.items).toEqual(expect.arrayContaining([expect.objectContaining({ id, role: 'marketer' })]));
    expect(JSON.stringify(body)).not.toContain(key);
    expect((await ask('GET', '/v1/messages')).status).toBe(200);
    expect((await lagom.api('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    expect((await ask('GET', '/v1/messages')).status).toBe(401);
    expect((await lagom.api('DELETE', `/v1/keys/${id}`)).status).toBe(404);
    expect(
      (await lagom.api('POST', '/v1/keys', { role: 'king' })).body.errors.map(
        (one: { pointer: string }) => one.pointer,
      ),
    ).toEqual(['#/role', '#/name']);
  });

  it('the first one names its tenant', async () => {
    expect((await lagom.api('GET', '/v1/messages', undefined, { tenant: 'nobody' })).status).toBe(400);
  });
});

describe('dryRun', () => {
  it('says what an event would do, and writes nothing', async () => {
    const who = person();
    const told = event(lagom, 'booking.confirmed', { customer: who, booking: visit(inTenDays()) });
    const dry = await lagom.api('POST', '/v1/events?dryRun=true', told, { headers: CLOUD_EVENT });
    expect(dry.status).toBe(200);
    expect(dry.body.planned).toHaveLength(2);
    expect(dry.body.cancelled).toEqual([]);
    expect(dry.body.decisions).toHaveLength(2);
    for (const one of dry.body.decisions) {
      expect(one).toMatchObject({ outcome: 'permit', purpose: 'booking', channel: 'email' });
      expect(one.trace.length).toBeGreaterThan(10);
    }
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: who.email ?? '' })).toEqual([]);
    for (const path of [`/v1/customers/${who.id}`, `/v1/events/${told.id}`]) {
      expect((await lagom.api('GET', path)).status).toBe(404);
    }
    expect(await lagom.messages({ customer: who.id })).toEqual([]);
    // Told in earnest it does just that.
    await lagom.post(told);
    expect((await lagom.api('GET', `/v1/events/${told.id}`)).body.planned.sort()).toEqual(
      [...dry.body.planned].sort(),
    );
  });

  it('is true or false: a slip of the hand sends nothing', async () => {
    const told = event(lagom, 'booking.confirmed', { customer: person(), booking: visit(inTenDays()) });
    for (const slip of ['1', 'True', '']) {
      const { status, body } = await lagom.api('POST', `/v1/events?dryRun=${slip}`, told, {
        headers: CLOUD_EVENT,
      });
      expect([slip, status, body.errors]).toEqual([
        slip,
        422,
        [expect.objectContaining({ pointer: '#/dryRun' })],
      ]);
    }
    expect((await lagom.api('GET', `/v1/events/${told.id}`)).status).toBe(404);
  });

  it('says what would be called off and what would be refused', async () => {
    const who = person();
    const booking = visit(inTenDays(), { version: 1 });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    // The confirmation has gone out: only the reminder is left to be called off.
    await lagom.advance('PT0S');
    const dry = (type: string, data: object) =>
      lagom.api('POST', '/v1/events?dryRun=true', event(lagom, type, { customer: who, ...data }), {
        headers: CLOUD_EVENT,
      });
    const [reminder] = await lagom.messages({ booking: booking.id, status: 'planned' });
    const cancelled = await dry('booking.cancelled', { booking: { ...booking, version: 2 } });
    expect(cancelled.body.cancelled).toEqual([reminder?.id]);
    expect((await lagom.messages({ booking: booking.id, status: 'planned' })).map(({ id }) => id)).toEqual([
      reminder?.id,
    ]);
    const begun = await dry('booking.started', {
      booking: { id: 'dry', service: 'Massage' },
      cartId: 'dry-cart',
    });
    expect(
      begun.body.decisions.map((one: { outcome: string; reason: string }) => [one.outcome, one.reason]),
    ).toEqual([
      ['refuse', 'no-consent'],
      ['refuse', 'no-consent'],
    ]);
    expect((await dry('booking.confirmed', { booking: { id: 'x' } })).status).toBe(422);
  });
});

describe('GET /v1/messages', () => {
  it('filters, pages to the end without gap or repeat, and says less than the single one', async () => {
    const people = [person(), person(), person(), person()];
    const from = lagom.now();
    for (const who of people) await booked(who);
    await lagom.advance('PT1S');
    const all = [...(await lagom.api('GET', `/v1/messages?limit=500&from=${from.toISOString()}`)).body.items];
    expect(all).toHaveLength(8);
    const paged: { id: string }[] = [];
    for (let next = '', pages = 0; pages < 10; pages++) {
      const { body } = await lagom.api(
        'GET',
        `/v1/messages?limit=3&from=${from.toISOString()}${next && `&cursor=${next}`}`,
      );
      expect(body.items.length).toBeLessThanOrEqual(3);
      paged.push(...body.items);
      next = body.next;
      if (next === undefined) break;
    }
    expect(paged).toEqual(all);
    for (const row of all) {
      expect(row).toMatchObject({
        tenant: CLINIC,
        purpose: 'booking',
        dueAt: expect.any(String),
        attempts: expect.any(Array),
      });
      expect(row).not.toHaveProperty('history');
      expect(row).not.toHaveProperty('trace');
    }
    const count = async (query: string) =>
      (await lagom.api('GET', `/v1/messages?from=${from.toISOString()}&${query}`)).body.items.length;
    expect(await count(`customer=${people[0]?.id}`)).toBe(2);
    expect(await count(`booking=${all[0].booking}`)).toBe(2);
    expect(await count('status=accepted')).toBe(4);
    expect(await count('status=planned&purpose=booking&channel=email')).toBe(4);
    expect(await count('channel=sms')).toBe(0);
    expect(await count('purpose=survey')).toBe(0);
    expect(await count('campaign=none')).toBe(0);
    expect(await count(`to=${from.toISOString()}`)).toBe(0);
    const day = (at: Date) => at.toLocaleDateString('sv-SE', { timeZone: 'Europe/Stockholm' });
    expect(await count(`to=${day(lagom.now())}`)).toBe(8);
    expect(await count(`to=${day(new Date(from.getTime() - DAY))}`)).toBe(0);
  });

  it('says which filter is wrong', async () => {
    for (const [query, pointer] of [
      ['status=gone', '#/status'],
      ['purpose=spam', '#/purpose'],
      ['channel=pigeon', '#/channel'],
      ['limit=501', '#/limit'],
      ['limit=0', '#/limit'],
      ['cursor=nonsense', '#/cursor'],
      ['from=yesterday', '#/from'],
      ['colour=green', '#/colour'],
    ]) {
      const { status, body } = await lagom.api('GET', `/v1/messages?${query}`);
      expect([query, status]).toEqual([query, 422]);
      expect(body.errors.map((one: { pointer: string }) => one.pointer)).toEqual([pointer]);
    }
  });

  it('is CSV when asked', async () => {
    const who = person();
    await booked(who);
    const { status, headers, body } = await lagom.api('GET', `/v1/messages?customer=${who.id}`, undefined, {
      headers: { accept: 'text/csv' },
    });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    const [head, ...lines] = String(body).trim().split('\r\n');
    expect(head?.split(',')).toEqual(
      expect.arrayContaining(['id', 'customer', 'purpose', 'channel', 'status', 'dueAt']),
    );
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toContain(who.id);
  });

  it('has the same columns on every page of the CSV, and on an empty one', async () => {
    const who = person();
    await booked(who);
    const heads = await Promise.all(
      [`customer=${who.id}`, 'status=refused&limit=1', 'campaign=c-none'].map(async (query) => {
        const { body } = await lagom.api('GET', `/v1/messages?${query}`, undefined, {
          headers: { accept: 'text/csv' },
        });
        return String(body).split('\r\n')[0]?.split(',');
      }),
    );
    expect(heads[0]).toEqual(expect.arrayContaining(['reason', 'campaign', 'variant', 'journey', 'booking']));
    expect(heads).toEqual([heads[0], heads[0], heads[0]]);
  });

  it('a single one is found by its id as it is and encoded, another is a 404', async () => {
    const who = person();
    await booked(who);
    const [row] = await lagom.messages({ customer: who.id });
    for (const path of [row?.id ?? '', encodeURIComponent(row?.id ?? '')]) {
      expect((await lagom.api('GET', `/v1/messages/${path}`)).body.id).toBe(row?.id);
    }
    expect((await lagom.api('GET', '/v1/messages/none')).status).toBe(404);
  });
});

describe('GET /v1/customers/:id', () => {
  it('shows facts, choices, suppressions and messages under an ETag that a send does not change', async () => {
    const who = person();
    await tell(lagom, 'booking.confirmed', {
      customer: {
        ...who,
        address: { lines: ['Storgatan 1'], postalCode: '831 31', city: 'Östersund', country: 'SE' },
      },
      booking: visit(new Date(lagom.now().getTime() + 2 * HOUR)),
      choices: [choice('newsletter', 'email', 'given')],
    });
    const look = () => lagom.api('GET', `/v1/customers/${who.id}`);
    const first = await look();
    const etag = first.headers.get('etag');
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(first.body).toMatchObject({
      id: who.id,
      name: who.name,
      email: who.email,
      phone: who.phone,
      choices: [{ purpose: 'newsletter', channel: 'email', state: 'given' }],
      suppressions: [],
    });
    await lagom.advance('PT1H');
    const sent = await look();
    expect(sent.body.messages.find((row: { status: string }) => row.status === 'accepted')).toBeDefined();
    expect(sent.headers.get('etag')).toBe(etag);
    await tell(lagom, 'customer.updated', { customer: { id: who.id, name: 'Åsa Nyberg' } });
    const renamed = (await look()).headers.get('etag');
    expect(renamed).not.toBe(etag);
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: who.id },
      choices: [choice('news', 'all', 'objected')],
    });
    expect((await look()).headers.get('etag')).not.toBe(renamed);
  });

  it('PUT choices points at what is wrong', async () => {
    const who = person();
    await booked(who);
    const put = (body: unknown) => lagom.api('PUT', `/v1/customers/${who.id}/choices`, body);
    const pointers = async (body: unknown) =>
      (await put(body)).body.errors.map((one: { pointer: string }) => one.pointer);
    expect(await pointers({})).toEqual(['#/choices']);
    expect(await pointers({ choices: [] })).toEqual(['#/choices']);
    const { method: _, ...incomplete } = choice('newsletter', 'email', 'given');
    expect(
      await pointers({ choices: [choice('newsletter', 'all', 'given'), { ...incomplete, purpose: 'spam' }] }),
    ).toEqual(expect.arrayContaining(['#/choices/1/purpose', '#/choices/1/method']));
    expect(
      (await lagom.api('PUT', '/v1/customers/nobody/choices', { choices: [choice('news', 'all', 'given')] }))
        .status,
    ).toBe(404);
  });
});

describe('what needs no key', () => {
  it('the schemas, the health and the metrics answer', async () => {
    const get = async (path: string) => (await fetch(lagom.url + path)).status;
    for (const path of [
      '/healthz',
      '/readyz',
      '/metrics',
      '/asyncapi.json',
      '/schemas/booking.confirmed.v1',
    ]) {
      expect([path, await get(path)]).toEqual([path, 200]);
    }
    expect(await get('/schemas/booking.dreamt.v1')).toBe(404);
    expect(await get('/no/such/path')).toBe(404);
  });
});
