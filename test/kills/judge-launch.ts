import type { Customer } from '#customers/customer.types';
import { partOf } from '#launch/split';
import type { MessageRow } from '#messages/message.types';

/** Per cent of each campaign who are held out. */
export const HOLD_OUT = 10;

/** Somebody of a campaign, and what is to become of them. */
export interface Member {
  customer: Pick<Customer, 'customer' | 'email'>;
  /** Which of the campaigns. */
  campaign: number;
  /** `shared`: their address is another's of the same campaign too. `stranger`: not of its segment. */
  fate: 'permitted' | 'shared' | 'refused' | 'stranger';
}

/** Whether the lot holds this person out of the campaign. */
export const isHeldOut = (campaign: string, customer: string): boolean =>
  partOf(campaign, customer, HOLD_OUT, [{ name: 'A', template: '', version: 1, weight: 1 }]) !== 'A';

/**
 * What is wrong with how launches ended, one line each. Held against what was planted, not against what the house says of
 * it.
 * @param calls the addresses of all mails that reached the provider, as often as they did
 */
export function judgeLaunch(
  members: readonly Member[],
  campaigns: readonly string[],
  rows: readonly Pick<MessageRow, 'customer' | 'status' | 'reason'>[],
  calls: readonly string[],
): string[] {
  type Row = (typeof rows)[number];
  const breaches: string[] = [];
  const times = new Map<string, number>();
  for (const to of calls) times.set(to, (times.get(to) ?? 0) + 1);
  const rowsOf = new Map<string, Row[]>();
  for (const row of rows) rowsOf.set(row.customer, [...(rowsOf.get(row.customer) ?? []), row]);
  const shared = new Map<string, Row[]>();
  for (const { customer, campaign, fate } of members) {
    const { customer: id } = customer;
    const email = customer.email!;
    const own = rowsOf.get(id) ?? [];
    const [row] = own;
    const sent = times.get(email) ?? 0;
    const say = (what: string): void =>
      void breaches.push(`${id}: ${what} (${sent} calls, ${row?.status ?? 'no row'} ${row?.reason ?? ''})`);
    if (fate === 'stranger') {
      if (own.length > 0 || sent > 0) say('is not of the segment');
      continue;
    }
    if (own.length !== 1 || row === undefined) {
      say(`has ${own.length} rows`);
      continue;
    }
    const heldOut = isHeldOut(campaigns[campaign]!, id);
    if (heldOut && row.status !== 'cancelled') say('was held out');
    if (fate === 'shared') {
      if (!heldOut) shared.set(email, [...(shared.get(email) ?? []), row]);
      else if (!shared.has(email)) shared.set(email, []);
    } else if (heldOut || fate === 'refused') {
      if (sent > 0) say('may get nothing');
      if (!heldOut && row.status !== 'refused') say('is not refused');
    } else if (row.status === 'unknown') {
      if (sent > 1) say('got it more than once');
    } else if (sent !== 1 || row.status !== 'accepted') {
      say('is permitted, and did not get it once');
    }
  }
  for (const [email, sharing] of shared) {
    const sent = times.get(email) ?? 0;
    const inDoubt = sharing.some(({ status }) => status === 'unknown');
    const meant = Math.min(1, sharing.length);
    if (sent > meant || (sent < meant && !inDoubt)) breaches.push(`${email}: shared, and got ${sent}`);
    const accepted = sharing.filter(({ status }) => status === 'accepted').length;
    if (accepted > sent) breaches.push(`${email}: shared, and ${accepted} are said to be sent of ${sent}`);
  }
  const planted = new Set(members.map(({ customer }) => customer.customer));
  const addresses = new Set(members.map(({ customer }) => customer.email));
  for (const to of times.keys()) if (!addresses.has(to)) breaches.push(`${to}: nobody planted`);
  for (const id of rowsOf.keys()) if (!planted.has(id)) breaches.push(`${id}: has a row, and nobody planted`);
  return breaches;
}
