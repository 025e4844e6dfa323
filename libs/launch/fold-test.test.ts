import { expect, it } from '@jest/globals';
import { newCampaign } from '#campaigns/campaign-moves';
import type { CampaignStatus } from '#campaigns/campaign-table';
import type { Campaign, CampaignPlan } from '#campaigns/campaign.types';
import { foldTest } from './fold-test.js';

const NOW = new Date('2026-05-04T09:00:00Z');
const PLAN: CampaignPlan = {
  ...{ name: 'Vår', purpose: 'newsletter', channel: 'email', segment: 's-1', holdOut: 0, testShare: 50 },
  variants: ['A', 'B'].map((name) => ({ name, template: `t-${name}`, version: 1, weight: 1 })),
  ...{ graceMinutes: 0, pace: null, limits: { complaints: 1, bounces: 1, errors: 1, least: 1 } },
};

/** Its test was sent, and half of its people wait. */
const testing = (changes: Partial<Campaign>): Campaign => ({
  ...newCampaign({ _id: 't/c-1', tenant: 't', campaign: 'c-1' }, PLAN, 'eva', NOW),
  ...{ status: 'sending', testEndedAt: NOW },
  launch: { at: NOW, predicate: { and: [] }, after: null, members: 10, endedAt: NOW },
  ...changes,
});
const RULE = { by: 'bookings', after: 'PT4H', least: 1 } as const;
const undecided = { at: NOW, why: 'a tie', shares: [] };

it.each<[string, Partial<Campaign>]>([
  ['a rule', { winnerRule: RULE }],
  ['a rule that named nobody', { winnerRule: RULE, undecided }],
  ['a marketer', {}],
])('waits for %s while its campaign goes on, and for nothing once it is over', (_, plan) => {
  const { decidesAt, lapsesAt, says } = foldTest(testing(plan), [], [])!;
  expect([decidesAt ?? lapsesAt, says]).toEqual([
    expect.any(Date),
    expect.stringMatching(/is asked|a marketer names/),
  ]);
  for (const status of ['cancelled', 'sent', 'archived'] satisfies CampaignStatus[]) {
    expect(foldTest(testing({ ...plan, status }), [], [])).toMatchObject({
      ...{ winner: null, decidesAt: null, lapsesAt: null },
      says: 'the campaign is over without a winner: nobody waits for one any more',
    });
  }
});

it('keeps what it says of a winner, or of none in time, when its campaign is over', () => {
  const winner = { variant: 'B', at: NOW, by: 'marketer', how: 'hand', shares: null } as const;
  expect(foldTest(testing({ winner, status: 'cancelled' }), [], null)?.says).toBe('B has won, by hand');
  expect(foldTest(testing({ lapsedAt: NOW, status: 'sent' }), [], null)?.says).toContain('in time');
});

it('compares the best with the next, whatever a variant of nobody stands between', () => {
  const shares = [
    { variant: 'A', count: 1, of: 4 },
    { variant: 'B', count: 0, of: 0 },
    { variant: 'C', count: 3, of: 4 },
  ];
  expect(foldTest(testing({}), [], shares)?.difference?.difference).toBe(0.5);
  expect(foldTest(testing({}), [], shares.slice(0, 2))?.difference).toBeNull();
});

it('is asked of a campaign that is paused once it goes on, and lapses no sooner', () => {
  const paused = testing({ status: 'paused', winnerRule: RULE });
  expect(foldTest(paused, [], [])?.says).toContain('asked at decidesAt, or once the campaign goes on');
  expect(foldTest({ ...paused, undecided }, [], [])).toMatchObject({ lapsesAt: null });
  expect(foldTest(testing({ winnerRule: RULE, undecided }), [], [])?.lapsesAt).toEqual(expect.any(Date));
});
