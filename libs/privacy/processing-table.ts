import type { Purpose } from '#purposes/purpose';
import type { Basis } from '#purposes/purposes';
import type { OwnProcessing } from '#tenants/tenant-privacy';

/**
 * By which right something is done, as the gate asks for it: `soft-opt-in` and `own-consent` are what the table's `needs`
 * says of a consent.
 */
export type Ground = Basis | 'soft-opt-in' | 'own-consent';

/** Categories of persons (GDPR 30(1)(c)). */
export const PERSONS = ['customer', 'visitor', 'guardian', 'contact'] as const;
export type Person = (typeof PERSONS)[number];

/** Categories of personal data, in the order in which they are told. */
export const PERSONAL_DATA = [
  'name',
  'contact',
  'booking',
  'purchase',
  'enquiry',
  'payment', // never a card number: it is masked before anything is kept
  'birth-date',
  'guardian',
  'choices',
  'messages', // what was sent, when, and what became of it
  'replies',
  'survey',
  'attributes',
  'notes',
  'identity',
  'account',
  'opens',
  'website',
] as const;
export type PersonalData = (typeof PERSONAL_DATA)[number];

const PERSON = ['name', 'contact', 'birth-date', 'guardian', 'choices', 'messages'] as const;
const wanted = { data: [...PERSON, 'booking', 'purchase'] } as const;

/** What each purpose of the table takes. A new purpose does not compile without. */
export const USED_FOR: Record<Purpose, { data: readonly PersonalData[] }> = {
  booking: { data: [...PERSON, 'booking', 'replies'] },
  receipt: { data: [...PERSON, 'booking', 'purchase', 'payment'] },
  delivery: { data: [...PERSON, 'purchase'] },
  support: { data: [...PERSON, 'booking', 'purchase', 'enquiry', 'replies'] },
  recall: { data: ['name', 'contact', 'messages', 'purchase'] },
  'legal-notice': { data: ['name', 'contact', 'messages', 'booking', 'purchase'] },
  handoff: { data: ['name', 'contact', 'booking', 'messages'] },
  'enquiry-follow-up': { data: [...PERSON, 'enquiry', 'replies'] },
  survey: { data: [...PERSON, 'booking', 'survey'] },
  'offer-call': { data: [...PERSON, 'enquiry'] },
  'abandoned-booking': { data: [...PERSON, 'booking'] },
  newsletter: wanted,
  offers: wanted,
  news: wanted,
  inspiration: wanted,
  benefits: wanted,
  recommendations: { data: [...wanted.data, 'attributes'] },
  audience: { data: [...wanted.data, 'attributes'] },
  'market-research': { data: [...PERSON, 'booking', 'replies'] },
  measurement: { data: ['contact', 'choices', 'messages', 'opens'] },
};

interface OwnRow {
  ground: Ground;
  persons: readonly Person[];
  data: readonly PersonalData[];
}

/** The same of what a tenant does beside. */
export const OWN: Record<OwnProcessing, OwnRow> = {
  'online-account': { ground: 'contract', persons: ['customer'], data: ['name', 'contact', 'account'] },
  payment: { ground: 'contract', persons: ['customer'], data: ['name', 'contact', 'purchase', 'payment'] },
  'credit-check': {
    ...{ ground: 'legitimate-interest', persons: ['customer'] },
    data: ['name', 'contact', 'identity', 'payment'],
  },
  'identity-check': {
    ...{ ground: 'contract', persons: ['customer', 'guardian'] },
    data: ['name', 'identity', 'birth-date'],
  },
  'address-check': { ground: 'legitimate-interest', persons: ['customer'], data: ['name', 'contact'] },
  notes: { ground: 'contract', persons: ['customer'], data: ['name', 'notes'] },
  'legal-duty': {
    ...{ ground: 'legal-duty', persons: ['customer'] },
    data: ['name', 'contact', 'booking', 'purchase', 'payment'],
  },
  'fraud-prevention': {
    ...{ ground: 'legitimate-interest', persons: ['customer', 'visitor'] },
    data: ['name', 'contact', 'booking', 'purchase', 'payment', 'website'],
  },
  'service-improvement': {
    ...{ ground: 'legitimate-interest', persons: ['customer', 'visitor'] },
    data: ['booking', 'purchase', 'survey', 'website'],
  },
  website: { ground: 'legitimate-interest', persons: ['visitor'], data: ['website'] },
};
