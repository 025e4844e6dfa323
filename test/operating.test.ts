import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ProviderSink, SENDGRID } from '#channels/provider-sink.fixture';
import { DeadLetters } from '#ingest/dead-letters';
import type { Heard } from '#messaging/event-source';
import { CLINIC, startLagom, TRAVEL, type Lagom, type LedgerMessage } from './lagom.fixture.js';
import { choice, DAY, event, person, tell, until, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
let mailer: ProviderSink;

beforeAll(async () => {
  mailer = await ProviderSink.open();
  lagom = await startLagom({
    env: {
      LAGOM_SEND: 'live',
      SENDGRID_API_KEY: 'SG.a-key-of-a-test',
      SENDGRID_BASE_URL: mailer.url,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token-of-a-test',
    },
  });
});
afterAll(async () => {
  await lagom.close();
  await mailer.close();
});

const book = (who: Person) =>
  tell(lagom, 'booking.confirmed', {
    customer: who,
    booking: visit(new Date(lagom.now().getTime() + 10 * DAY)),
  });
/** The confirmation, once it stands there (so often). */
const becomes = (who: Person, status: string, reason?: string, times = 1): Promise<LedgerMessage> =>
  until(
    async () =>
      (await lagom.messages({ customer: who.id })).find(({ journey }) => journey === 'confirmation'),
    (row) =>
      row?.status === status &&
      row.reason === reason &&
      row.history.filter(({ why }) => why === reason).length >= times &&
      row,
  );
const mailsTo = (who: Person): number =>
  mailer.requests.filter(({ body }) => body.includes(who.email ?? '')).length;

/** Asks with a key of this role. */
async function as(role: string, method: string, path: string, body?: unknown): Promise<number> {
  const made = await lagom.api('POST', '/v1/keys', { role, name: `a ${role}` });
  const authorization = `Bearer ${made.body.key}`;
  return (await lagom.api(method, path, body, { headers: { authorization } })).status;
}

describe('POST /v1/messages/:id/retry', () => {
  it('tries again what failed, and says by whom', async () => {
    const who = person();
    mailer.always(() => SENDGRID.unauthorised());
    await book(who);
    const failed = await becomes(who, 'failed');
    mailer.always(() => SENDGRID.accepted());
    const path = `/v1/messages/${encodeURIComponent(failed.id)}/retry`;
    for (const role of ['ingest', 'approver']) expect(await as(role, 'POST', path)).toBe(403);
    expect((await lagom.api('POST', path, undefined, { tenant: TRAVEL })).status).toBe(404);
    const { status, body } = await lagom.api('POST', path);
    expect([status, body.status]).toEqual([200, 'planned']);
    const row = await becomes(who, 'accepted');
    expect(row.history).toContainEqual(expect.objectContaining({ why: 'retried by LAGOM_ADMIN_KEY' }));
    expect(mailsTo(who)).toBe(2);
    // Once sent, it is no more to be retried; the id may also come with its slashes.
    const again = await lagom.api('POST', `/v1/messages/${failed.id}/retry`);
    expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining('accepted') } });
    expect(mailsTo(who)).toBe(2);
  });
});

