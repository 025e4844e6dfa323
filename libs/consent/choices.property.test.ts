import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import type { Reason } from '#purposes/reason';
import { channel, choicesOf, history, hour, optOutsOf, purpose, type Said, via } from './history.fixture.js';
import { type CustomerFacts, type Decision, maySend } from './may-send.js';
import { goodFacts, ordinaryPolicy, plainCustomer } from './permit.fixture.js';

const noon = new Date('2026-10-05T10:00:00Z');
const address = '+46701740605';
const reasonOf = (decision: Decision): Reason | 'permit' =>
  decision.kind === 'permit' ? 'permit' : decision.reason;

const decideOn = (
  all: readonly Said[],
  what: Purpose,
  where: Channel,
  more: Partial<CustomerFacts> = {},
): Decision =>
  maySend(
    {
      ...{ tenant: 'wellnesskliniken', customer: 'anna', message: 'row-1', ref: 'a1b2' },
      ...{ purpose: what, channel: where, startedMono: 0, expiresAt: null },
    },
    {
      ...{ ...goodFacts, address, suppressions: optOutsOf(all) },
      customer: { ...plainCustomer, choices: choicesOf(all), ...more },
    },
    { ...ordinaryPolicy, legitimateInterest: { 'abandoned-booking': { assessment: 'LIA' } } },
    noon,
  );

/**
 * The contract's rules once more, as relations between statements instead of a fold: a no forbids unless something that
 * was heard after it may lift it, or the person was known to have given it at a later time.
 */
function forbids(no: Said, n: number, all: readonly Said[], what: Purpose, where: Channel): boolean {
  const meets = (said: Said): boolean => {
    const named = said.purpose === what;
    const asMarketing = said.purpose === 'marketing' && what !== 'survey';
    if (said.channel !== where && said.channel !== 'all') return false;
    return named || (asMarketing && !(said.state === 'given' && what === 'measurement'));
  };
  if (no.state === 'given' || !meets(no)) return false;
  const givens = (from: number, to?: number): Said[] =>
    all.slice(from, to).filter((said) => said.by === 'anna' && said.state === 'given' && meets(said));
  const known = no.by === 'anna' && givens(0, n).some((given) => given.at.getTime() > no.at.getTime());
  const ownAct = (given: Said): boolean =>
    given.lifts === true && ['page', 'double-opt-in', 'staff'].includes(given.via);
  const newer = (given: Said): boolean =>
    given.lifts === undefined &&
    [no, given].every((said) => said.by === 'anna' && said.via === 'event') &&
    (given.version ?? -1) > (no.version ?? Infinity);
  return !known && !givens(n + 1).some((given) => ownAct(given) || newer(given));
}

describe('no history of choices', () => {
  it('permits what a no in it forbids', () => {
    let permits = 0;
    fc.assert(
      fc.property(history, purpose, channel, fc.boolean(), (all, what, where, soft) => {
        const softOptIns = soft ? [{ channel: 'phone' as const, address, at: noon }] : [];
        if (decideOn(all, what, where, { softOptIns }).kind !== 'permit') return;
        permits += 1;
        expect(all.filter((said, n) => forbids(said, n, all, what, where))).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
    // Else nothing was tried.
    expect(permits).toBeGreaterThan(100);
  });
  it('permits anything after a last no of any kind', () => {
    fc.assert(
      fc.property(history, purpose, channel, via, fc.boolean(), (all, what, where, how, own) => {
        const last = {
          by: own ? ('anna' as const) : ('bo' as const),
          purpose: what,
          channel: where,
          state: 'withdrawn' as const,
        };
        const end = { ...last, saidAt: 20, at: hour(20), recordedAt: hour(20), via: how };
        const ended: Said[] = [...all, { ...end, version: undefined, lifts: undefined }];
        expect(['withdrawn', 'objected']).toContain(reasonOf(decideOn(ended, what, where)));
      }),
      { numRuns: 500 },
    );
  });
  it('permits what needs a consent that nobody gave for this purpose and channel', () => {
    fc.assert(
      fc.property(history, channel, (all, where) => {
        const without = all.filter((said) => said.state !== 'given' || said.purpose !== 'measurement');
        expect(decideOn(without, 'measurement', where).kind).toBe('refuse');
      }),
      { numRuns: 300 },
    );
  });
});
