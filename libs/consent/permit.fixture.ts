import type { Channel } from '#purposes/channel';
import type { Policy } from '#purposes/policy';
import type { Purpose } from '#purposes/purpose';
import { type CustomerFacts, type Facts, maySend, type Permit } from './may-send.js';

/** A tenant's policy with everything ordinary. */
export const ordinaryPolicy: Policy = {
  quietHours: { from: '21:00', to: '08:00' },
  serviceHours: { from: '08:00', to: '20:00' },
  caps: { marketing: { max: 5, withinMs: 7 * 24 * 3_600_000 } },
  softOptIn: true,
  legitimateInterest: {},
  showServiceNames: false,
  unknownAge: 'adult',
  timeZone: 'Europe/Stockholm',
  maxEventAgeMs: 72 * 3_600_000,
  retentionMonths: 36,
  minors: { deleteAfterMs: 30 * 24 * 3_600_000 },
};

/** A customer with nothing against them, and nothing given. */
export const plainCustomer: CustomerFacts = {
  id: 'anna',
  erasedAt: null,
  restrictedAt: null,
  birthDate: '1980-05-17',
  guardianConsentAt: null,
  timeZone: null,
  choices: [],
  softOptIns: [],
  sends: [],
};

/** Facts with which every contract message goes out. */
export const goodFacts: Facts = {
  customer: plainCustomer,
  address: 'anna@example.se',
  suppressions: [],
  hasSender: true,
  otherChannelUsable: false,
  duplicateOf: null,
  tooLate: null,
  contentProblem: null,
  allowed: true,
  paused: null,
};

/** A real permit, got from the gate with facts that are all good. */
export function permitFor(wanted: {
  message: string;
  ref: string;
  channel: Channel;
  address: string;
  tenant?: string;
  purpose?: Purpose;
  startedMono?: number;
  now?: Date;
}): Permit {
  const { message, ref, channel, address, tenant = 'wellnesskliniken', purpose = 'booking' } = wanted;
  const { startedMono = 0, now = new Date('2026-10-05T10:00:00Z') } = wanted;
  const ask = { tenant, customer: 'anna', message, ref, purpose, channel, startedMono, expiresAt: null };
  const decision = maySend(ask, { ...goodFacts, address }, ordinaryPolicy, now);
  if (decision.kind !== 'permit') throw new Error(`the gate says ${decision.kind} ${decision.reason}`);
  return decision.permit;
}