describe('POST /v1/pause', () => {
  const paused = async () => (await lagom.api('GET', '/v1/pause')).body.items;
  const gate = async (who: Person, purpose: string, tenant = CLINIC) => {
    const question = { customer: who.id, purpose, channel: 'email' };
    const { body } = await lagom.api('POST', '/v1/decisions', question, { tenant });
    return body.reason ?? body.outcome;
  };
  /** What was held is looked at again. */
  const twoMinutesLater = () => lagom.clock.setLead(lagom.clock.lead + 2 * 60_000);
  afterEach(async () => expect((await lagom.api('POST', '/v1/resume')).status).toBe(200));

  it('holds until it is resumed what was under way to be sent; then sends it once', async () => {
    // So slow that there is something to wait for.
    mailer.always(() => ({ status: 202, headers: { 'x-message-id': 'sg' }, afterMs: 300 }));
    const people = Array.from({ length: 12 }, () => person());
    const told = Promise.all(people.map(book));
    await until(
      async () => mailer.requests,
      () => people.some((who) => mailsTo(who) > 0),
    );
    const { status, body } = await lagom.api('POST', '/v1/pause');
    const sent = people.filter((who) => mailsTo(who) > 0);
    expect([status, body.items]).toEqual([200, [{ at: expect.any(String), by: 'LAGOM_ADMIN_KEY' }]]);
    await told;
    const late = person();
    await book(late);
    const row = await becomes(late, 'planned', 'paused');
    const held = Date.parse(row.history.at(-1)?.at ?? '');
    expect(Date.parse(row.until ?? '') - held).toBeGreaterThanOrEqual(60_000);
    expect(people.filter((who) => mailsTo(who) > 0)).toEqual(sent);
    expect(await gate(late, 'booking')).toBe('paused');
    expect(await gate(late, 'recall')).toBe('permit');

    twoMinutesLater();
    await becomes(late, 'planned', 'paused', 2);
    expect((await lagom.api('POST', '/v1/resume')).body).toEqual({ items: [] });
    expect(await gate(late, 'booking')).toBe('permit');
    twoMinutesLater();
    for (const who of [...people, late]) await becomes(who, 'accepted');
    expect([...people, late].map(mailsTo)).toEqual([...people, late].map(() => 1));
  });

  it('stops what it names, in its own tenant, and is let go by the same name or a wider one', async () => {
    mailer.always(() => SENDGRID.accepted());
    const who = person();
    await book(who);
    await becomes(who, 'accepted');
    for (const scope of [{ stream: 'marketing' }, { purpose: 'survey', channel: 'email' }]) {
      expect((await lagom.api('POST', '/v1/pause', scope)).status).toBe(200);
    }
    expect(await gate(who, 'survey')).toBe('paused');
    expect(await gate(who, 'booking')).toBe('permit');
    expect((await lagom.api('GET', '/v1/pause', undefined, { tenant: TRAVEL })).body).toEqual({ items: [] });
    const narrow = await lagom.api('POST', '/v1/resume', { purpose: 'newsletter' });
    expect(narrow.status).toBe(409);
    expect(await paused()).toHaveLength(2);
    expect((await lagom.api('POST', '/v1/resume', { channel: 'email' })).body.items).toEqual([
      expect.objectContaining({ stream: 'marketing' }),
    ]);
    expect(await gate(who, 'survey')).toBe('permit');
  });

  it('says what it does not understand; ingest may not press it', async () => {
    for (const [scope, pointer] of [
      [{ stream: 'sms' }, '#/stream'],
      [{ purpose: 'recall' }, '#/purpose'],
      [{ purpose: 'newsletter', stream: 'service' }, '#/stream'],
      [{ tenant: 'x' }, '#/tenant'],
    ] as const) {
      const { status, body } = await lagom.api('POST', '/v1/pause', scope);
      expect([status, body.errors?.[0]?.pointer]).toEqual([422, pointer]);
    }
    expect(await as('ingest', 'POST', '/v1/pause')).toBe(403);
    expect(await paused()).toEqual([]);
  });
});

