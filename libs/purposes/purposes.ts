import type { Channel } from './channel.js';
import type { Purpose } from './purpose.js';
import type { DueClass, Stream } from './stream.js';

/** GDPR article 6(1): a consent, b contract, c legal duty, f legitimate interest. */
export type Basis = 'consent' | 'contract' | 'legal-duty' | 'legitimate-interest';

/**
 * What has to be there before we may write:
 * `nothing` (contract, legal duty, legitimate interest until objected to), `consent`, `own-consent` (given for this very
 * purpose by name: one for `marketing` as a whole does not do), or `soft-opt-in` (consent, or the soft opt-in of
 * 19 § marknadsföringslagen where the tenant allows it).
 */
export type Needs = 'nothing' | 'consent' | 'own-consent' | 'soft-opt-in';

export interface PurposeRules {
  basis: Basis;
  stream: Stream;
  dueClass: DueClass;
  needs: Needs;
  /** Whom it is written to: a `provider` has the address, the person only the data (a disclosure). */
  recipient: 'person' | 'provider';
  /** A tenant that names its assessment may use legitimate interest instead of consent. */
  mayUseLegitimateInterest: boolean;
  /** Whether a withdrawal or objection stops it: contract and legal duty cannot be objected to. */
  stoppedByChoice: boolean;
  /** Whether quiet hours hold it, on the channels that disturb (sms, push, call, whatsapp). */
  quietHours: boolean;
  /** The group in which the tenant's cap counts it, if any. */
  capGroup: 'marketing' | null;
  /** How long after `dueAt` it is still worth saying, in milliseconds. */
  expiryMs: number;
  /** `refuse`: needs a guardian's consent under 18; `send`: a legal duty reaches everyone. */
  minors: 'refuse' | 'send';
  /** What to do with a row whose outcome stayed unknown: `resend` once, or `wait` for a person. */
  unknown: 'resend' | 'wait';
  /** Order of preference, never a limit. */
  channels: readonly Channel[];
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const contract: PurposeRules = {
  basis: 'contract',
  stream: 'service',
  dueClass: 'service',
  needs: 'nothing',
  recipient: 'person',
  mayUseLegitimateInterest: false,
  stoppedByChoice: false,
  quietHours: false,
  capGroup: null,
  expiryMs: 3 * DAY,
  minors: 'refuse',
  unknown: 'resend',
  channels: ['email', 'sms'],
};

const legalDuty: PurposeRules = {
  ...contract,
  basis: 'legal-duty',
  dueClass: 'recall',
  expiryMs: 365 * DAY,
  minors: 'send',
  channels: ['email', 'sms', 'push', 'whatsapp', 'call', 'letter'],
};

const legitimateInterest: PurposeRules = {
  ...contract,
  basis: 'legitimate-interest',
  stoppedByChoice: true,
  expiryMs: 7 * DAY,
  unknown: 'wait',
};

const marketing: PurposeRules = {
  ...legitimateInterest,
  basis: 'consent',
  stream: 'marketing',
  dueClass: 'marketing',
  needs: 'soft-opt-in',
  quietHours: true,
  capGroup: 'marketing',
  expiryMs: DAY,
};

/**
 * The one table of purposes (DESIGN, the gate; `policy.md` for the law). The gate, the privacy notice, the record of
 * processing (GDPR 30) and the console read it.
 */
export const RULES: Record<Purpose, PurposeRules> = {
  booking: contract,
  receipt: { ...contract, expiryMs: 7 * DAY },
  delivery: contract,
  support: contract,
  recall: legalDuty,
  'legal-notice': legalDuty,
  handoff: { ...contract, recipient: 'provider', channels: ['email'], unknown: 'wait' },
  'enquiry-follow-up': legitimateInterest,
  survey: legitimateInterest,
  'offer-call': { ...legitimateInterest, quietHours: true, expiryMs: 2 * DAY, channels: ['call'] },
  'abandoned-booking': { ...marketing, mayUseLegitimateInterest: true },
  newsletter: marketing,
  offers: marketing,
  news: marketing,
  inspiration: marketing,
  benefits: marketing,
  recommendations: { ...marketing, needs: 'consent' },
  audience: { ...marketing, needs: 'consent', channels: ['audience'] },
  'market-research': { ...marketing, needs: 'consent', mayUseLegitimateInterest: true, expiryMs: 7 * DAY },
  // No message of its own: it rides in one that was permitted, so neither hours nor caps are its own.
  measurement: { ...marketing, needs: 'own-consent', quietHours: false, capGroup: null },
};

/** Channels that disturb: quiet hours hold marketing on them; email goes at any hour. */
export const DISTURBING: readonly Channel[] = ['sms', 'push', 'call', 'whatsapp'];
