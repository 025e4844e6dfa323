import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventSink } from '#messaging/event-sink';
import type { Heard } from '#messaging/event-source';
import { DeadLetterStore } from '#messaging/dead-letter.store';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { DAY, event, HOUR, person, tell, until, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

const CARD = '4242 4242 4242 4242';
const inTenDays = () => new Date(lagom.now().getTime() + 10 * DAY);
const mailsTo = (who: Person) => lagom.inbox({ to: who.email ?? '' });
const structured = (body: unknown, contentType = 'application/cloudevents+json') =>
  lagom.api('POST', '/v1/events', JSON.stringify(body), { headers: { 'content-type': contentType } });
const batch = (events: unknown[]) => structured(events, 'application/cloudevents-batch+json');
const confirmed = (who: Person, more = {}) =>
  event(lagom, 'booking.confirmed', { customer: who, booking: visit(inTenDays()) }, more);

describe('an event heard again', () => {
  it('changes nothing, whatever else it says under the same id', async () => {
    const who = person();
    const first = confirmed(who);
    await lagom.post(first);
    const again = await lagom.post({
      ...first,
      data: { customer: { ...who, name: 'Någon Annan' }, booking: visit(inTenDays()) },
    });
    expect(again).toMatchObject({ accepted: 1, rejected: [] });
    expect(again.warnings).toEqual([expect.objectContaining({ id: first.id, pointer: '#/id' })]);
    await lagom.post({ ...first, type: 'booking.cancelled.v1' });
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(1);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.name).toBe(who.name);
    expect(await lagom.messages({ customer: who.id })).toHaveLength(2);
    expect((await lagom.api('GET', `/v1/events/${first.id}`)).body).toMatchObject({
      type: 'booking.confirmed.v1',
    });
  });

  it('is another event where it comes from another tenant', async () => {
    const who = person();
    const first = confirmed(who);
    await lagom.post(first);
    await lagom.post({ ...first, source: `/tenants/${TRAVEL}` });
    await lagom.advance('PT0S');
    expect((await mailsTo(who)).map(({ tenant }) => tenant).sort()).toEqual([TRAVEL, CLINIC].sort());
  });

  it('counts once where it stands twice in a batch', async () => {
    const who = person();
    const one = confirmed(who);
    const answer = await batch([one, one, confirmed(person())]);
    expect(answer).toMatchObject({ status: 202, body: { accepted: 3, rejected: [] } });
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(1);
  });

  it('as a new event about the same version says nothing again', async () => {
    const who = person();
    const booking = visit(inTenDays(), { version: 4 });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await tell(lagom, 'booking.confirmed', { customer: who, booking });
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(1);
  });

  it('in binary mode is the same event', async () => {
    const who = person();
    const { data, datacontenttype, ...attributes } = confirmed(who);
    const headers = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)]),
    );
    const post = () =>
      lagom.api('POST', '/v1/events', JSON.stringify(data), {
        headers: { ...headers, 'content-type': datacontenttype },
      });
    expect(await post()).toMatchObject({ status: 202, body: { accepted: 1, rejected: [], warnings: [] } });
    expect((await structured({ ...attributes, datacontenttype, data })).body.warnings).toHaveLength(1);
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(1);
  });
});

