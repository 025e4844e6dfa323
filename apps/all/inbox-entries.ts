import { createHash } from 'node:crypto';
import type { InboxHeadline } from '#channels/inbox.store';
import type { Headline } from '#messages/headline';
import type { Status } from '#messages/moves';
import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import type { Reason } from '#purposes/reason';
import { aboutWords, whyNot } from './inbox-words.js';

export const STATES = ['sent', 'not-sent', 'planned'] as const;
/** `sent`: it is in the inbox. `not-sent`: it ended without. `planned`: it may still go. */
export type State = (typeof STATES)[number];

/** One message in the list: a row of the ledger, and what it sent if it did. */
export interface Entry {
  /** Short, fit for a URL. */
  key: string;
  message: string;
  tenant: string;
  state: State;
  status: Status | null;
  reason: Reason | null;
  purpose: Purpose;
  channel: Channel;
  customer: string | null;
  booking: string | null;
  event: string | null;
  to: string | null;
  /** Its subject, how it begins, or what it is about. */
  line: string;
  /** Why it did not go or waits, in plain words. */
  why: string;
  /** When it was sent or ended; when it is due, where it is planned. */
  at: Date;
}

export interface EntryFilter {
  tenant?: string | undefined;
  state?: State | undefined;
  /** Anything that is said of it: an address, a customer, a booking, an event, the subject. */
  find?: string | undefined;
  to?: string | undefined;
  purpose?: Purpose | undefined;
  channel?: Channel | undefined;
}

/** The ledger and the inbox as one list, newest first, what is due last on top. */
export function joinEntries(rows: readonly Headline[], captured: readonly InboxHeadline[]): Entry[] {
  const sent = new Map<string, InboxHeadline>();
  // Newest first: of a message that was tried again, its last try is shown.
  for (const message of captured) if (!sent.has(message.message)) sent.set(message.message, message);
  const entries = rows.flatMap((row) => {
    const message = sent.get(row._id);
    sent.delete(row._id);
    const state = message === undefined ? stateOf(row.status) : 'sent';
    return state === null ? [] : [entryOf(row, message, state)];
  });
  const orphans = [...sent.values()].map((message): Entry => ({
    ...common(message.message, message),
    ...{ state: 'sent', status: null, reason: null, customer: null, booking: null, event: null, why: '' },
    ...{ purpose: message.purpose, channel: message.channel, line: lineOf(message), at: message.at },
  }));
  return [...entries, ...orphans].sort((a, b) => b.at.getTime() - a.at.getTime());
}

function entryOf(row: Headline, message: InboxHeadline | undefined, state: State): Entry {
  const last = row.history.at(-1);
  const { status, reason, customer, booking, event, purpose } = row;
  return {
    ...common(row._id, { tenant: row.tenant, to: message?.to ?? null }),
    ...{ state, status, reason, customer, booking, event, purpose },
    channel: message?.channel ?? row.channel,
    line: message === undefined ? aboutWords(row.journey, purpose) : lineOf(message),
    why: state === 'sent' ? '' : whyNot(row, last?.why),
    at: message?.at ?? (state === 'planned' ? row.dueAt : last?.at) ?? row.createdAt,
  };
}

const common = (message: string, { tenant, to }: { tenant: string; to: string | null }) => ({
  key: keyOf(message),
  message,
  tenant,
  to,
});

const lineOf = ({ subject, begins }: InboxHeadline): string => subject ?? begins ?? '';

export const keyOf = (message: string): string =>
  createHash('sha256').update(message).digest('base64url').slice(0, 12);

/** Of a message that is not in the inbox; null where it went, and the inbox was emptied since. */
function stateOf(status: Status): State | null {
  switch (status) {
    case 'planned':
    case 'released':
    case 'sending':
      return 'planned';
    case 'refused':
    case 'cancelled':
    case 'expired':
    case 'failed':
    case 'unknown':
      return 'not-sent';
    case 'accepted':
    case 'delivered':
    case 'bounced':
    case 'complained':
      return null;
  }
}

/** Whose message it is, among all tenants'. */
export const personOf = ({ tenant, customer }: Pick<Entry, 'tenant' | 'customer'>): string =>
  `${tenant}/${customer ?? ''}`;

/** All but the state: the tabs count each state of what is left. `names` of people are looked through where they are given. */
export function matching(
  entries: readonly Entry[],
  filter: EntryFilter,
  names: ReadonlyMap<string, string> | null,
): Entry[] {
  const { tenant, to, purpose, channel } = filter;
  const find = filter.find?.trim().toLowerCase() ?? '';
  return entries.filter(
    (one) =>
      (tenant === undefined || one.tenant === tenant) &&
      (to === undefined || one.to === to) &&
      (purpose === undefined || one.purpose === purpose) &&
      (channel === undefined || one.channel === channel) &&
      (find === '' ||
        [
          names?.get(personOf(one)),
          ...[one.to, one.customer, one.booking, one.event, one.line, one.purpose],
        ].some((text) => text?.toLowerCase().includes(find))),
  );
}

/** How many stand on a page, and how many of what is planned stand above the present. */
export const PAGE = 40;
const AHEAD = 3;

export interface EntryPage {
  /** Planned ones nearest to now, the farthest first; how many more are planned. */
  ahead: Entry[];
  moreAhead: number;
  entries: Entry[];
  page: number;
  pages: number;
}

/** One page: what is planned alone goes from the next on; else the past, with what comes next above it. */
export function pageOf(entries: readonly Entry[], state: State | undefined, asked: number): EntryPage {
  const planned = entries.filter((one) => one.state === 'planned').reverse();
  const past = entries.filter((one) => one.state !== 'planned');
  const of =
    state === 'planned' ? planned : state === undefined ? past : past.filter((one) => one.state === state);
  const pages = Math.max(1, Math.ceil(of.length / PAGE));
  const page = Math.min(Math.max(1, asked), pages);
  const ahead = state === undefined && page === 1 ? planned.slice(0, AHEAD).reverse() : [];
  return {
    ahead,
    moreAhead: state === undefined && page === 1 ? planned.length - ahead.length : 0,
    entries: of.slice((page - 1) * PAGE, page * PAGE),
    page,
    pages,
  };
}
