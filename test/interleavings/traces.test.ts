import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { naive } from './parts.fixture.js';
import * as schedules from './schedules.fixture.js';
import { play, type Stage } from './stage.fixture.js';
import type { World } from './world.fixture.js';
import { openWorlds } from './worlds.fixture.js';

let world: World;
let close: () => Promise<void>;
beforeAll(async () => {
  const opened = await openWorlds(1);
  world = opened.worlds[0]!;
  close = opened.close;
});
afterAll(() => close());

type Schedule = (stage: Stage) => Promise<void>;
const AFTER = /a call after the answered no/;
const UNCLAIMED = /a call without its claim/;

/**
 * The shortest bad traces of the naive order, as the model of the protocol finds them. "Facts first" reads the facts
 * before the row, which the real code never does: there its facts are read, and their reply is held.
 */
const TRACES: [string, Schedule, RegExp, number][] = [
  ['one row, facts first: sent after the answer', schedules.factsThenChoice, AFTER, 0],
  ['one row, old facts: sent after the answer', schedules.choiceThenOldFacts, AFTER, 0],
  ['one row, facts first: sent twice', schedules.resentMeanwhile(true), UNCLAIMED, 1],
  ['one row, row first: sent twice', schedules.resentMeanwhile(false), UNCLAIMED, 1],
  [
    'two rows, facts first: sent after the answer',
    schedules.withALaterRow(schedules.factsThenChoice),
    AFTER,
    0,
  ],
  [
    'two rows, old facts: sent after the answer',
    schedules.withALaterRow(schedules.choiceThenOldFacts),
    AFTER,
    0,
  ],
  ['another channel left, facts first: sent after the answer', schedules.otherChannelLeft, AFTER, 1],
  ['another channel left, old facts: sent after the answer', schedules.otherChannelLeftOldFacts, AFTER, 1],
  ['a cap of one, facts first: over the cap', schedules.twoUnderOneCap, /over the cap/, 1],
  ['a cap of one, row first: over the cap', schedules.twoPermittedUnderOneCap, /over the cap/, 1],
  ['a row that came back from a 429: sent after the answer', schedules.backFromALimit, AFTER, 0],
  ['a row claimed but still paced: sent after the answer', schedules.claimedAndPaced, AFTER, 0],
];

describe('a bad trace of the naive order', () => {
  it.each(TRACES)('%s', async (_, schedule, found, calls) => {
    // The same schedule, step by step: the naive order comes to its bad end, the real code does not.
    const real = await play(world, schedule);
    expect(real).toEqual({ violations: [], calls });
    const bad = await play(world, schedule, naive());
    expect(bad.violations.join('\n')).toMatch(found);
  });
});
