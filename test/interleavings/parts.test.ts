import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as parts from './parts.fixture.js';
import * as schedules from './schedules.fixture.js';
import { play, type Stage } from './stage.fixture.js';
import type { Missing } from './steps.fixture.js';
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
const TWICE = /sent 2 times|a call without its claim/;

const PARTS: [string, Missing, Schedule, RegExp][] = [
  ['A2: addresses looked up after who has them', parts.FACTS_ORDER, schedules.noToTheAddress, AFTER],
  ['A4: the customer compared when reserving', parts.CUSTOMER_CAS, schedules.factsThenChoice, AFTER],
  [
    'A4: … so that two passes share one cap',
    parts.CUSTOMER_CAS,
    schedules.twoPermittedUnderOneCap,
    /over the cap/,
  ],
  ['A4: places that count against caps', parts.PLACES, schedules.oneAfterTheOther, /over the cap/],
  ['A4: places that tell what is in flight', parts.PLACES, schedules.claimedAndPaced, AFTER],
  ['A5: the row’s rev compared when claiming', parts.ROW_REV, schedules.reservedThenNo, AFTER],
  ['A6: the deadline W', parts.DEADLINE, schedules.claimedAndPaced, AFTER],
  ['A7: the own rev compared when recording', parts.RECORD_REV, schedules.lateRecord, TWICE],
  ['A7: what may have been sent is unknown', parts.AMBIGUITY, schedules.sentButNotHeard, /sent 2 times/],
  ['B1: the record about the address', parts.SUPPRESSION, schedules.noToTheAddressThenARow, AFTER],
  ['B1: … before anybody who has it', parts.RECORD_FIRST, schedules.noToTheAddressHalfTaken, AFTER],
  ['B2: the customer compared when choosing', parts.CHOICE_CAS, schedules.reservedUnderTheNo, AFTER],
  ['B2: a new rev for the customer', parts.CHOICE_REV, schedules.factsThenChoice, AFTER],
  ['B2: everyone who has the address', parts.HOLDERS, schedules.noOfAnother, AFTER],
  ['B3: a new rev for what does not end', parts.TOUCH, schedules.reservedThenNo, AFTER],
  ['B3: the end of what has no channel left', parts.CANCEL_AND_TOUCH, schedules.reservedThenNoToAll, AFTER],
  ['B4: the wait', parts.WAIT, schedules.claimedAndPaced, AFTER],
  ['B6: that a no absorbs', parts.ABSORBS, schedules.yesFromTheBookingSystem, AFTER],
  ['C3: two sightings far enough apart', parts.sightings(), schedules.resentMeanwhile(false), UNCLAIMED],
  ['D1: the generation of a customer’s facts', parts.CUSTOMER_GEN, schedules.oldAddressHeardLate, AFTER],
  [
    'D2: equal plans again',
    parts.EQUAL_AGAIN,
    schedules.guardedAndNotPlanned,
    /lost: promised and not there/,
  ],
  [
    'D4: only rows of a lower generation',
    parts.LOWER_ONLY,
    schedules.bookedAfterAll,
    /lost: ended without a cause/,
  ],
  ['D5: the offset last', parts.COMMIT_LAST, schedules.heardAndNotCommitted, /lost: promised and not there/],
  ['E2: the rank of what is told', parts.RANK, schedules.weakerWordLate, /moved back/],
  ['Fields: who has won', parts.WINNERS, schedules.twoClaims, TWICE],
];

describe('without a part of the protocol a schedule goes wrong that is right with it', () => {
  it.each(PARTS)('%s', async (_, missing, schedule, found) => {
    expect((await play(world, schedule)).violations).toEqual([]);
    expect((await play(world, schedule, missing)).violations.join('\n')).toMatch(found);
  });
});
