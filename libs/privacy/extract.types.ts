import type { Measure } from '#campaigns/measure';
import type { Booking } from '#customers/booking.types';
import type { Complaint } from '#customers/complaint.store';
import type { Customer } from '#customers/customer.types';
import type { Purchase } from '#customers/purchase.store';
import type { SurveyAnswer } from '#customers/survey-answer.store';
import type { MessageRow } from '#messages/message.types';
import type { Choice } from '#purposes/choice';
import type { Basis } from '#purposes/purposes';
import type { Stream } from '#purposes/stream';
import type { PrivacyRequest } from './request.js';
import type { SafetyEntry } from './safety-register.store.js';

/** Names the shape below; a member is added under the same name, a change of one is a new name. */
export const EXTRACT_FORMAT = 'lagom-extract/1';

/** Without how it is kept. */
type Told<T, Inner extends keyof T = never> = Omit<T, '_id' | 'tenant' | 'customer' | 'rev' | Inner>;

/** A message as its person may see it: what it was for, where it went, and why, or why not. */
export type ExtractedMessage = Pick<
  MessageRow,
  'purpose' | 'stream' | 'channel' | 'status' | 'reason' | 'dueAt' | 'createdAt' | 'content'
> & {
  id: string;
  booking: string | null;
  history: MessageRow['history'];
  /** Each question that was asked before it was, or was not, sent, and what was seen. */
  why: MessageRow['trace'];
  attempts: { channel: string; at: Date; outcome: string | null; account: string | null }[];
};

/** Whoever was given something of the person's. */
export interface Recipient {
  name: string;
  /** `processor`: works for the controller, by its instructions. */
  role: 'processor' | 'recipient';
  what: string;
  first: Date;
  last: Date;
  times: number;
}

/** Everything that is stored about one person (GDPR 15 and 20): structured, as JSON goes. Absent lists are empty. */
export interface PersonExtract {
  format: typeof EXTRACT_FORMAT;
  madeAt: Date;
  controller: { name: string; email: string; phone: string; address: string };
  person: {
    id: string;
  } & Pick<
    Customer,
    | 'name'
    | 'email'
    | 'phone'
    | 'locale'
    | 'timeZone'
    | 'birthDate'
    | 'guardianConsent'
    | 'address'
    | 'devices'
    | 'attributes'
    | 'marketingPausedUntil'
    | 'restrictedAt'
    | 'erasedAt'
    | 'createdAt'
    | 'updatedAt'
  >;
  /** Where it comes from (GDPR 15(1)(g)). */
  sources: { what: string; from: string; event: string | null; at: Date | null }[];
  /** How long it is kept, by the tenant's file, and why; `until` null: not by a date (a restriction, an open request). */
  retention: { months: number; countedFrom: Date; until: Date | null; why: string };
  /** What is done with it, and on which ground. */
  purposes: { purpose: string; basis: Basis; stream: Stream }[];
  bookings: Told<Booking, 'gen' | 'sequence'>[];
  purchases: Told<Purchase>[];
  /** Everything that was chosen, with its proof, in the order in which it was heard. */
  choices: Choice[];
  softOptIns: Customer['softOptIns'];
  /** What stands against an address of theirs. */
  suppressions: {
    address: string | null;
    channel: string;
    cause: string;
    scope: string;
    at: Date;
  }[];
  messages: ExtractedMessage[];
  /** What was opened and clicked of what, where they consented to its measuring; times are theirs, machines have none. */
  measured: (Pick<Measure, 'campaign' | 'purpose' | 'sentAt' | 'opens' | 'clicks'> & { message: string })[];
  /** What the capturing senders kept instead of sending. */
  captured: { at: Date; channel: string; to: string; subject: string | null; text: string }[];
  surveyAnswers: Told<SurveyAnswer>[];
  replies: { channel: string; text: string; at: Date }[];
  tasks: { kind: string; status: string; purpose: string | null; openedAt: Date; endedAt: Date | null }[];
  /** What was passed on to others by name (a handoff). */
  disclosures: { at: Date; recipient: string; kind: string; data: unknown }[];
  recipients: Recipient[];
  requests: Told<PrivacyRequest>[];
  /** Complaints and warranty matters: that there is one, not what it says. */
  complaints: Told<Complaint>[];
  /** What is kept so that a recall can warn them (GPSR art. 35), and until when. */
  safetyRegister: Told<SafetyEntry>[];
  /** When staff looked at it or changed it; who of them is not the person's to know (CJEU C-579/21). */
  staffActs: { at: Date; what: string }[];
  /** When the address was asked to confirm something. */
  confirmationsAsked: Date[];
  /** Links that were made for them. */
  links: { use: string; message: string; purpose: string; channel: string }[];
  /** Events about them that could not be read: masked, deleted after 30 days. */
  unreadable: { at: Date; type: string | null; reason: string; text: string }[];
}
