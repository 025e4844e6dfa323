import { describe, expect, it } from '@jest/globals';
import type { Choice } from '#purposes/choice';
import { choice, optOut } from './choices.fixture.js';
import { hear, inForce, standing, wouldLift, type Hearing } from './choices.js';

const hour = (n: number): Date => new Date(Date.UTC(2026, 8, 1, n));
const yes = (n: number, differing: Partial<Choice> = {}): Choice => choice({ at: hour(n), ...differing });
const no = (n: number, differing: Partial<Choice> = {}): Choice =>
  yes(n, { state: 'withdrawn', ...differing });
const stateOf = (log: Choice[], ...optOuts: ReturnType<typeof optOut>[]): string =>
  standing(log, 'newsletter', 'email', { customer: 'anna', optOuts }).state;
const ownAct = { via: 'page', lifts: true } as const;

describe('what stands', () => {
  it.each<[string, string, Choice[]]>([
    ['nothing was said', 'none', []],
    ['it was given', 'given', [yes(1)]],
    ['it was withdrawn', 'withdrawn', [no(1)]],
    ['it was objected to', 'objected', [no(1, { state: 'objected' })]],
    ['it was given, then withdrawn', 'withdrawn', [yes(1), no(2)]],
    ['both were said at one instant', 'withdrawn', [yes(1), no(1)]],
    ['an older no is heard after a given', 'given', [yes(2), no(1)]],
    ['an older given is heard after a later one, then a no of between', 'given', [yes(3), yes(1), no(2)]],
    ['a given that may not lift follows a no', 'withdrawn', [no(1), yes(2)]],
    ['an import says given after a no', 'withdrawn', [no(1), yes(2, { via: 'import', lifts: true })]],
    [
      'an inbound START follows a STOP',
      'withdrawn',
      [no(1, { via: 'inbound' }), yes(2, { via: 'inbound', lifts: true })],
    ],
    ['the person lifts it on our page', 'given', [no(1), yes(2, ownAct)]],
    ['the person lifts it by double opt-in', 'given', [no(1), yes(2, { via: 'double-opt-in', lifts: true })]],
    ['staff lift it with If-Match', 'given', [no(1), yes(2, { via: 'staff', lifts: true })]],
    ['it was lifted, then withdrawn again', 'withdrawn', [no(1), yes(2, ownAct), no(3)]],
    [
      'a higher version lifts what came as an event',
      'given',
      [no(1, { version: 3 }), yes(2, { version: 4 })],
    ],
    ['the same version does not', 'withdrawn', [no(1, { version: 4 }), yes(2, { version: 4 })]],
    ['a lower version does not', 'withdrawn', [no(1, { version: 4 }), yes(2, { version: 3 })]],
    ['a no without a version is not lifted by one', 'withdrawn', [no(1), yes(2, { version: 4 })]],
    ['a given without a version lifts none', 'withdrawn', [no(1, { version: 3 }), yes(2)]],
    [
      'a higher version does not lift the no of a page',
      'withdrawn',
      [no(1, { via: 'page', version: 1 }), yes(2, { version: 4 })],
    ],
    [
      'a redriven event lifts nothing',
      'withdrawn',
      [no(1, { version: 3 }), yes(2, { version: 4, lifts: false })],
    ],
    [
      'the echo of an unsubscribe does not make it liftable',
      'withdrawn',
      [no(1, { via: 'page' }), no(2, { version: 3 }), yes(3, { version: 4 })],
    ],
    ['a given covers all marketing', 'given', [yes(1, { purpose: 'marketing' })]],
    ['a given covers all channels', 'given', [yes(1, { channel: 'all' })]],
    ['a given is for another channel', 'none', [yes(1, { channel: 'sms' })]],
    ['a given is for another purpose', 'none', [yes(1, { purpose: 'offers' })]],
    [
      'marketing as a whole is withdrawn',
      'withdrawn',
      [yes(1), no(2, { purpose: 'marketing', channel: 'all' })],
    ],
    ['another channel is withdrawn', 'given', [yes(1), no(2, { channel: 'sms' })]],
    ['the latest of two noes decides', 'withdrawn', [no(1, { state: 'objected' }), no(2)]],
    ['even where it is heard first', 'withdrawn', [no(2), no(1, { state: 'objected' })]],
  ])('%s: %s', (_story, state, log) => {
    expect(stateOf(log)).toBe(state);
  });

  it('takes no marketing given for a purpose that needs its own', () => {
    const all = [yes(1, { purpose: 'marketing', channel: 'all' })];
    expect(standing(all, 'measurement', 'email').state).toBe('none');
    expect(standing([yes(1, { purpose: 'measurement' })], 'measurement', 'email').state).toBe('given');
    const ended = [yes(1, { purpose: 'measurement' }), no(2, { purpose: 'marketing' })];
    expect(standing(ended, 'measurement', 'email').state).toBe('withdrawn');
  });
  it('does not take marketing for a service purpose', () => {
    expect(standing([no(1, { purpose: 'marketing', channel: 'all' })], 'survey', 'email').state).toBe('none');
  });
});

