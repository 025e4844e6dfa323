import { describe, expect, it } from '@jest/globals';
import { messageRow } from '#messages/message.fixture';
import { judge, type Breach, type Evidence } from './judge.js';
import { killPlan } from './kill-plan.js';
import type { Call } from './provider.js';
import { storiesOf, type Story } from './stories.js';

const at = (second: number): Date => new Date(Date.UTC(2026, 4, 4, 7, 0, second));
const attempt = (ref: string) => ({
  ...{ n: 1, ref, channel: 'email' as const, at: at(1), outcome: 'accepted', providerId: null },
});
const booked: Story = {
  ...{ id: 's', atMs: 0, by: 'email' },
  acts: [{ kind: 'tell', what: 'confirmed', way: 'kafka', again: null, afterMs: 0 }],
};
const confirmation = messageRow({
  ...{ event: 'e1', status: 'delivered', attempts: [attempt('r1')] },
  history: [
    { at: at(0), status: 'planned' },
    { at: at(1), status: 'sending' },
    { at: at(2), status: 'delivered' },
  ],
});
const survey = messageRow({
  ...{ _id: 'survey', journey: 'survey', purpose: 'survey', event: 'e9', status: 'delivered' },
  attempts: [attempt('r9')],
});
const call: Call = {
  ...{ at: 100, ref: 'r1', to: 'anna@example.se', channel: 'email', body: '', answer: 'accepted' },
  ...{ taken: true, sid: 'SM1', made: at(1) },
};
const surveyed: Call = { ...call, ref: 'r9' };
/** A run in which the line kept its word. */
const good: Evidence = {
  stories: [booked],
  told: [{ story: 's', id: 'e1', what: 'confirmed', way: 'kafka' }],
  noes: [{ story: 's', address: 'anna@example.se', purpose: 'survey', how: 'put', asked: 190, done: 200 }],
  calls: [call, surveyed],
  rows: [confirmation, survey],
  heard: new Set(['e1']),
  standing: new Set(['s']),
};
const [no] = good.noes;
if (no === undefined) throw new Error('nobody says no');
const doubted = { status: 'planned', why: 'its outcome stayed unknown: once more' } as const;
const again = {
  attempts: [attempt('r1'), { ...attempt('r2'), n: 2 }],
  history: [
    { at: at(0), status: 'unknown' as const },
    { at: at(1), ...doubted },
  ],
};

describe('the judge of a kill run', () => {
  it('finds nothing where the line kept its word', () => {
    expect(judge(good)).toEqual([]);
  });

  it.each<[Breach, string, Partial<Evidence>]>([
    ['an event is lost', 'not heard', { heard: new Set() }],
    ['a message is lost', 'not planned', { rows: [survey], calls: [surveyed] }],
    ['a message is lost', 'refused', { rows: [{ ...confirmation, status: 'refused' }, survey] }],
    ['a message that is said to be sent never arrived', 'no call', { calls: [surveyed] }],
    [
      'sent twice',
      'two tries',
      {
        rows: [{ ...confirmation, attempts: again.attempts }, survey],
        calls: [call, surveyed, { ...call, ref: 'r2' }],
      },
    ],
    [
      'sent twice',
      'a survey out of doubt',
      {
        rows: [confirmation, { ...survey, ...again }],
        calls: [call, { ...surveyed, ref: 'r1' }, { ...surveyed, ref: 'r2' }],
      },
    ],
    ['planned twice', 'two rows', { rows: [confirmation, survey, { ...survey, _id: 'survey-2' }] }],
    ['a call that no row knows', 'a stranger', { calls: [call, surveyed, { ...call, ref: 'r3' }] }],
    [
      'a reference used twice',
      'the client tried again',
      { calls: [call, { ...call, answer: 'busy', taken: false }, surveyed] },
    ],
    ['a no is lost', 'received only', { standing: new Set(), noes: [{ ...no, done: null }] }],
    ['a call after a no', 'later', { calls: [call, { ...surveyed, at: 201 }] }],
    ['a row has not ended', 'in doubt', { rows: [confirmation, { ...survey, status: 'unknown' }] }],
  ])('finds: %s (%s)', (breach, _how, spoilt) => {
    expect(judge({ ...good, ...spoilt }).map((one) => one.breach)).toContain(breach);
  });

  it('lets pass what is no fault: a busy provider, one resend out of doubt, a call of another purpose after a no', () => {
    const resent = { ...confirmation, ...again };
    const calls: Call[] = [{ ...call, answer: 'broken' }, { ...call, ref: 'r2', at: 300 }, surveyed];
    expect(judge({ ...good, rows: [resent, survey], calls })).toEqual([]);
    const busy: Call = { ...call, ref: 'r2', answer: 'busy', taken: false };
    const tried = { ...confirmation, attempts: again.attempts };
    expect(judge({ ...good, rows: [tried, survey], calls: [call, busy, surveyed] })).toEqual([]);
  });
});

describe('a seed', () => {
  it('says what happens, and when', () => {
    const slots = ['ingest-1', 'scheduler-1', 'dispatcher-1'];
    expect(killPlan(7, 100, slots)).toEqual(killPlan(7, 100, slots));
    expect(killPlan(7, 100, slots)).not.toEqual(killPlan(8, 100, slots));
    expect(killPlan(7, 100, slots)).toHaveLength(100);
    expect(new Set(killPlan(7, 100, slots).map(({ slot }) => slot))).toEqual(new Set(slots));
    expect(storiesOf(7, 300, 60_000)).toEqual(storiesOf(7, 300, 60_000));
    const kinds = storiesOf(7, 300, 60_000).flatMap(({ acts }) =>
      acts.map((act) => (act.kind === 'tell' ? act.what : act.kind)),
    );
    expect(new Set(kinds)).toEqual(
      new Set(['started', 'confirmed', 'rescheduled', 'cancelled', 'completed', 'choices', 'click', 'put']),
    );
  });
});
