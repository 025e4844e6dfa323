import type { Choice } from '#purposes/choice';
import type { Generation } from '#events/generation';

export interface GuardianConsent {
  by: string;
  at: Date;
  evidence: string | null;
}

export interface PostalAddress {
  lines: string[];
  postalCode: string;
  city: string;
  country: string;
}

/** An address for which the condition of the soft opt-in is met (19 § marknadsföringslagen). */
export interface SoftOptIn {
  channel: 'email' | 'phone';
  address: string;
  at: Date;
}

/** A place that a permit took, so that caps count it and a change of facts can find it (PROTOCOL A4, B4). */
export interface Send {
  id: string;
  at: Date;
  group: string | null;
}

/** The facts that a person may correct (GDPR 16). */
export const CORRECTABLE = ['name', 'email', 'phone', 'birthDate', 'locale', 'timeZone', 'address'] as const;
export type CorrectableField = (typeof CORRECTABLE)[number];

/** That a fact was corrected, and which value must not come back: as a digest, since what was wrong is not kept. */
export interface Corrected {
  at: Date;
  was: string;
}

/** A person a tenant talks to. `rev` is a fresh nonce on every write (PROTOCOL, Fields). */
export interface Customer {
  _id: string;
  tenant: string;
  customer: string;
  rev: string;
  gen: Generation | null;
  name: string | null;
  /** Trimmed, NFC, lower case. */
  email: string | null;
  /** E.164. */
  phone: string | null;
  locale: string | null;
  timeZone: string | null;
  /** `YYYY-MM-DD`. */
  birthDate: string | null;
  guardianConsent: GuardianConsent | null;
  address: PostalAddress | null;
  devices: { token: string; platform: string }[];
  attributes: Record<string, string | number | boolean>;
  choiceLog: Choice[];
  softOptIns: SoftOptIn[];
  sends: Send[];
  /** Until when the person wants no marketing, though they have not said no (the preference centre). */
  marketingPausedUntil?: Date | null;
  /** When the person chose their language with us: events leave it alone from then on. */
  localeChosenAt?: Date | null;
  /** What the person had corrected: an event that only repeats what was wrong does not bring it back. */
  corrected?: Partial<Record<CorrectableField, Corrected>> | undefined;
  /**
   * Since when the person is known to be under 18 without a guardian's consent (minor-since.ts): their data waits for that
   * consent for so long as the tenant says, then it is deleted.
   */
  minorSince?: Date | null;
  restrictedAt: Date | null;
  erasedAt: Date | null;
  /** Of one who came back after an erasure: what was said up to then is refused (PROTOCOL F1). */
  erasedBefore: Date | null;
  /** Of one who turned out to be somebody else: who goes on for them. Nothing else of them is left here. */
  mergedInto?: string | null;
  /** Under which ids they were known before they were merged into this one. */
  formerIds?: string[];
  createdAt: Date;
  updatedAt: Date;
}

/** `_id` of a customer: both parts percent-encoded. */
export function customerKey(tenant: string, customer: string): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(customer)}`;
}

/** A customer of whom nothing is known yet. */
export function newCustomer(tenant: string, customer: string, now: Date): Customer {
  return {
    _id: customerKey(tenant, customer),
    tenant,
    customer,
    rev: '',
    gen: null,
    name: null,
    email: null,
    phone: null,
    locale: null,
    timeZone: null,
    birthDate: null,
    guardianConsent: null,
    address: null,
    devices: [],
    attributes: {},
    choiceLog: [],
    softOptIns: [],
    sends: [],
    restrictedAt: null,
    erasedAt: null,
    erasedBefore: null,
    createdAt: now,
    updatedAt: now,
  };
}

/**
 * What stands in place of somebody of whom nothing is to be left: every member, also those that may be absent, since a
 * write leaves alone what it does not name.
 */
export function emptied({ tenant, customer, rev, createdAt }: Customer, now: Date): Customer {
  return {
    ...newCustomer(tenant, customer, now),
    ...{ rev, createdAt, minorSince: null, marketingPausedUntil: null, localeChosenAt: null },
    ...{ mergedInto: null, formerIds: [], corrected: {} },
  };
}
