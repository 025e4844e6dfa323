import { nonce } from '#platform/mongo';
import {
  CAMPAIGN_MOVES,
  shownStatus,
  type CampaignMove,
  type CampaignNote,
  type CampaignStatus,
} from './campaign-table.js';
import type { Campaign, CampaignPlan } from './campaign.types.js';

export type Moved = { kind: 'moved'; after: Campaign } | { kind: 'refused'; detail: string };

/** The campaign after a move, or why there is none from where it stands. Pure; the store writes it by compare-and-set. */
export function moved(
  campaign: Campaign,
  move: CampaignMove,
  by: string,
  at: Date,
  set: Partial<Campaign> = {},
  why?: string,
): Moved {
  const { from, to } = CAMPAIGN_MOVES[move];
  if (!(from as readonly CampaignStatus[]).includes(campaign.status)) {
    const right = [...new Set(from.map(shownStatus))].join(', ');
    return {
      kind: 'refused',
      detail: `is ${shownStatus(campaign.status)}; ${SAID[move]} asks for ${right}`,
    };
  }
  const entry = { at, by, move, from: campaign.status, to, ...(why === undefined ? {} : { why }) };
  return {
    kind: 'moved',
    after: {
      ...campaign,
      ...cleared(to),
      ...set,
      status: to,
      updatedAt: at,
      history: [...campaign.history, entry],
    },
  };
}

/** The campaign with a line in its history that moves it nowhere, and what that line is about. Pure. */
export function noted(
  campaign: Campaign,
  note: CampaignNote,
  by: string,
  at: Date,
  set: Partial<Campaign>,
  why: string,
): Campaign {
  const { status, history } = campaign;
  const entry = { at, by, move: note, from: status, to: status, why };
  return { ...campaign, ...set, updatedAt: at, history: [...history, entry] };
}

/** Who moves campaigns by itself, beside staff. */
export const SCHEDULER = 'scheduler';

/**
 * The campaign whose last line is to be told to the audit: in the write that moves it, so that nobody who dies after that
 * leaves a move without who did it. The scheduler's, or of whoever has this key: what they said why stays in the history,
 * as it is words of theirs and may name somebody. Pure.
 */
export function toAudit(after: Campaign, key?: string): Campaign {
  const last = after.history.slice(-1).map(({ why, ...line }) => {
    if (key === undefined) return why === undefined ? line : { ...line, why };
    return { ...line, key, n: after.history.length };
  });
  return { ...after, unaudited: [...(after.unaudited ?? []), ...last] };
}

/** What a state cannot have. */
function cleared(to: CampaignStatus): Partial<Campaign> {
  switch (to) {
    case 'draft':
      return { submitted: null, approved: null, schedule: null, launchAt: null };
    case 'submitted':
      return { approved: null };
    case 'approved':
      return { schedule: null, launchAt: null };
    case 'sending':
      return { pausedFor: null };
    default:
      return {};
  }
}

const SAID: Record<CampaignMove, string> = {
  edit: 'an edit',
  submit: 'submit',
  approve: 'approve',
  reject: 'reject',
  schedule: 'schedule',
  unschedule: 'unschedule',
  void: 'taking back an approval',
  launch: 'the launch',
  pause: 'pause',
  halt: 'the end of pausing',
  resume: 'resume',
  cancel: 'cancel',
  end: 'the end',
  archive: 'archive',
};

/** A campaign of which nothing has happened yet. */
export function newCampaign(
  ids: Pick<Campaign, '_id' | 'tenant' | 'campaign'>,
  plan: CampaignPlan,
  by: string,
  at: Date,
): Campaign {
  return {
    ...ids,
    ...plan,
    ...{ rev: nonce(), status: 'draft', submitted: null, approved: null, schedule: null, launchAt: null },
    ...{ pausedFor: null, launch: null, pulledTo: null, sweptAt: null, history: [] },
    ...{ testEndedAt: null, winner: null, undecided: null, lapsedAt: null },
    ...{ createdAt: at, createdBy: by, updatedAt: at },
  };
}
