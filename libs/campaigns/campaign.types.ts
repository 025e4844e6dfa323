import type { Purpose } from '#purposes/purpose';
import type { CampaignLimits } from '#purposes/campaign-limits';
import type { CampaignStatus, CampaignMove, CampaignNote } from './campaign-table.js';
import type { Resolved } from './predicate.js';

/** One of what an A/B test compares; a campaign without a test has one. */
export interface Variant {
  name: string;
  template: string;
  version: number;
  /** Its share among the variants, in relation to the others'. */
  weight: number;
}

/** What the links of its mails tell the web sites that they lead to; nothing of a person. */
export interface CampaignUtm {
  source: string;
  medium: string;
  campaign: string;
  /** Absent: each variant's name. */
  content?: string | undefined;
}

/** When it is sent, on a wall clock. */
export interface Schedule {
  /** `YYYY-MM-DDTHH:mm`; null: at once. */
  at: string | null;
  /** Whose clock: each person's own (the tenant's where it is not known), or the tenant's for all. */
  zone: 'recipient' | 'tenant';
  /** For whom the hour has passed when it is launched. */
  ifPassed: 'send' | 'next-day' | 'skip';
}

/** What had been sent, and what had come of it, when it was resumed after a limit. */
export interface LimitCounts {
  sent: number;
  complaints: number;
  bounces: number;
  errors: number;
}

/** How the winner of an A/B test is found without a person. */
export interface WinnerRule {
  /** People who clicked, of those who are measured; or people who booked, of those who got it. */
  by: 'clicks' | 'bookings';
  /** How long after the last message of the test: an ISO 8601 duration, `PT4H`. */
  after: string;
  /** Of so many people at least in each variant; of fewer nothing is decided. */
  least: number;
}

/** What a variant came to in the test. */
export interface TestShare {
  variant: string;
  count: number;
  /** Measured people, or people who got it: as the rule asks. */
  of: number;
}

/** Which variant the rest gets. Written once; it never changes. */
export interface Winner {
  variant: string;
  at: Date;
  by: string;
  how: 'rule' | 'hand';
  /** As they stood when it was named; null: by hand, while that was not kept yet. */
  shares: TestShare[] | null;
}

/** What a marketer writes of a campaign, and an approver approves. */
export interface CampaignPlan {
  name: string;
  purpose: Purpose;
  channel: 'email' | 'sms';
  segment: string | null;
  variants: Variant[];
  /** Per cent of the members who get nothing, for comparison. */
  holdOut: number;
  /** Per cent of who is not held out that get the variants at once; the rest waits for the winner. Absent: 100, nobody waits. */
  testShare?: number;
  /** Absent or null: a marketer names the winner. */
  winnerRule?: WinnerRule | null;
  /** Between the decision to send and the first message, in which it can be called back. */
  graceMinutes: number;
  pace: { perHour: number } | null;
  limits: CampaignLimits;
  /** Absent or null: its links stay as they were written. */
  utm?: CampaignUtm | null;
}

export interface Signature {
  /** The key, by its id: a name may be two people's. */
  key: string;
  /** Whose key it was, where that is known: one person may have two. */
  person?: string;
  by: string;
  at: Date;
  /** Of the plan and of whom its segment means. */
  hash: string;
}

/** What became of a campaign, and by whom. */
export interface CampaignLine {
  at: Date;
  by: string;
  move: CampaignMove | CampaignNote;
  from: CampaignStatus;
  to: CampaignStatus;
  why?: string;
}

/** A line that the audit is to have; of staff with their key, and its place in the history. */
export type UnauditedLine = CampaignLine & { key?: string; n?: number };

export interface Campaign extends CampaignPlan {
  _id: string;
  tenant: string;
  /** `c-…`, what the API calls its id. */
  campaign: string;
  rev: string;
  status: CampaignStatus;
  submitted: Signature | null;
  approved: Signature | null;
  schedule: Schedule | null;
  /** When the launcher takes it up; null unless it is scheduled. */
  launchAt: Date | null;
  pausedFor: { why: string; at: Date; by: string } | null;
  /** Since it was resumed after a pause at a limit: what its limits leave out. Absent or null: nothing. */
  limitsFrom?: LimitCounts | null;
  launch: {
    at: Date;
    /** Who is meant, as it was approved. */
    predicate: Resolved;
    /** The last customer that has their row; null: none yet. */
    after: string | null;
    members: number;
    /** All members have their rows. */
    endedAt: Date | null;
  } | null;
  /** The pace's own clock: up to when what may be pulled was pulled. */
  pulledTo: Date | null;
  /** When the last message of the test had ended, where some wait for its winner. */
  testEndedAt?: Date | null;
  winner?: Winner | null;
  /** Why the rule has named nobody: then a marketer does. */
  undecided?: { at: Date; why: string; shares: TestShare[] } | null;
  /** Nobody named a winner in time: who waited for it gets nothing. Written once. */
  lapsedAt?: Date | null;
  /** All its rows were called off, after a cancellation. */
  sweptAt: Date | null;
  /** After its end none of its rows was left waiting for it. */
  lookedThroughAt?: Date | null;
  /** Which row had which address was deleted, long after its end. */
  claimsDeletedAt?: Date | null;
  history: CampaignLine[];
  /** Lines of the history that the audit does not have yet; absent: none. */
  unaudited?: UnauditedLine[];
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
}
