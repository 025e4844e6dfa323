import type { SaidChoice } from '#purposes/choice';
import type { Customer, GuardianConsent, PostalAddress } from './customer.types.js';

/**
 * As much of a customer as the gate and a campaign's content look at: for who asks about everybody of a segment. Their
 * choices come without their proof, their address is its country.
 */
export type Prospect = Pick<
  Customer,
  | 'customer'
  | 'name'
  | 'locale'
  | 'timeZone'
  | 'birthDate'
  | 'softOptIns'
  | 'sends'
  | 'marketingPausedUntil'
  | 'restrictedAt'
> & {
  /** Only on the channel that is asked about. */
  email?: string | null;
  phone?: string | null;
  choiceLog: SaidChoice[];
  guardianConsent?: Pick<GuardianConsent, 'at'> | null;
  address?: Pick<PostalAddress, 'country'> | null;
};

const SAID = {
  ...{ purpose: 1, channel: 1, state: 1, at: 1, recordedAt: 1, via: 1, version: 1, lifts: 1, address: 1 },
} satisfies Record<keyof SaidChoice, 1>;
const WHOLE = {
  ...{ customer: 1, name: 1, locale: 1, timeZone: 1, birthDate: 1, softOptIns: 1, sends: 1 },
  ...{ marketingPausedUntil: 1, restrictedAt: 1 },
} as const;
const COMMON = {
  ...{ _id: 0, ...WHOLE, 'guardianConsent.at': 1 },
  ...Object.fromEntries(Object.keys(SAID).map((field) => [`choiceLog.${field}`, 1])),
} as const;

/** What is read of each: who is asked for is not erased, so that is not. The country says how a number is written in an SMS. */
export const prospectFields = (channel: 'email' | 'sms') =>
  channel === 'email' ? { ...COMMON, email: 1 } : { ...COMMON, phone: 1, 'address.country': 1 };

/** What `readProspect` looks for among a person's fields, and among those of each of their choices. */
export const SAID_FIELDS = Object.keys(SAID);
export const PROSPECT_FIELDS = [
  ...Object.keys(WHOLE),
  ...['guardianConsent', 'choiceLog', 'email', 'phone', 'address'],
];
