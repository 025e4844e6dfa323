import { describe, expect, it } from '@jest/globals';
import type { MessageRow } from '#messages/message.types';
import { isHeldOut, judgeLaunch, type Member } from './judge-launch.js';

const CAMPAIGN = 'c-1';
/** Who draws this lot, by the campaign's id. */
function drawn(name: string, heldOut: boolean): string {
  for (let n = 0; ; n += 1) {
    const id = `${name}-${n}`;
    if (isHeldOut(CAMPAIGN, id) === heldOut) return id;
  }
}
const [anna, bo, cay] = [drawn('anna', false), drawn('bo', false), drawn('cay', false)];
const [held, refused, stranger] = [drawn('held', true), drawn('refused', false), drawn('stranger', false)];
const mailOf = (id: string): string => `${id}@example.se`;
const SHARED = 'delad@example.se';

const member = (id: string, fate: Member['fate'], email = mailOf(id)): Member => ({
  ...{ customer: { customer: id, email }, campaign: 0, fate },
});
const MEMBERS = [
  member(anna, 'permitted'),
  member(bo, 'shared', SHARED),
  member(cay, 'shared', SHARED),
  member(held, 'permitted'),
  member(refused, 'refused'),
  member(stranger, 'stranger'),
];
type Row = Pick<MessageRow, 'customer' | 'status' | 'reason'>;
const row = (customer: string, status: Row['status'], reason: Row['reason'] = null): Row => ({
  ...{ customer, status, reason },
});
/** A launch that went well. */
const ROWS: readonly Row[] = [
  row(anna, 'accepted'),
  row(bo, 'accepted'),
  row(cay, 'refused', 'duplicate'),
  row(held, 'cancelled'),
  row(refused, 'refused', 'withdrawn'),
];
const CALLS = [mailOf(anna), SHARED];
const judged = (rows: readonly Row[], calls: readonly string[]): string[] =>
  judgeLaunch(MEMBERS, [CAMPAIGN], rows, calls);
const without = (id: string): Row[] => ROWS.filter(({ customer }) => customer !== id);
const becomes = (id: string, status: Row['status']): Row[] => [...without(id), row(id, status)];

describe('the judge of killed launches', () => {
  it('finds nothing where everybody got what is theirs, or is in doubt', () => {
    expect(judged(ROWS, CALLS)).toEqual([]);
    expect(judged(becomes(anna, 'unknown'), CALLS)).toEqual([]);
    expect(judged(becomes(anna, 'unknown'), [SHARED])).toEqual([]);
    expect(judged(becomes(bo, 'unknown'), [mailOf(anna)])).toEqual([]);
  });

  it.each<[string, readonly Row[], readonly string[], string]>([
    ['a mail twice', ROWS, [...CALLS, mailOf(anna)], `${anna}: is permitted, and did not get it once`],
    [
      ...(['a mail twice, in doubt', becomes(anna, 'unknown'), [...CALLS, mailOf(anna)]] as const),
      `${anna}: got it more than once`,
    ],
    ['a mail that is missing', ROWS, [SHARED], `${anna}: is permitted, and did not get it once`],
    ['a person without a row', without(anna), CALLS, `${anna}: has 0 rows`],
    ['a person with two rows', [...ROWS, row(anna, 'accepted')], CALLS, `${anna}: has 2 rows`],
    [
      ...(['a row that was not sent', becomes(anna, 'refused'), [SHARED]] as const),
      `${anna}: is permitted, and did not get it once`,
    ],
    [
      ...(['a row that was called off, yet sent', becomes(anna, 'cancelled'), CALLS] as const),
      `${anna}: is permitted, and did not get it once`,
    ],
    ['a mail to who is not of the segment', ROWS, [...CALLS, mailOf(stranger)], `${stranger}: is not of the`],
    ['a row of who is not of the segment', [...ROWS, row(stranger, 'refused')], CALLS, `${stranger}: is not`],
    ['a mail to an outsider', ROWS, [...CALLS, 'else@example.se'], 'else@example.se: nobody planted'],
    ['a row of an outsider', [...ROWS, row('else', 'refused')], CALLS, 'else: has a row'],
    ['a mail after a no', ROWS, [...CALLS, mailOf(refused)], `${refused}: may get nothing`],
    ['a no that was not heard', becomes(refused, 'accepted'), CALLS, `${refused}: is not refused`],
    ['a mail to who is held out', ROWS, [...CALLS, mailOf(held)], `${held}: may get nothing`],
    ['somebody held out who is not', becomes(held, 'accepted'), CALLS, `${held}: was held out`],
    ['a shared address twice', ROWS, [...CALLS, SHARED], `${SHARED}: shared, and got 2`],
    ['a shared address never', ROWS, [mailOf(anna)], `${SHARED}: shared, and got 0`],
    [
      ...(['a shared address once for two', becomes(cay, 'accepted'), CALLS] as const),
      `${SHARED}: shared, and 2 are said to be sent of 1`,
    ],
  ])('finds %s', (_, rows, calls, breach) => {
    expect(judged(rows, calls)).toContainEqual(expect.stringContaining(breach));
  });
});
