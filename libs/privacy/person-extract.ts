import type { Measure } from '#campaigns/measure';
import type { CapturedMessage } from '#channels/inbox.store';
import type { CodeUse } from '#consent/short-code.store';
import type { LinkPayload } from '#consent/link-payload';
import type { Suppression } from '#consent/suppression';
import type { Booking } from '#customers/booking.types';
import type { Complaint } from '#customers/complaint.store';
import type { Customer } from '#customers/customer.types';
import type { Purchase } from '#customers/purchase.store';
import type { Reply } from '#customers/reply.store';
import type { SurveyAnswer } from '#customers/survey-answer.store';
import type { Task } from '#customers/task';
import type { WaitingEvent } from '#customers/waiting-event.store';
import type { MessageRow } from '#messages/message.types';
import type { DeadLetter } from '#messaging/dead-letter.store';
import { PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { accountsOf, type Account, type Tenant } from '#tenants/tenant';
import type { AuditEntry } from './audit.store.js';
import { EXTRACT_FORMAT, type PersonExtract, type Recipient } from './extract.types.js';
import type { PrivacyRequest } from './request.js';
import { fateOf, lastVisit } from './retention-plan.js';
import type { SafetyEntry } from './safety-register.store.js';
import { isSubscriber } from './subscribers.js';

/** What the stores hold of one person. */
export interface KeptOfPerson {
  bookings: readonly Booking[];
  purchases: readonly Purchase[];
  answers: readonly SurveyAnswer[];
  events: readonly WaitingEvent[];
  tasks: readonly Task[];
  replies: readonly Reply[];
  rows: readonly MessageRow[];
  letters: readonly DeadLetter[];
  codes: readonly { use: CodeUse; message: string; payload: LinkPayload }[];
  requests: readonly PrivacyRequest[];
  complaints: readonly Complaint[];
  register: readonly SafetyEntry[];
  measures: readonly Measure[];
  acts: readonly AuditEntry[];
  /** With the address that it is about; null: one that is known by its hash only. */
  records: readonly { address: string | null; record: Suppression }[];
  captured: readonly CapturedMessage[];
  asked: readonly Date[];
}

/** The extract of one person, made of what was read. Pure. */
export function personExtract(
  tenant: Tenant,
  customer: Customer,
  kept: KeptOfPerson,
  now: Date,
): PersonExtract {
  return {
    format: EXTRACT_FORMAT,
    madeAt: now,
    controller: {
      name: tenant.legalName,
      email: tenant.email,
      phone: tenant.phone,
      address: [...tenant.address.lines, `${tenant.address.postalCode} ${tenant.address.city}`].join(', '),
    },
    person: factsOf(customer),
    sources: sourcesOf(customer),
    retention: retentionOf(tenant, customer, kept, now),
    purposes: PURPOSES.map((purpose) => ({
      purpose,
      basis: RULES[purpose].basis,
      stream: RULES[purpose].stream,
    })),
    bookings: kept.bookings.map((booking) => {
      const { gen: _gen, sequence: _sequence, ...rest } = told(booking);
      return rest;
    }),
    purchases: kept.purchases.map(told),
    choices: customer.choiceLog,
    softOptIns: customer.softOptIns,
    suppressions: kept.records.map(({ address, record }) => ({
      address,
      channel: record.channel,
      ...(record.kind === 'suppressed'
        ? { cause: record.cause, scope: record.scope }
        : { cause: record.state, scope: record.purpose }),
      at: record.at,
    })),
    messages: kept.rows.map((row) => ({
      id: row._id,
      purpose: row.purpose,
      stream: row.stream,
      channel: row.channel,
      status: row.status,
      reason: row.reason,
      booking: row.booking,
      dueAt: row.dueAt,
      createdAt: row.createdAt,
      content: row.content,
      history: row.history.map((step) => ({
        ...step,
        ...(step.why === undefined ? {} : { why: nameless(step.why) }),
      })),
      why: row.trace,
      attempts: row.attempts.map(({ channel, at, outcome, account }) => ({
        channel,
        at,
        outcome,
        account: account ?? null,
      })),
    })),
    measured: kept.measures.map(({ _id: message, campaign, purpose, sentAt, opens, clicks }) => ({
      ...{ message, campaign, purpose, sentAt, opens, clicks },
    })),
    captured: kept.captured.map(({ at, channel, to, subject, text }) => ({
      at,
      channel,
      to,
      subject: subject ?? null,
      text,
    })),
    surveyAnswers: kept.answers.map(told),
    replies: kept.replies.map(({ channel, text, at }) => ({ channel, text, at })),
    tasks: kept.tasks.map(({ kind, status, purpose, openedAt, endedAt }) => ({
      kind,
      status,
      purpose,
      openedAt,
      endedAt,
    })),
    disclosures: kept.events.flatMap(disclosure),
    recipients: recipientsOf(tenant, kept),
    requests: kept.requests.map((request) => ({
      ...told(request),
      log: request.log.map((step) => ({ ...step, by: byWhom(step.by) })),
    })),
    complaints: kept.complaints.map(told),
    safetyRegister: kept.register.map(told),
    staffActs: kept.acts.map(({ at, what }) => ({ at, what })),
    confirmationsAsked: [...kept.asked],
    links: kept.codes.map(({ use, message, payload: { purpose, channel } }) => ({
      use,
      message,
      purpose,
      channel,
    })),
    unreadable: kept.letters.map(({ at, type, reason, value }) => ({
      at,
      type,
      reason,
      text: Buffer.from(value, 'base64').toString('utf8'),
    })),
  };
}

function factsOf(customer: Customer): PersonExtract['person'] {
  const { name, email, phone, locale, timeZone, birthDate, guardianConsent, address } = customer;
  const { devices, attributes, restrictedAt, erasedAt, createdAt, updatedAt } = customer;
  return {
    id: customer.customer,
    ...{ name, email, phone, locale, timeZone, birthDate, guardianConsent, address, devices, attributes },
    marketingPausedUntil: customer.marketingPausedUntil ?? null,
    ...{ restrictedAt, erasedAt, createdAt, updatedAt },
  };
}

function retentionOf(
  { policy }: Tenant,
  customer: Customer,
  { bookings, purchases, requests, complaints }: KeptOfPerson,
  now: Date,
): PersonExtract['retention'] {
  const openRequests = requests.filter(({ status }) => status === 'open').length;
  const openComplaints = complaints.filter(({ status }) => status === 'open').length;
  const held = { customer, bookings, purchases, openComplaints, openRequests };
  const fate = fateOf(held, policy, now);
  return {
    months: policy.retentionMonths,
    countedFrom: lastVisit(held),
    until: fate.kind === 'keep' ? fate.until : fate.since,
    why: fate.why,
  };
}

function sourcesOf({ customer, gen, localeChosenAt }: Customer): PersonExtract['sources'] {
  const own = { from: 'the person', event: null };
  if (isSubscriber(customer)) return [{ what: 'address', ...own, at: null }];
  return [
    ...(gen === null
      ? []
      : [{ what: 'facts, bookings, purchases', from: 'booking system', event: gen.event, at: gen.time }]),
    ...(localeChosenAt ? [{ what: 'language', ...own, at: localeChosenAt }] : []),
    { what: 'choices, answers, replies', ...own, at: null },
  ];
}

/** Handoffs name whom they went to; what was passed on stands beside. */
function disclosure({ type, time, data }: WaitingEvent): PersonExtract['disclosures'] {
  if (type !== 'handoff.requested.v1') return [];
  const { recipient, data: passedOn } = JSON.parse(data) as {
    recipient: { name: string; kind: string };
    data: unknown;
  };
  return [{ at: time, recipient: recipient.name, kind: recipient.kind, data: passedOn }];
}

const PROCESSORS: Record<Account['kind'], string> = {
  sendgrid: 'Twilio SendGrid',
  twilio: 'Twilio',
  smtp: 'mail server',
};

/** Who was given an address or facts of theirs, from the tries at providers and from the handoffs. */
function recipientsOf(tenant: Tenant, { rows, events }: KeptOfPerson): Recipient[] {
  const met = new Map<string, Recipient>();
  const meet = (name: string, role: Recipient['role'], what: string, at: Date): void => {
    const key = `${role} ${name} ${what}`;
    const known = met.get(key);
    if (known === undefined) met.set(key, { name, role, what, first: at, last: at, times: 1 });
    else {
      met.set(key, {
        ...known,
        first: at < known.first ? at : known.first,
        last: at > known.last ? at : known.last,
        times: known.times + 1,
      });
    }
  };
  for (const { stream, attempts } of rows) {
    for (const { channel, at, account } of attempts) {
      if (channel !== 'email' && channel !== 'sms') continue;
      // Before accounts were written down there was one a sender.
      const name = account ?? accountsOf(tenant.senders[stream][channel])[0];
      const kind = name === undefined ? undefined : tenant.accounts[name]?.kind;
      const what = channel === 'email' ? 'email address and message' : 'phone number and message';
      meet(kind === undefined ? (name ?? channel) : PROCESSORS[kind], 'processor', what, at);
    }
  }
  for (const one of events.flatMap(disclosure)) meet(one.recipient, 'recipient', one.kind, one.at);
  return [...met.values()];
}

/** Without how it is kept. */
function told<T extends { _id: string; tenant: string }>(
  kept: T,
): Omit<T, '_id' | 'tenant' | 'customer' | 'rev'> {
  const {
    _id,
    tenant: _tenant,
    customer: _customer,
    rev: _rev,
    ...rest
  } = kept as T & {
    customer?: unknown;
    rev?: unknown;
  };
  void _id;
  return rest;
}

/** Who of the staff did it is not the person's to know (CJEU C-579/21). */
const byWhom = (by: string): string => (NOT_STAFF.includes(by) ? by : 'staff');
const NOT_STAFF = ['person', 'booking-system', 'lagom'];

const nameless = (why: string): string => why.replace(/^retried by .*/s, 'retried by staff');