describe('what others said about the address', () => {
  it('holds for everybody who has it', () => {
    expect(stateOf([], optOut())).toBe('withdrawn');
    expect(stateOf([yes(1)], optOut({ at: hour(2) }))).toBe('withdrawn');
    expect(standing([], 'newsletter', 'email', { customer: 'anna', optOuts: [optOut()] }).foreign).toBe(true);
  });
  it('is not undone by a given that came before it, whatever the times', () => {
    expect(stateOf([yes(5, { recordedAt: hour(1) })], optOut({ at: hour(2), recordedAt: hour(2) }))).toBe(
      'withdrawn',
    );
  });
  it('is lifted by the own act of who has it, heard after', () => {
    const log = [yes(3, ownAct)];
    expect(stateOf(log, optOut({ at: hour(2) }))).toBe('given');
    expect(stateOf(log, optOut({ at: hour(2), recordedAt: hour(4) }))).toBe('withdrawn');
    expect(stateOf(log, optOut({ at: hour(2) }), optOut({ at: hour(4) }))).toBe('withdrawn');
  });
  it('is not lifted by an event of who has it, whatever its version', () => {
    expect(stateOf([yes(3, { version: 9 })], optOut({ at: hour(2), via: 'event', version: 1 }))).toBe(
      'withdrawn',
    );
  });
  it('stands before the own no where it is an objection', () => {
    const shown = standing([no(3)], 'newsletter', 'email', {
      customer: 'anna',
      optOuts: [optOut({ state: 'objected' })],
    });
    expect(shown).toMatchObject({ state: 'objected', foreign: true });
  });
  it('stands where it was heard in the very moment of the lift', () => {
    expect(stateOf([yes(3, ownAct)], optOut({ at: hour(2), recordedAt: hour(3) }))).toBe('withdrawn');
  });
  it('is as strict as clocks that disagree allow', () => {
    const log = [yes(3, { recordedAt: hour(3) }), yes(4, { recordedAt: hour(1), ...ownAct })];
    expect(stateOf(log, optOut({ recordedAt: hour(2) }))).toBe('withdrawn');
  });
});

describe("one's own opt-out about the address", () => {
  const said = no(1, { version: 3 });
  const own = optOut({
    by: 'anna',
    purpose: 'newsletter',
    via: 'event',
    version: 3,
    at: hour(1),
    recordedAt: hour(9),
  });
  it('has its place where the log has it', () => {
    expect(stateOf([said, yes(2, ownAct)], own)).toBe('given');
    expect(stateOf([said, yes(2, { version: 4 })], own)).toBe('given');
  });
  it('stands by itself where the log has lost it', () => {
    expect(stateOf([yes(2, { ...ownAct, recordedAt: hour(2) })], { ...own, at: hour(3) })).toBe('withdrawn');
    expect(stateOf([], own)).toBe('withdrawn');
  });
  it('is outdone by a later given, as in the log', () => {
    expect(stateOf([yes(2)], own)).toBe('given');
  });
  it('belongs to nobody once its giver is erased', () => {
    const nameless = optOut({ by: '', purpose: 'newsletter', at: hour(1), recordedAt: hour(4) });
    for (const customer of ['', 'anna']) {
      const shown = standing([said, yes(2, ownAct)], 'newsletter', 'email', {
        customer,
        optOuts: [nameless],
      });
      expect(shown).toMatchObject({ state: 'withdrawn', foreign: true });
    }
  });
});