describe('a wrong event over HTTP', () => {
  it('alone is a 422 that points at each field and says what would be right', async () => {
    const { startsAt: _, ...booking } = visit(inTenDays());
    const wrong = event(lagom, 'booking.confirmed', {
      customer: { ...person(), email: 'no address', phone: 7 },
      booking: { ...booking, endsAt: 'tomorrow' },
    });
    const { status, headers, body } = await structured(wrong);
    expect(status).toBe(422);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status: 422, title: expect.any(String), detail: expect.any(String) });
    const errors = Object.fromEntries(
      body.errors.map((one: { pointer: string; detail: string }) => [one.pointer, one.detail]),
    );
    expect(errors).toEqual({
      '#/data/customer/email': expect.any(String),
      '#/data/customer/phone': expect.any(String),
      '#/data/booking/startsAt': expect.stringMatching(/RFC 3339.*got nothing/),
      '#/data/booking/endsAt': expect.stringMatching(/RFC 3339.*got "tomorrow"/),
    });
    expect(JSON.stringify(body)).not.toContain('no address');
    expect((await lagom.api('GET', `/v1/events/${wrong.id}`)).status).toBe(404);
  });

  it.each([
    ['an unknown type', { type: 'booking.dreamt.v1' }, '#/type'],
    ['an unknown tenant', { source: '/tenants/nobody' }, '#/source'],
    ['another tenant than the key’s', { source: `/tenants/${TRAVEL}` }, '#/source'],
    ['no time', { time: undefined }, '#/time'],
    ['no id', { id: undefined }, '#/id'],
    ['an event of last year', { time: '2025-03-02T10:00:00Z' }, '#/time'],
  ])('%s', async (_, more, pointer) => {
    const { status, body } = await structured({ ...confirmed(person()), ...more });
    expect(status).toBe(422);
    expect(body.errors.map((one: { pointer: string }) => one.pointer)).toEqual([pointer]);
  });

  it('in a batch is told by its place, and the others are taken', async () => {
    const [one, other] = [person(), person()];
    const wrong = event(lagom, 'booking.confirmed', {
      customer: person(),
      booking: visit('2026-04-01T10:00:00Z', { startsAt: 'x' }),
    });
    const answer = await batch([
      confirmed(one),
      wrong,
      7,
      { ...confirmed(person()), source: `/tenants/${TRAVEL}` },
      confirmed(other),
    ]);
    expect(answer.status).toBe(202);
    expect(answer.body.accepted).toBe(2);
    expect(answer.body.rejected).toEqual([
      {
        index: 1,
        id: wrong.id,
        errors: expect.arrayContaining([expect.objectContaining({ pointer: '#/data/booking/startsAt' })]),
      },
      { index: 2, id: null, errors: [expect.objectContaining({ pointer: '#' })] },
      { index: 3, id: expect.any(String), errors: [expect.objectContaining({ pointer: '#/source' })] },
    ]);
    await lagom.advance('PT0S');
    for (const who of [one, other]) expect(await mailsTo(who)).toHaveLength(1);
  });

  it('that is no event at all is a 400 or a 415', async () => {
    const send = (body: string, type: string) =>
      lagom.api('POST', '/v1/events', body, { headers: { 'content-type': type } });
    expect((await send('{', 'application/cloudevents+json')).status).toBe(400);
    expect((await send('<xml/>', 'text/xml')).status).toBe(415);
  });

  it('keeps out what it does not know, and says so', async () => {
    const who = person({ favouriteColour: 'grön' });
    const { warnings } = await lagom.post(confirmed(who));
    expect(warnings).toEqual([expect.objectContaining({ pointer: '#/data/customer/favouriteColour' })]);
    expect(JSON.stringify((await lagom.api('GET', `/v1/customers/${who.id}`)).body)).not.toContain('grön');
  });
});

describe('a card number', () => {
  it('is masked before anything is stored or said', async () => {
    const who = person({ name: `Anna ${CARD}` });
    const told = await tell(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(inTenDays(), { practitioner: CARD }),
    });
    await lagom.advance('PT0S');
    const all = JSON.stringify([
      await mailsTo(who),
      (await lagom.api('GET', `/v1/customers/${who.id}`)).body,
      (await lagom.api('GET', `/v1/events/${told.id}`)).body,
      await lagom.messages({ customer: who.id }),
    ]);
    expect(all).toContain('Anna •••• 4242');
    expect(all).not.toMatch(/4242[ -]?4242/);
    expect((await lagom.api('GET', '/metrics')).body).toMatch(/card\w* [1-9]/);
  });

  it('is masked where the event is refused', async () => {
    const { status, body } = await structured({ ...confirmed(person({ name: CARD })), type: CARD });
    expect(status).toBe(422);
    expect(JSON.stringify(body)).not.toMatch(/4242[ -]?4242/);
  });
});

