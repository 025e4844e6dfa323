import { describe, expect, it } from '@jest/globals';
import type { CampaignStatus } from '#campaigns/campaign-table';
import type { Variant } from '#campaigns/campaign.types';
import { messageRow } from '#messages/message.fixture';
import { CLINIC, NOW } from '#privacy/ledger.fixture';
import { decide } from './decide.js';
import { standing, type OfCampaign } from './load-campaigns.js';
import { stopMove } from './stop-move.js';

const variants = [{ name: 'A' } as Variant];
const stands = (status: CampaignStatus, variant = 'A', dueAt: Date | null = NOW): OfCampaign['stands'] =>
  standing({ status, variants }, { variant, dueAt });

describe('how a campaign stands to a row', () => {
  it.each<[CampaignStatus, OfCampaign['stands']]>([
    ['sending', 'sending'],
    ['pausing', 'waits'],
    ['paused', 'waits'],
    // Nobody pulls what is given back to it.
    ['sent', 'sending'],
    ['cancelled', 'cancelled'],
    ['archived', 'archived'],
  ])('%s: %s', (status, expected) => expect(stands(status)).toBe(expected));

  it('says nothing to who waits for a winner, nor once it is sent to what nobody tried again', () => {
    expect(stands('sending', 'winner')).toBe('waits');
    expect(stands('sent', 'A', null)).toBe('waits');
  });

  it('calls off what it had tried again and was archived over, and says so', () => {
    const row = messageRow({ status: 'released', campaign: 'c-1', variant: 'A' });
    const of = { stands: stands('archived'), content: null, problem: null, duplicateOf: null };
    const facts = {
      ...{ customers: new Map(), bookings: new Map(), doneCarts: new Set<string>(), suppressions: new Map() },
      ...{ inFlight: [], pauses: [], campaigns: new Map([[row._id, of]]) },
    };
    const [decided] = decide([row], facts, CLINIC.policy, {} as never, NOW, 0);
    if (decided?.kind !== 'cancel') throw new Error(`expected cancel, got ${decided?.kind}`);
    const { after } = stopMove(decided, NOW);
    expect(after.status).toBe('cancelled');
    expect(after.history.at(-1)?.why).toBe('its campaign was archived');
  });
});