const how = (differing: Partial<Hearing> = {}): Hearing => ({
  id: 'heard-1',
  at: hour(5),
  recordedAt: hour(5),
  via: 'event',
  ...differing,
});

describe('hearing a statement', () => {
  it('adds it with its proof and how it came', () => {
    const { log, ...told } = hear([], yes(1, { evidence: 'the text' }), how({ version: 7 }));
    expect(told).toEqual({ added: true, decides: true, lifted: false, refusedGiven: false });
    expect(log).toEqual([
      expect.objectContaining({ id: 'heard-1', at: hour(5), via: 'event', version: 7, evidence: 'the text' }),
    ]);
    expect(log[0]).not.toHaveProperty('lifts');
  });
  it('adds nothing twice: by id', () => {
    const { log } = hear([], yes(1), how());
    expect(hear(log, no(1), how())).toEqual({
      log,
      added: false,
      decides: false,
      lifted: false,
      refusedGiven: false,
    });
  });
  it('adds nothing twice: by what it says and when', () => {
    const { log } = hear([], yes(1), how());
    expect(hear(log, yes(1), how({ id: 'other', recordedAt: hour(9) })).added).toBe(false);
    for (const other of [no(1), yes(1, { channel: 'sms' }), yes(1, { noticeVersion: '2027' })]) {
      expect(hear(log, other, how({ id: 'other' })).added).toBe(true);
    }
  });
  it('leaves the old log alone', () => {
    const log = Object.freeze([yes(1)]);
    expect(hear(log, no(1), how()).log).toHaveLength(2);
    expect(log).toHaveLength(1);
  });
  it('tells a given that lifts from one that may not', () => {
    expect(hear([no(1)], yes(1), how())).toMatchObject({ lifted: false, refusedGiven: true, decides: false });
    expect(hear([no(1)], yes(1), how({ via: 'page', mayLift: true }))).toMatchObject({
      ...{ lifted: true, refusedGiven: false, decides: true },
    });
    expect(hear([no(1, { version: 1 })], yes(1), how({ version: 2 }))).toMatchObject({ lifted: true });
    expect(hear([no(1, { version: 1 })], yes(1), how({ version: 2, mayLift: false }))).toMatchObject({
      ...{ lifted: false, refusedGiven: true },
    });
  });
  it('tells an outdated no', () => {
    expect(hear([yes(6)], no(1), how())).toMatchObject({ added: true, decides: false });
    expect(hear([yes(6)], no(1, { channel: 'all' }), how())).toMatchObject({ added: true, decides: true });
  });
  it('sees what others said about the address', () => {
    const about = { customer: 'anna', optOuts: [optOut()] };
    expect(hear([], yes(1), how({ about }))).toMatchObject({ refusedGiven: true, decides: false });
  });
});

describe('what would lift a no', () => {
  const said = (differing: Partial<Choice>): Choice => yes(9, differing);
  it.each<[boolean, string, Choice]>([
    [true, 'a given of the same', said({})],
    [true, 'a given of all marketing', said({ purpose: 'marketing' })],
    [true, 'a given on all channels', said({ channel: 'all' })],
    [false, 'a given on another channel', said({ channel: 'sms' })],
    [false, 'a given of another purpose', said({ purpose: 'offers' })],
    [false, 'another no', said({ state: 'objected' })],
  ])('%s: %s', (would, _story, statement) => {
    expect(wouldLift([no(1)], [statement])).toBe(would);
  });
  it('is nothing where nothing stands', () => {
    expect(wouldLift([no(1), yes(2, ownAct)], [said({})])).toBe(false);
    expect(wouldLift([], [said({})])).toBe(false);
  });
  it("counts others' noes about the address", () => {
    expect(wouldLift([], [said({})], { customer: 'anna', optOuts: [optOut()] })).toBe(true);
  });
});

describe('what is in force', () => {
  it('is each statement that still decides something, in the order heard', () => {
    const log = [
      yes(1),
      no(2, { purpose: 'marketing', channel: 'all' }),
      yes(3, { channel: 'sms', ...ownAct }),
    ];
    expect(inForce(log)).toEqual([
      { purpose: 'marketing', channel: 'all', state: 'withdrawn', at: hour(2), via: 'event' },
      { purpose: 'newsletter', channel: 'sms', state: 'given', at: hour(3), via: 'page' },
    ]);
    expect(inForce([])).toEqual([]);
  });
});
