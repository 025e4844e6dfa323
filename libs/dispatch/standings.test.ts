import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { MessageRow } from '#messages/message.types';
import { Line } from './line.fixture.js';

let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const saidFirst = (): string | undefined => line.provider.calls.at(-1)?.content.text.split(' ')[0];

/** A person's booking with its confirmation as given, and a change that is due. */
async function changed(confirmation: Partial<MessageRow> | null): Promise<string | undefined> {
  const change = { _id: 'change', journey: 'change', template: 'booking-change' };
  await line.confirmation('anna', change);
  if (confirmation !== null) {
    await line.row({
      ...{ _id: 'confirmation', customer: 'anna', booking: 'b-anna', template: 'booking-confirmation' },
      ...{ subject: { kind: 'booking' as const, id: 'b-anna' }, status: 'cancelled' },
      history: [{ at: line.clock.now(), status: 'planned' }],
      ...confirmation,
    });
  }
  await line.runDue();
  expect((await line.rowOf('change')).status).toBe('accepted');
  return saidFirst();
}
const tried = (outcome: string | null): MessageRow['attempts'] => [
  { n: 1, ref: 'r', channel: 'email', at: line.clock.now(), outcome, providerId: null },
];

describe('a change', () => {
  it('that overtook its confirmation is said as one, and the next as a change', async () => {
    expect(await changed({})).toBe('booking-confirmation');
    expect(await line.rowOf('change')).toMatchObject({
      template: 'booking-change',
      content: { template: 'booking-confirmation' },
    });
    await line.row({
      ...{ _id: 'next', customer: 'anna', booking: 'b-anna', journey: 'change', template: 'booking-change' },
      subject: { kind: 'booking', id: 'b-anna' },
    });
    await line.runDue();
    expect(saidFirst()).toBe('booking-change');
  });

  it('is said as one too where the confirmation never arrived', async () => {
    expect(await changed({ status: 'bounced', attempts: tried('accepted') })).toBe('booking-confirmation');
  });

  it.each<[string, () => Partial<MessageRow> | null]>([
    ['of what was confirmed', () => ({ status: 'accepted', attempts: tried('accepted') })],
    ['of what may have been confirmed', () => ({ status: 'unknown', attempts: tried('unknown') })],
    ['of a booking that is older than the ledger', () => null],
    [
      'of a booking that was taken over, its confirmation never planned',
      () => ({ status: 'refused', history: [{ at: line.clock.now(), status: 'refused' }] }),
    ],
    ["of another person's confirmation", () => ({ customer: 'bo' })],
    ['of another booking', () => ({ booking: 'b2' })],
  ])('is a change: %s', async (_, confirmation) => {
    expect(await changed(confirmation())).toBe('booking-change');
  });
});

it('tells the last of several from those before it, and the only one of none', async () => {
  const told = new Map<string, boolean>();
  for (const [id, journey, step] of [
    ['first', 'abandoned-booking', '1'],
    ['second', 'abandoned-booking', '2'],
    ['only', 'change', 'now'],
    ['nobody-knows', 'gone', '1'],
  ] as const) {
    await line.clear();
    await line.confirmation('anna', { _id: id, journey, step });
    await line.runDue();
    told.set(id, line.provider.calls[0]?.content.text.endsWith(' last') ?? false);
  }
  expect([...told]).toEqual([
    ['first', false],
    ['second', true],
    ['only', false],
    ['nobody-knows', false],
  ]);
});
