import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyBooking } from '#customers/apply-booking';
import { newCustomer } from '#customers/customer.types';
import { heard } from '#events/event.fixture';
import type { EventType, LagomEvent } from '#events/event';
import { aClinic } from '#channels/tenant.fixture';
import { rootDir } from '#platform/root';
import type { Choice } from '#purposes/choice';
import { drawJourneys } from './draw-journeys.js';
import { definitionsDir, loadJourneys, refuseUnknownTimings } from './load-journeys.js';
import { plan, type PlanInput } from './plan.js';

const journeys = loadJourneys(definitionsDir(), () => true);
const HOUR = 3_600_000;
const both = {
  email: { from: 'hej@kliniken.example', account: 'mail' },
  sms: { from: 'Kliniken', account: 'sms' },
};
const tenant = aClinic(
  {},
  {
    senders: { service: both, marketing: both },
    journeys: {
      reminder: { at: [{ kind: 'day-before', days: 1, time: '09:00' }] },
      'abandoned-booking': {
        after: [
          { kind: 'after', ms: HOUR },
          { kind: 'after', ms: 24 * HOUR },
        ],
      },
      survey: { after: [{ kind: 'after', ms: 24 * HOUR }] },
    },
  },
);
const now = new Date('2026-11-23T10:00:00Z');

type BookingEvent = Extract<EventType, `booking.${string}`>;

function input(
  type: BookingEvent,
  booking: Record<string, unknown>,
  more: Partial<PlanInput> = {},
): PlanInput {
  const event = heard(type, {
    time: now.toISOString(),
    data: { customer: { id: 'anna' }, booking: { id: 'b1', version: 1, service: 'Massage', ...booking } },
  }) as Extract<LagomEvent, { type: BookingEvent }>;
  const gen = {
    version: 1,
    time: event.time,
    event: event.id,
    ...(type === 'booking.started.v1' ? { started: true } : {}),
  };
  const status =
    type === 'booking.started.v1' ? 'started' : type === 'booking.completed.v1' ? 'completed' : 'confirmed';
  const applied = applyBooking(
    null,
    { tenant: tenant.id, customer: 'anna', part: event.data.booking, status, gen, cart: 'c1' },
    now,
  );
  if (applied.kind !== 'applied') throw new Error('stale');
  return {
    event,
    tenant,
    customer: newCustomer(tenant.id, 'anna', now),
    booking: applied.after,
    gen,
    cartDone: false,
    now,
    past: false,
    ...more,
  };
}

const rowsOf = (one: PlanInput) =>
  plan(journeys, one).rows.map(({ journey, step, status, dueAt, reason, channel }) => ({
    at: `${journey}/${step}`,
    status,
    due: dueAt?.toISOString(),
    reason,
    channel,
  }));

const chosen = (purpose: Choice['purpose'], channel: Choice['channel']): Choice => ({
  id: 'x',
  purpose,
  channel,
  state: 'given',
  noticeVersion: '1',
  language: 'sv',
  method: 'checkbox',
  place: '/',
  at: now,
  recordedAt: now,
  via: 'event',
});

