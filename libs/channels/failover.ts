import type { Channel } from '#purposes/channel';
import type { Outcome } from './outcome.js';

/** What a try left behind, as the ledger keeps it. */
export interface Tried {
  channel: Channel;
  /** Absent: the sender's first. */
  account?: string | undefined;
  outcome: string | null;
  /** The account turned it away, surely unsent, for reasons of its own: another may be asked. */
  passedOn?: boolean | undefined;
}

/** By which account a message goes now, or for how long none of them is to be tried. */
export type Route = { kind: 'by'; account: string } | { kind: 'wait'; ms: number };

/** `later`: there are others, and none of them may be asked just now. */
export type PassOn = 'now' | 'later' | 'never';

/** A provider that puts one off for longer is as good as away. */
const LONG_MS = 60_000;

/**
 * Whether another account may be asked for what this outcome left unsent. Only where it surely was not sent, and not for
 * this message's own faults: no connection, an open breaker, refused credentials, a rate limit that lasts. Never after a
 * 5xx, a timeout or a dropped line: those may have sent it.
 */
export function passesOn(outcome: Outcome): boolean {
  if (outcome.kind === 'rejected') return outcome.trouble !== undefined;
  return outcome.kind === 'retry-at' && (outcome.trouble !== undefined || outcome.afterMs > LONG_MS);
}

/**
 * The first account in the sender's order that may be tried and has not turned this message away. What may have been sent
 * by one account stays with it. Pure; `waitMs`: how long an account rests. Null: there is no account.
 */
export function route(
  accounts: readonly string[],
  tried: readonly Tried[],
  waitMs: (account: string) => number,
): Route | null {
  const [first] = accounts;
  if (first === undefined) return null;
  const held = heldBy(accounts, tried);
  const asked = held === null ? accounts : [held];
  const open = asked.filter((account) => waitMs(account) === 0);
  const passed = turnedAwayBy(accounts, tried);
  // All of them said no: the next round begins with the first.
  const account = open.find((one) => !passed.has(one)) ?? open[0];
  return account === undefined
    ? { kind: 'wait', ms: Math.min(...asked.map(waitMs)) }
    : { kind: 'by', account };
}

/** Whether there is an account that has not turned this message away in this round, and may be tried now. */
export function hasAnother(
  accounts: readonly string[],
  tried: readonly Tried[],
  waitMs: (account: string) => number,
): boolean {
  if (heldBy(accounts, tried) !== null) return false;
  const passed = turnedAwayBy(accounts, tried);
  return accounts.some((account) => !passed.has(account) && waitMs(account) === 0);
}

/** The account that may have sent it: only that one may send it again, as only that one can tell. */
function heldBy(accounts: readonly string[], tried: readonly Tried[]): string | null {
  const doubtful = tried.findLast(({ outcome }) => outcome === null || outcome === 'unknown');
  const account = doubtful === undefined ? undefined : (doubtful.account ?? accounts[0]);
  return account !== undefined && accounts.includes(account) ? account : null;
}

/** Who turned it away in this round; a round ends when all have. */
function turnedAwayBy(accounts: readonly string[], tried: readonly Tried[]): ReadonlySet<string> {
  let passed = new Set<string>();
  for (const { account = accounts[0], passedOn } of tried) {
    if (passed.size >= accounts.length) passed = new Set();
    if (passedOn === true && account !== undefined && accounts.includes(account)) passed.add(account);
  }
  return passed;
}
