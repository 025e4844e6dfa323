import type { Route } from '#channels/failover';
import { channelsFor, isUsable } from '#consent/choose-channel';
import { pausedUntil } from '#consent/pause';
import { mayMeasure } from '#consent/may-measure';
import { maySend, type Decision, type Facts, type Permit } from '#consent/may-send';
import type { Booking } from '#customers/booking.types';
import type { Customer, Send } from '#customers/customer.types';
import { generationKey } from '#events/generation';
import type { MessageRow } from '#messages/message.types';
import { nonce } from '#platform/mongo';
import { MY_DATA } from '#privacy/own-link-row';
import { CHANNELS, type Channel } from '#purposes/channel';
import type { Policy } from '#purposes/policy';
import { addressOn, customerFacts } from '#privacy/person-facts';
import { RULES } from '#purposes/purposes';
import { REFUSALS, type Hold, type Refusal } from '#purposes/reason';
import type { Stream } from '#purposes/stream';
import type { Trace, TraceStep } from '#purposes/trace';
import type { CompiledContent } from '#rendering/compile-content';
import type { OfCampaign } from './load-campaigns.js';
import type { BatchFacts } from './load-facts.js';

/** What the house can do: which senders there are, what LAGOM_SEND lets out, which templates exist. */
export interface Means {
  has(tenant: string, stream: Stream, channel: Channel): boolean;
  allowed(channel: Channel, address: string): boolean;
  /** Why there is no content for it; null where there is. */
  contentProblem(template: string, channel: Channel): string | null;
  /** By which account it would go now, or for how long all of them rest; null: accounts are not told apart. */
  route(row: MessageRow, channel: Channel): Route | null;
  /** Whether mails of this stream can go many in a call. */
  shares(tenant: string, stream: Stream): boolean;
}

/** The sibling that is being sent is waited for this long at a time. */
export const SIBLING_WAIT_MS = 2_000;

export type Decided =
  | {
      kind: 'send';
      row: MessageRow;
      customer: Customer;
      booking: Booking | null;
      channel: Channel;
      address: string;
      /** null: the sender's first. */
      account: string | null;
      ref: string;
      /** Of a campaign: what is said. */
      content: CompiledContent | null;
      /** Whether it may be seen what is opened of it. */
      measured: boolean;
      permit: Permit;
      trace: Trace;
    }
  | { kind: 'refuse'; row: MessageRow; reason: Refusal; trace: Trace; channel: Channel }
  | { kind: 'hold'; row: MessageRow; reason: Hold; until: Date; trace: Trace }
  /** Not now, and nobody's fault: it is asked about again, soon. */
  | { kind: 'wait'; row: MessageRow; until: Date; why: string }
  /** Its campaign is paused: it waits for that campaign again, without a `dueAt`. */
  | { kind: 'give-back'; row: MessageRow }
  /** Its campaign is over for good. */
  | { kind: 'cancel'; row: MessageRow; was: 'cancelled' | 'archived' };

/** The gate, in order for each person, counting what this pass has just permitted (PROTOCOL A3). Pure but for the refs. */
export function decide(
  rows: readonly MessageRow[],
  facts: BatchFacts,
  policy: Policy,
  means: Means,
  now: Date,
  startedMono: number,
): Decided[] {
  const permitted = new Map<string, Send[]>();
  const decided: Decided[] = [];
  // What is being sent: since before this pass, or as this pass has just said.
  const underWay = new Set(facts.inFlight.map(subjectKey));
  // Addresses that rows of campaigns take in this pass.
  const taken = new Map<string, string>();
  for (const row of rows) {
    const of = row.campaign === null ? null : (facts.campaigns?.get(row._id) ?? null);
    if (row.campaign !== null && of?.stands !== 'sending') {
      const stands = of?.stands ?? 'waits';
      decided.push(stands === 'waits' ? { kind: 'give-back', row } : { kind: 'cancel', row, was: stands });
      continue;
    }
    if (underWay.has(subjectKey(row))) {
      const until = new Date(now.getTime() + SIBLING_WAIT_MS);
      decided.push({ kind: 'wait', row, until, why: 'another message about the same is under way' });
      continue;
    }
    const customer = facts.customers.get(row.customer) ?? null;
    // A message that held a place already and comes again is still one.
    const own = permitted.get(row.customer) ?? [];
    const held = (customer?.sends ?? []).filter((send) => !own.some(({ id }) => id === send.id));
    const sends = [...held, ...own];
    const known = of && {
      ...of,
      duplicateOf: of.duplicateOf ?? taken.get(addressKey(row, customer)) ?? null,
    };
    const one = decideOne(row, known, customer, sends, facts, policy, means, now, startedMono);
    decided.push(one);
    if (one.kind === 'send') {
      if (of !== null) taken.set(addressKey(row, customer), row._id);
      const send: Send = { id: row._id, at: now, group: RULES[row.purpose].capGroup };
      permitted.set(row.customer, [...(permitted.get(row.customer) ?? []), send]);
      underWay.add(subjectKey(row));
    }
  }
  return decided;
}

