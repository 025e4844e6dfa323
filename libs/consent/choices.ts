import { CHANNELS, type Channel } from '#purposes/channel';
import type { Choice, ChoiceState, ChoiceStatement, ChoiceVia, SaidChoice } from '#purposes/choice';
import { PURPOSES, type Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { OptOut } from './suppression.js';

/** One thing that was said: by the person (their log), or about their address (an opt-out). */
type Entry = SaidChoice | OptOut;

/** What is in force for one purpose on one channel, and the entry that decides it. */
export interface Standing {
  state: 'none' | ChoiceState;
  entry: Entry | null;
  /** True where somebody else with the same address said it. */
  foreign: boolean;
}

/** What else was said about the address at hand; `customer` tells one's own opt-outs from others'. */
export interface AboutAddress {
  customer: string;
  optOuts: readonly OptOut[];
}

const NOBODY: AboutAddress = { customer: '', optOuts: [] };

/** Ways by which a person may lift their own no (PROTOCOL B6). An import or an inbound START never does. */
const LIFTING: readonly ChoiceVia[] = ['page', 'double-opt-in', 'staff'];

/**
 * What stands for one purpose on one channel: a fold over what was said, in the order in which it was heard.
 *
 * A no stands until a given that may lift it. Several can stand at once, and a given has to lift every one of them:
 * so a booking system's echo of an unsubscribe cannot make that unsubscribe liftable by its next event.
 */
export function standing(
  log: readonly SaidChoice[],
  purpose: Purpose,
  channel: Channel,
  about: AboutAddress = NOBODY,
): Standing {
  let nos: { entry: Entry; own: boolean }[] = [];
  let given: SaidChoice | null = null;
  for (const entry of inOrderHeard(log, about)) {
    if (!covers(entry, purpose, channel)) continue;
    const own = isOwn(entry, about.customer);
    if (entry.state !== 'given') {
      // A no that is older than what the person said since changes nothing; somebody else's always counts.
      if (own && given && given.at > entry.at) continue;
      nos.push({ entry, own });
      given = null;
    } else if (isChoice(entry)) {
      nos = nos.filter((no) => !lifts(entry, no.entry, no.own));
      if (nos.length === 0 && !(given && given.at > entry.at)) given = entry;
    }
  }
  if (nos.length > 0) return decisive(nos);
  return given
    ? { state: 'given', entry: given, foreign: false }
    : { state: 'none', entry: null, foreign: false };
}

/** The state alone, of what the person said themselves. */
export const stateOf = (log: readonly Choice[], purpose: Purpose, channel: Channel): Standing['state'] =>
  standing(log, purpose, channel).state;

/** What a customer's own log has in force: each entry that still decides at least one purpose and channel. */
export function inForce(log: readonly Choice[]): {
  purpose: Choice['purpose'];
  channel: Choice['channel'];
  state: ChoiceState;
  at: Date;
  via: ChoiceVia;
}[] {
  const deciding = new Set<Entry | null>();
  for (const [purpose, channel] of everyPair()) deciding.add(standing(log, purpose, channel).entry);
  return log
    .filter((choice) => deciding.has(choice))
    .map(({ purpose, channel, state, at, via }) => ({ purpose, channel, state, at, via }));
}

/** How a statement reached us. */
export interface Hearing {
  id: string;
  at: Date;
  recordedAt: Date;
  via: ChoiceVia;
  version?: number | undefined;
  /**
   * true: the person's own act (our page, double opt-in, If-Match) lifts any no of theirs. false: never lifts
   * (a redriven event). Absent: only what an event with a higher explicit version may.
   */
  mayLift?: boolean | undefined;
  about?: AboutAddress | undefined;
  /** By channel, the address that a yes is said for (`Choice.address`). */
  addresses?: Partial<Record<Channel, Choice['address']>> | undefined;
}

export interface Heard {
  log: Choice[];
  /** False where the very same statement was heard before. */
  added: boolean;
  /** Whether it decides anything now: an outdated no or a refused given may not. */
  decides: boolean;
  /** A given that ended a no. */
  lifted: boolean;
  /** A given against a no that it may not lift: the person is asked by double opt-in. */
  refusedGiven: boolean;
}

/** Adds a statement to the log. Pure; the log only grows. */
export function hear(log: readonly Choice[], statement: ChoiceStatement, how: Hearing): Heard {
  const { mayLift, about = NOBODY, ...told } = how;
  if (log.some((known) => isSame(known, statement, told))) {
    return { log: [...log], added: false, decides: false, lifted: false, refusedGiven: false };
  }
  const { purpose, channel, state, noticeVersion, language, method, place, evidence } = statement;
  const address = state === 'given' && channel !== 'all' ? told.addresses?.[channel] : undefined;
  const choice: Choice = {
    ...{ purpose, channel, state, noticeVersion, language, method, place },
    ...{ id: told.id, at: told.at, recordedAt: told.recordedAt, via: told.via },
    ...(evidence === undefined ? {} : { evidence }),
    ...(told.version === undefined ? {} : { version: told.version }),
    ...(mayLift === undefined ? {} : { lifts: mayLift }),
    ...(address === undefined ? {} : { address }),
  };
  const next = [...log, choice];
  let [decides, lifted, refusedGiven] = [false, false, false];
  for (const [one, on] of everyPair()) {
    if (!covers(choice, one, on)) continue;
    const before = standing(log, one, on, about);
    const after = standing(next, one, on, about);
    if (after.entry === choice) decides = true;
    if (state === 'given' && isNo(before)) {
      if (isNo(after)) refusedGiven = true;
      else lifted = true;
    }
  }
  return { log: next, added: true, decides, lifted, refusedGiven };
}

/** Whether one of the statements is a given against a no that stands: such a request needs If-Match. */
export function wouldLift(
  log: readonly Choice[],
  statements: readonly Pick<ChoiceStatement, 'purpose' | 'channel' | 'state'>[],
  about: AboutAddress = NOBODY,
): boolean {
  const givens = statements.filter((statement) => statement.state === 'given');
  return everyPair().some(
    ([purpose, channel]) =>
      givens.some((given) => covers(given, purpose, channel)) && isNo(standing(log, purpose, channel, about)),
  );
}

/** `marketing` covers its whole stream and `all` every channel, but a purpose of its own consent is given by name only. */
export function covers(
  said: { purpose: Purpose | 'marketing'; channel: Channel | 'all'; state: ChoiceState },
  purpose: Purpose,
  channel: Channel,
): boolean {
  if (said.channel !== 'all' && said.channel !== channel) return false;
  if (said.purpose === purpose) return true;
  if (said.purpose !== 'marketing' || RULES[purpose].stream !== 'marketing') return false;
  return said.state !== 'given' || RULES[purpose].needs !== 'own-consent';
}

/** Whether what stands is a no. */
export function isNo(stands: Standing): boolean {
  return stands.state === 'withdrawn' || stands.state === 'objected';
}

function lifts(given: SaidChoice, no: Entry, own: boolean): boolean {
  if (given.lifts !== undefined) return given.lifts && LIFTING.includes(given.via);
  if (given.via !== 'event' || no.via !== 'event' || !own) return false;
  if (given.version === undefined || no.version === undefined) return false;
  // An older event never lifts, whatever its version says.
  return given.version > no.version && given.at >= no.at;
}

/** Of the person's own noes the latest decides; between theirs and others', the first of the published reasons. */
function decisive(nos: readonly { entry: Entry; own: boolean }[]): Standing {
  const own = nos.filter((no) => no.own).reduce<{ entry: Entry; own: boolean } | undefined>(later, undefined);
  const candidates = [...(own ? [own] : []), ...nos.filter((no) => !no.own)];
  const first = candidates.find((no) => no.entry.state === 'objected') ?? candidates[0]!;
  return { state: first.entry.state, entry: first.entry, foreign: !first.own };
}

function later<No extends { entry: Entry }>(latest: No | undefined, no: No): No {
  return latest && latest.entry.at > no.entry.at ? latest : no;
}

/**
 * The log in its own order, with the opt-outs of the address put in by `recordedAt`. Where clocks disagree an opt-out
 * comes as late as it can: the stricter reading.
 */
function inOrderHeard(log: readonly SaidChoice[], about: AboutAddress): Entry[] {
  // One's own opt-out stands in the log too: there it has its true place.
  const extra = about.optOuts.filter(
    (optOut) => !isOwn(optOut, about.customer) || !log.some((choice) => isEcho(choice, optOut)),
  );
  if (extra.length === 0) return [...log];
  const placed = extra
    .map((optOut) => ({
      optOut,
      before: log.findLastIndex((choice) => choice.recordedAt <= optOut.recordedAt) + 1,
    }))
    .sort((a, b) => a.optOut.recordedAt.getTime() - b.optOut.recordedAt.getTime());
  const at = (index: number): Entry[] => placed.filter((p) => p.before === index).map((p) => p.optOut);
  return [...log.flatMap((choice, index) => [...at(index), choice]), ...at(log.length)];
}

function isEcho(choice: SaidChoice, optOut: OptOut): boolean {
  return (
    choice.purpose === optOut.purpose &&
    choice.channel === optOut.channel &&
    choice.state === optOut.state &&
    choice.at.getTime() === optOut.at.getTime()
  );
}

function isSame(known: Choice, statement: ChoiceStatement, told: { id: string; at: Date }): boolean {
  if (known.id === told.id) return true;
  return (
    known.purpose === statement.purpose &&
    known.channel === statement.channel &&
    known.state === statement.state &&
    known.at.getTime() === told.at.getTime() &&
    known.noticeVersion === statement.noticeVersion
  );
}

function isChoice(entry: Entry): entry is SaidChoice {
  return !('kind' in entry);
}

function isOwn(entry: Entry, customer: string): boolean {
  return isChoice(entry) || (entry.by !== '' && entry.by === customer);
}

function everyPair(): [Purpose, Channel][] {
  return PURPOSES.flatMap((purpose) => CHANNELS.map((channel): [Purpose, Channel] => [purpose, channel]));
}
