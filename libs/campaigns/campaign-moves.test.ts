import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { moved, newCampaign } from './campaign-moves.js';
import { CAMPAIGN_MOVES, CAMPAIGN_STATUSES, type CampaignMove } from './campaign-table.js';
import type { Campaign } from './campaign.types.js';

const AT = new Date('2026-05-04T07:00:00Z');
const PLAN = {
  ...{
    name: 'x',
    purpose: 'newsletter' as const,
    channel: 'email' as const,
    segment: 's-1',
    variants: [],
    holdOut: 0,
  },
  ...{ graceMinutes: 0, pace: null, limits: { complaints: 1, bounces: 1, errors: 1, least: 1 } },
};
const draft = newCampaign({ _id: 't/c-1', tenant: 't', campaign: 'c-1' }, PLAN, 'eva', AT);
const MOVES = Object.keys(CAMPAIGN_MOVES) as CampaignMove[];
const SIGNED = { key: 'k', by: 'eva', at: AT, hash: 'h' };
/** What comes with each move where it is asked for. */
const SET: Partial<Record<CampaignMove, Partial<Campaign>>> = {
  submit: { submitted: SIGNED },
  approve: { approved: SIGNED },
  schedule: { schedule: { at: null, zone: 'tenant', ifPassed: 'send' }, launchAt: AT },
};

describe('the moves of a campaign', () => {
  it('leave every state but the last, and lead to every state', () => {
    const from = new Set(Object.values(CAMPAIGN_MOVES).flatMap((move) => move.from as readonly string[]));
    const to = new Set(Object.values(CAMPAIGN_MOVES).map((move) => move.to as string));
    expect(CAMPAIGN_STATUSES.filter((status) => !from.has(status))).toEqual(['archived']);
    expect(CAMPAIGN_STATUSES.filter((status) => !to.has(status))).toEqual([]);
  });

  it('hold, whatever is asked for in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...MOVES), { maxLength: 40 }), (asked) => {
        let campaign = draft;
        for (const move of asked) {
          const { from, to } = CAMPAIGN_MOVES[move];
          const one = moved(campaign, move, 'eva', AT, SET[move]);
          if (!(from as readonly string[]).includes(campaign.status)) {
            expect(one.kind).toBe('refused');
            continue;
          }
          if (one.kind === 'refused') throw new Error(`${move} from ${campaign.status}: ${one.detail}`);
          expect(one.after.status).toBe(to);
          expect(one.after.history).toHaveLength(campaign.history.length + 1);
          campaign = one.after;
          // Nothing is sent that was not approved, nothing is approved that was not submitted.
          const isLaunched = ['scheduled', 'sending', 'pausing', 'paused', 'sent'].includes(campaign.status);
          if (isLaunched || campaign.status === 'approved')
            expect(campaign).toMatchObject({ submitted: SIGNED, approved: SIGNED });
          if (isLaunched) expect(campaign.schedule).not.toBeNull();
          if (campaign.status === 'draft')
            expect(campaign).toMatchObject({
              submitted: null,
              approved: null,
              schedule: null,
              launchAt: null,
            });
          if (campaign.status === 'approved')
            expect(campaign).toMatchObject({ schedule: null, launchAt: null });
        }
      }),
    );
  });

  it('say from where they would be possible', () => {
    expect(moved(draft, 'resume', 'eva', AT)).toEqual({
      kind: 'refused',
      detail: 'is draft; resume asks for paused',
    });
  });

  it('name each state once, as it is shown', () => {
    expect(moved({ ...draft, status: 'sent' }, 'cancel', 'eva', AT)).toEqual({
      kind: 'refused',
      detail: 'is sent; cancel asks for draft, submitted, approved, scheduled, sending, paused',
    });
  });
});