describe('plan', () => {
  it('says a confirmation at once and reminds at nine the day before, in the venue’s zone', () => {
    const rows = rowsOf(input('booking.confirmed.v1', { startsAt: '2026-12-03T13:00:00Z', endsAt: null }));
    expect(rows).toEqual([
      { at: 'confirmation/now', status: 'planned', due: now.toISOString(), reason: null, channel: 'email' },
      {
        at: 'reminder/1',
        status: 'planned',
        due: '2026-12-02T08:00:00.000Z',
        reason: null,
        channel: 'email',
      },
    ]);
  });

  it.each([
    ['winter time begins between', '2026-10-25T13:00:00Z', '2026-10-24T07:00:00.000Z'],
    ['summer time begins between', '2027-03-28T13:00:00Z', '2027-03-27T08:00:00.000Z'],
  ])('keeps nine o’clock on the wall when %s', (_, startsAt, due) => {
    const early = new Date('2026-10-01T10:00:00Z');
    const rows = rowsOf(input('booking.confirmed.v1', { startsAt, endsAt: null }, { now: early }));
    expect(rows[1]).toMatchObject({ at: 'reminder/1', due });
  });

  it('refuses a reminder whose time has gone by, and still makes its row', () => {
    const rows = rowsOf(input('booking.confirmed.v1', { startsAt: '2026-11-24T09:00:00Z', endsAt: null }));
    expect(rows[1]).toMatchObject({ at: 'reminder/1', status: 'refused', reason: 'too-late' });
  });

  it('sends nothing of a backfill that is already past, but what still lies ahead', () => {
    const rows = rowsOf(
      input(
        'booking.confirmed.v1',
        { startsAt: '2026-12-03T13:00:00Z', endsAt: null },
        { past: true, now: new Date(now.getTime() + 1) },
      ),
    );
    expect(rows).toMatchObject([
      { at: 'confirmation/now', status: 'refused', reason: 'too-late' },
      { at: 'reminder/1', status: 'planned' },
    ]);
  });

  it('reminds of a cart after an hour and after a day, each once whatever the generation', () => {
    const one = plan(journeys, input('booking.started.v1', { startsAt: null, endsAt: null }));
    expect(one.rows.map(({ _id }) => _id)).toEqual([
      'wellnesskliniken/anna/abandoned-booking/1/c1/0',
      'wellnesskliniken/anna/abandoned-booking/2/c1/0',
    ]);
    expect(one.rows.map(({ dueAt }) => dueAt?.toISOString())).toEqual([
      '2026-11-23T11:00:00.000Z',
      '2026-11-24T10:00:00.000Z',
    ]);
  });

  it('plans no cart that has led to a booking', () => {
    const rows = rowsOf(input('booking.started.v1', { startsAt: null, endsAt: null }, { cartDone: true }));
    expect(rows).toMatchObject([{ status: 'refused', reason: 'too-late' }, { status: 'refused' }]);
  });

  it('goes by SMS where the person chose it, and then keeps marketing out of the night', () => {
    const evening = new Date('2026-11-23T20:30:00Z'); // 21:30 in Stockholm
    const one = input('booking.started.v1', { startsAt: null, endsAt: null }, { now: evening });
    one.event.time = evening;
    const rows = rowsOf({
      ...one,
      customer: { ...one.customer, choiceLog: [chosen('abandoned-booking', 'sms')] },
    });
    expect(rows[0]).toMatchObject({ channel: 'sms', due: '2026-11-24T07:00:00.000Z' });
  });

  it('asks how it was a day after the end of the visit', () => {
    const rows = rowsOf(
      input('booking.completed.v1', { startsAt: '2026-11-23T08:00:00Z', endsAt: '2026-11-23T09:30:00Z' }),
    );
    expect(rows).toMatchObject([{ at: 'survey/1', due: '2026-11-24T09:30:00.000Z' }]);
  });

  it('moves a reminder earlier where its hour is no hour to write', () => {
    const early = { ...tenant, journeys: { reminder: { at: [{ kind: 'before' as const, ms: 2 * HOUR }] } } };
    const rows = rowsOf(
      input('booking.confirmed.v1', { startsAt: '2026-12-03T06:00:00Z', endsAt: null }, { tenant: early }),
    );
    // 05:00 in Stockholm is no service hour: the evening before, at eight.
    expect(rows[1]).toMatchObject({ at: 'reminder/1', due: '2026-12-02T19:00:00.000Z' });
  });
});

describe('journeys', () => {
  it('are drawn in docs/journeys.md as they are defined', () => {
    expect(readFileSync(join(rootDir(), 'docs/journeys.md'), 'utf8')).toBe(drawJourneys(journeys.all));
  });

  it('refuse timings of a tenant that no journey reads', () => {
    const odd = { ...tenant, journeys: { reminder: { after: [] }, surveys: { after: [] } } };
    expect(() => refuseUnknownTimings(journeys, [odd])).toThrow(
      'journeys.reminder.after: no journey reads these',
    );
    expect(() => refuseUnknownTimings(journeys, [odd])).toThrow('journeys.surveys.after');
    expect(() => refuseUnknownTimings(journeys, [tenant])).not.toThrow();
  });

  it('that cannot be taken name file, line and path, all at once', () => {
    const dir = join(rootDir(), 'libs/journeys/broken.fixture');
    const load = () => loadJourneys(dir, (name) => name === 'known');
    expect(load).toThrow(
      'libs/journeys/broken.fixture/wrong.yaml:4 purpose: Invalid option: expected one of',
    );
    expect(load).toThrow('libs/journeys/broken.fixture/wrong.yaml:8 colour: no member of a journey');
  });
});