describe('dead letters', () => {
  let offset = 0;
  // No partition that a topic has: what dies anew would otherwise fall, now and then, on a place that is told of here.
  const NOWHERE = 7_000;
  /** An event that died of something that is mended since. */
  const died = async (type: string, data: Record<string, unknown>): Promise<string> => {
    offset += 1;
    const heard: Heard = {
      topic: 'booking.events',
      partition: NOWHERE,
      offset: String(offset),
      key: (data.customer as Person).id,
      headers: { 'content-type': 'application/cloudevents+json' },
      value: Buffer.from(JSON.stringify(event(lagom, type, data))),
      deliveries: 3,
    };
    const why = { reason: 'TypeError', path: 'data.booking', handler: 'lagom-all/booking.events' };
    await lagom.app.get(DeadLetters).take(heard, why);
    return `booking.events/${NOWHERE}/${offset}`;
  };
  const listed = async (query = '') => (await lagom.api('GET', `/v1/dead-letters${query}`)).body;
  const redrive = async (body: unknown) => lagom.api('POST', '/v1/dead-letters/redrive', body);
  const confirmation = (who: Person) => ({
    customer: who,
    booking: visit(new Date(lagom.now().getTime() + 10 * DAY)),
  });

  it('are listed by place and reason, without what they hold', async () => {
    const who = person();
    const ids = [];
    for (let count = 0; count < 3; count += 1)
      ids.unshift(await died('booking.confirmed', confirmation(who)));
    const first = await listed('?limit=2');
    const rest = await listed(`?limit=2&cursor=${first.next}`);
    expect([...first.items, ...rest.items].map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(first.items[0]).toEqual({
      id: ids[0],
      topic: 'booking.events',
      partition: NOWHERE,
      offset: String(offset),
      key: who.id,
      type: 'booking.confirmed.v1',
      reason: 'TypeError',
      path: 'data.booking',
      at: expect.any(String),
      status: 'open',
    });
    expect((await lagom.api('GET', '/v1/dead-letters', undefined, { tenant: TRAVEL })).body.items).toEqual(
      [],
    );
    for (const role of ['ingest', 'marketer', 'approver']) {
      expect(await as(role, 'GET', '/v1/dead-letters')).toBe(403);
      expect(await as(role, 'POST', '/v1/dead-letters/redrive', { all: true })).toBe(403);
    }
    expect(await as('privacy', 'GET', '/v1/dead-letters')).toBe(200);
    expect((await redrive({})).status).toBe(422);
  });

  it('are heard when they are driven again; what still is poison dies anew', async () => {
    mailer.always(() => SENDGRID.accepted());
    const who = person();
    const good = await died('booking.confirmed', confirmation(who));
    const poison = await died('booking.dreamt', confirmation(who));
    const { status, body } = await redrive({ ids: [good, poison] });
    expect([status, body]).toEqual([200, { redriven: [good, poison], skipped: [], more: false }]);
    await becomes(who, 'accepted');
    expect(mailsTo(who)).toBe(1);
    const anew = await until(
      async () => (await listed('?status=open')).items,
      (items: { id: string; type: string }[]) => items.find(({ type }) => type === 'booking.dreamt.v1'),
    );
    expect(anew.id).not.toBe(poison);
    const again = await redrive({ ids: [good] });
    expect(again.body.skipped).toEqual([{ id: good, why: expect.any(String) }]);
  });

  it('a given that is driven again lifts no no, though it would have when it was said', async () => {
    const said = (who: Person, version: number, state: 'given' | 'withdrawn') => ({
      customer: { id: who.id, version },
      choices: [choice('newsletter', 'email', state)],
    });
    const gate = async (who: Person) => {
      const question = { customer: who.id, purpose: 'newsletter', channel: 'email' };
      const { body } = await lagom.api('POST', '/v1/decisions', question);
      return body.reason ?? body.outcome;
    };
    const [live, late] = [person(), person()];
    for (const who of [live, late]) {
      await tell(lagom, 'customer.updated', { customer: { ...who, version: 1 } });
      await tell(lagom, 'customer.consent-changed', said(who, 2, 'withdrawn'));
    }
    await tell(lagom, 'customer.consent-changed', said(live, 3, 'given'));
    expect(await gate(live)).toBe('permit');
    await died('customer.consent-changed', said(late, 3, 'given'));
    expect((await redrive({ all: true })).status).toBe(200);
    expect((await listed('?status=open')).items.every(({ key }: { key: string }) => key !== late.id)).toBe(
      true,
    );
    expect(await gate(late)).toBe('withdrawn');
  });
});