function decideOne(
  row: MessageRow,
  of: OfCampaign | null,
  customer: Customer | null,
  sends: readonly Send[],
  facts: BatchFacts,
  policy: Policy,
  means: Means,
  now: Date,
  startedMono: number,
): Decided {
  const person = customer === null ? null : customerFacts(customer, sends);
  const booking = row.booking === null ? null : (facts.bookings.get(row.booking) ?? null);
  const available = CHANNELS.filter((channel) => means.has(row.tenant, row.stream, channel));
  const answersOn = row.subject.kind === 'request' && row.channel !== 'email' ? row.channel : undefined;
  const candidates =
    row.fixedChannel === true
      ? [{ channel: row.channel, onlyAfter: 'any' as const }]
      : channelsFor(row.purpose, { choices: person?.choices ?? [] }, available, answersOn);
  const usable = (channel: Channel): boolean =>
    person !== null &&
    isUsable(row.purpose, channel, {
      customer: person,
      address: addressOn(channel, customer),
      suppressions: suppressionsOn(channel, customer, facts),
      hasSender: means.has(row.tenant, row.stream, channel),
    });

  const trace: TraceStep[] = [];
  let first: { reason: Refusal; channel: Channel } | null = null;
  let last: Refusal | null = null;
  const asked = candidates.length > 0 ? candidates : [{ channel: row.channel, onlyAfter: 'any' as const }];
  for (const { channel, onlyAfter } of asked) {
    if (last !== null && onlyAfter !== 'any' && !onlyAfter.includes(last)) break;
    const address = addressOn(channel, customer);
    const ref = nonce();
    const decision: Decision = maySend(
      {
        tenant: row.tenant,
        customer: row.customer,
        message: row._id,
        ref,
        purpose: row.purpose,
        channel,
        startedMono,
        expiresAt: row.expiresAt,
        ownRequest: row.journey === MY_DATA,
      },
      {
        customer: person,
        address,
        suppressions: address === null ? [] : suppressionsOn(channel, customer, facts),
        hasSender: means.has(row.tenant, row.stream, channel),
        otherChannelUsable: candidates.some((other) => other.channel !== channel && usable(other.channel)),
        duplicateOf: of?.duplicateOf ?? null,
        tooLate: tooLate(row, booking, facts, now),
        contentProblem: of === null ? means.contentProblem(row.template, channel) : of.problem,
        allowed: address === null ? false : means.allowed(channel, address),
        paused: pausedUntil(facts.pauses, { purpose: row.purpose, channel }, now),
      } satisfies Facts,
      policy,
      now,
    );
    for (const { check, saw, passed } of decision.trace) trace.push({ check, saw, passed, channel });
    switch (decision.kind) {
      case 'permit': {
        if (customer === null || address === null)
          throw new Error('the gate permitted without a person or address');
        const way = means.route(row, channel);
        if (way?.kind === 'wait') {
          // Not a hold: nothing is reserved or claimed for a provider that nobody asks just now.
          const until = new Date(now.getTime() + way.ms);
          return { kind: 'wait', row, until, why: `its ${channel} account rests` };
        }
        return {
          kind: 'send',
          row,
          customer,
          booking,
          channel,
          address,
          account: way?.account ?? null,
          ref,
          content: of?.content ?? null,
          measured: isMeasured(row, channel, customer, suppressionsOn(channel, customer, facts), policy, now),
          permit: decision.permit,
          trace,
        };
      }
      case 'hold':
        return { kind: 'hold', row, reason: decision.reason, until: decision.until, trace };
      case 'refuse':
        last = decision.reason;
        if (first === null || isBetter(last, first.reason)) {
          first = { reason: last, channel };
        }
    }
  }
  if (first === null) throw new Error(`no channel was asked for ${row.purpose}`);
  return { kind: 'refuse', row, reason: first.reason, trace, channel: first.channel };
}

/**
 * Mails of campaigns only, of the stream that `measurement` belongs to: nobody reads a report of another. What was decided
 * when it was first sent stands, but for a yes that was taken back since.
 */
function isMeasured(
  row: MessageRow,
  channel: Channel,
  customer: Customer,
  suppressions: Facts['suppressions'],
  policy: Policy,
  now: Date,
): boolean {
  if (row.campaign === null || row.stream !== 'marketing' || channel !== 'email') return false;
  if (row.content !== null && row.content.measured !== true) return false;
  const person = { customer: customerFacts(customer), address: addressOn(channel, customer), suppressions };
  return mayMeasure(row.tenant, person, policy, now);
}

/**
 * Over several channels: a channel that the person does not have says less than what stopped one that they have; else the
 * first in the published order.
 */
function isBetter(reason: Refusal, than: Refusal): boolean {
  if (than === 'no-address' || reason === 'no-address')
    return than === 'no-address' && reason !== 'no-address';
  return REFUSALS.indexOf(reason) < REFUSALS.indexOf(than);
}

function suppressionsOn(
  channel: Channel,
  customer: Customer | null,
  facts: BatchFacts,
): Facts['suppressions'] {
  const address = addressOn(channel, customer);
  // What was not asked about is not known, and the gate says no.
  return address === null ? [] : facts.suppressions.get(address);
}

/** Why a row is past its use; null where it is not. */
function tooLate(row: MessageRow, booking: Booking | null, facts: BatchFacts, now: Date): string | null {
  if (row.subject.kind === 'request' || row.subject.kind === 'campaign') return null;
  // It was looked for three times: no fact, no permit.
  if (booking === null && row.booking !== null) return 'the booking is not known any more';
  if (row.subject.kind === 'cart') {
    if (facts.doneCarts.has(row.subject.id)) return 'the cart has led to a booking';
    return booking !== null && booking.status !== 'started' ? 'the booking has been made' : null;
  }
  if (booking === null) return 'the booking is not known any more';
  if (generationKey(booking.gen) !== row.gen) return 'a newer generation of the booking is known';
  if (row.usefulUntil === null) return null;
  // Of one generation too: a booking system may call off without counting on.
  if (booking.status === 'cancelled') return 'the booking was cancelled';
  return row.usefulUntil <= now ? 'the visit has begun' : null;
}

function subjectKey({ customer, subject }: MessageRow): string {
  return JSON.stringify([customer, subject.kind, subject.id]);
}

function addressKey({ campaign, channel }: MessageRow, customer: Customer | null): string {
  return JSON.stringify([campaign, addressOn(channel, customer)]);
}