describe('on the topic', () => {
  const said = <T>(mails: T[]) => mails.length > 0 && mails;
  const produce = (value: unknown, key: string, headers: Record<string, string> = {}) =>
    lagom.app.get(EventSink).produce('booking.events', [
      {
        key,
        headers: { 'content-type': 'application/cloudevents+json', ...headers },
        value: typeof value === 'string' ? value : JSON.stringify(value),
      },
    ]);

  it('an event is heard like over HTTP', async () => {
    const who = person();
    const told = confirmed(who);
    await produce(told, who.id);
    expect(await until(() => mailsTo(who), said)).toHaveLength(1);
    expect((await lagom.post(told)).warnings).toHaveLength(1);
  });

  it('a poisoned one goes to the dead letters whole but for its card numbers, and holds nobody back', async () => {
    const dead: Heard[] = [];
    const source = lagom.listener('a-test');
    source.subscribe({
      topic: 'booking.events.dead',
      batchSize: 1,
      concurrency: 1,
      handle: (heard) => {
        dead.push(...heard);
        return Promise.resolve(heard.map(() => ({ kind: 'done' as const })));
      },
    });
    await source.start();
    try {
      const who = person();
      const poison = event(lagom, 'booking.confirmed', {
        customer: { ...who, name: CARD },
        booking: visit(inTenDays(), { startsAt: 'i morgon' }),
      });
      await produce(poison, who.id, { 'x-trace': `abc ${CARD}` });
      await produce('nothing at all', who.id);
      await produce({ ...confirmed(who), source: '/tenants/nobody' }, who.id);
      await produce({ ...confirmed(who), type: 'booking.dreamt.v1' }, who.id);
      await produce(confirmed(who), who.id);
      expect(await until(() => mailsTo(who), said)).toHaveLength(1);

      await until(
        async () => dead.length,
        (count) => count >= 4,
      );
      const [first] = dead;
      expect(dead.map(({ key }) => key)).toEqual([who.id, who.id, who.id, who.id]);
      expect(first?.headers).toMatchObject({
        'content-type': 'application/cloudevents+json',
        'x-trace': 'abc •••• 4242',
        'lagom-topic': 'booking.events',
        'lagom-partition': expect.stringMatching(/^\d+$/),
        'lagom-offset': expect.stringMatching(/^\d+$/),
        'lagom-path': 'data.booking.startsAt',
        'lagom-reason': expect.stringContaining('data.booking.startsAt: expected RFC 3339 date-time'),
      });
      expect(dead.map(({ headers }) => headers['lagom-reason']?.split(':')[0])).toEqual([
        'wrong-data',
        'not-a-cloudevent',
        'unknown-tenant',
        'unknown-type',
      ]);
      expect(JSON.parse(first?.value.toString() ?? '')).toEqual({
        ...poison,
        data: { ...poison.data, customer: { ...who, name: '•••• 4242' } },
      });

      const store = lagom.app.get(DeadLetterStore);
      const kept = (await store.list([CLINIC], { limit: 10 })).find(
        ({ offset }) => offset === first?.headers['lagom-offset'],
      );
      expect(kept).toMatchObject({
        _id: `booking.events/${first?.headers['lagom-partition']}/${first?.headers['lagom-offset']}`,
        topic: 'booking.events',
        partition: Number(first?.headers['lagom-partition']),
        key: who.id,
        tenant: CLINIC,
        path: 'data.booking.startsAt',
        reason: first?.headers['lagom-reason'],
        status: 'open',
        value: first?.value.toString('base64'),
      });
      expect(Object.fromEntries(kept?.headers ?? [])).toMatchObject({ 'x-trace': 'abc •••• 4242' });
      expect((kept?.expiresAt.getTime() ?? 0) - (kept?.at.getTime() ?? 0)).toBe(30 * DAY);
      expect((await store.list([null], { limit: 10 })).map(({ reason }) => reason.split(':')[0])).toEqual(
        expect.arrayContaining(['not-a-cloudevent', 'unknown-tenant']),
      );
    } finally {
      await source.stop();
    }
  });
});

describe('what is old', () => {
  it('as a backfill gives facts and sends nothing that is past, and plans what is ahead', async () => {
    const who = person();
    const booking = visit(inTenDays());
    const told = await tell(
      lagom,
      'booking.confirmed',
      { customer: who, booking },
      {
        backfill: true,
        time: '2025-01-02T10:00:00Z',
      },
    );
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toEqual([]);
    const { body } = await lagom.api('GET', `/v1/events/${told.id}`);
    expect(body.refused).toHaveLength(1);
    expect(body.planned).toHaveLength(1);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body).toMatchObject({ name: who.name });
    await lagom.advance('P10D');
    expect((await mailsTo(who)).map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^Påminnelse/),
    ]);
  });

  it.each([
    ['past maxEventAge (72 h) is taken in the same way', 73, 0],
    ['within it is said', 71, 1],
  ])('%s', async (_, hours, mails) => {
    const who = person();
    await lagom.post(confirmed(who, { time: new Date(lagom.now().getTime() - hours * HOUR).toISOString() }));
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(mails);
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.email).toBe(who.email);
  });

  it('a time ahead of the clock refuses nothing', async () => {
    const who = person();
    await lagom.post(confirmed(who, { time: new Date(lagom.now().getTime() + 5 * HOUR).toISOString() }));
    await lagom.advance('PT0S');
    expect(await mailsTo(who)).toHaveLength(1);
  });
});
