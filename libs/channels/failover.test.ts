import { describe, expect, it } from '@jest/globals';
import { hasAnother, passesOn, route, type Tried } from './failover.js';
import type { Outcome } from './outcome.js';

const ACCOUNTS = ['first', 'second', 'third'];
const rests =
  (waits: Record<string, number> = {}) =>
  (account: string) =>
    waits[account] ?? 0;
const said = (account: string | undefined, outcome: string | null, passedOn = false): Tried => ({
  channel: 'email',
  ...(account === undefined ? {} : { account }),
  outcome,
  ...(passedOn ? { passedOn } : {}),
});
const away = (account: string) => said(account, 'econnrefused', true);
const by = (account: string) => ({ kind: 'by', account });

it.each<[passes: boolean, outcome: Outcome]>([
  [true, { kind: 'retry-at', afterMs: 15_000, reason: 'econnrefused', trouble: 'unreachable' }],
  [true, { kind: 'retry-at', afterMs: 5_000, reason: 'circuit-open', trouble: 'resting' }],
  [true, { kind: 'rejected', reason: 'sendgrid-401', trouble: 'refused' }],
  [true, { kind: 'retry-at', afterMs: 60_001, reason: 'sendgrid-429' }],
  [false, { kind: 'retry-at', afterMs: 60_000, reason: 'sendgrid-429' }],
  [false, { kind: 'rejected', reason: 'sendgrid-400' }],
  [false, { kind: 'bad-address', reason: 'sendgrid-400' }],
  [false, { kind: 'opted-out', reason: 'twilio-21610' }],
  [false, { kind: 'unknown', reason: 'sendgrid-500' }],
  [false, { kind: 'unknown', reason: 'timeout' }],
  [false, { kind: 'accepted', providerId: null }],
  [false, { kind: 'late' }],
])('%s: another account may be asked after %j', (passes, outcome) => {
  expect(passesOn(outcome)).toBe(passes);
});

describe('route', () => {
  it.each<[name: string, tried: Tried[], waits: Record<string, number>, expected: object]>([
    ['goes by the first', [], {}, by('first')],
    ['goes by the next while the first rests', [], { first: 9 }, by('second')],
    ['waits for whichever rests least', [], { first: 9, second: 7, third: 8 }, { kind: 'wait', ms: 7 }],
    ['goes by the next once the first has turned it away', [away('first')], {}, by('second')],
    [
      'reads a try without an account as the first’s',
      [said(undefined, 'econnrefused', true)],
      {},
      by('second'),
    ],
    ['passes two by', [away('first'), away('second')], {}, by('third')],
    ['begins anew with the first when all have', ACCOUNTS.map(away), {}, by('first')],
    ['and counts from there', [...ACCOUNTS.map(away), away('first')], {}, by('second')],
    ['stays where it was only put off', [away('first'), said('second', 'sendgrid-429')], {}, by('second')],
    [
      'goes back to one that said no, where no other is awake',
      [away('first')],
      { second: 5, third: 5 },
      by('first'),
    ],
    ['stays with who may have sent it', [said('second', 'unknown')], {}, by('second')],
    ['with who has not said', [said('second', null)], {}, by('second')],
    ['though that one rests', [said('second', 'unknown')], { second: 60 }, { kind: 'wait', ms: 60 }],
    ['though that one said no since', [said('first', 'unknown'), away('first')], {}, by('first')],
    ['unless the file names it no more', [said('gone', 'unknown')], {}, by('first')],
    ['forgets who said no, if the file names it no more', [away('gone')], {}, by('first')],
  ])('%s', (_, tried, waits, expected) => {
    expect(route(ACCOUNTS, tried, rests(waits))).toEqual(expected);
  });

  it('is none without accounts', () => {
    expect(route([], [], rests())).toBeNull();
  });
});

it.each<[another: boolean, name: string, tried: Tried[], waits: Record<string, number>]>([
  [true, 'the first said no', [away('first')], {}],
  [true, 'two said no', [away('first'), away('second')], {}],
  [false, 'all said no', ACCOUNTS.map(away), {}],
  [true, 'all said no, and the first once more', [...ACCOUNTS.map(away), away('first')], {}],
  [false, 'the others rest', [away('first')], { second: 1, third: 1 }],
  [false, 'one may have sent it', [said('first', 'unknown'), away('first')], {}],
])('%s: there is another when %s', (another, _, tried, waits) => {
  expect(hasAnother(ACCOUNTS, tried, rests(waits))).toBe(another);
});
