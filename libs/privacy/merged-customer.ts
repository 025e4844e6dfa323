import { covers, hear, inForce, isNo, standing } from '#consent/choices';
import { emptied, type Customer } from '#customers/customer.types';
import { CHANNELS } from '#purposes/channel';
import type { Choice, ChoiceStatement } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';

/** A no of the one who is merged, and the id of what said it. */
type StandingNo = ChoiceStatement & { id: string };

/**
 * Who goes on, once somebody turned out to be the same person. Pure, and the same on what it made itself: what was merged
 * before changes nothing. Facts of who goes on stand; what they lack is taken from the other. Choices: the stricter wins
 * for each purpose and channel. Caps count the messages of both. A restriction of the one restricts both.
 */
export function mergedCustomer(into: Customer, from: Customer, merge: { id: string; now: Date }): Customer {
  const { now } = merge;
  const choosesLanguage = !into.localeChosenAt && from.localeChosenAt;
  const paused = later(into.marketingPausedUntil, from.marketingPausedUntil);
  const minorSince = earlier(into.minorSince, from.minorSince);
  return {
    ...into,
    name: into.name ?? from.name,
    email: into.email ?? from.email,
    phone: into.phone ?? from.phone,
    locale: choosesLanguage ? from.locale : (into.locale ?? from.locale),
    ...(choosesLanguage ? { localeChosenAt: from.localeChosenAt ?? null } : {}),
    timeZone: into.timeZone ?? from.timeZone,
    birthDate: into.birthDate ?? from.birthDate,
    guardianConsent: into.guardianConsent ?? from.guardianConsent,
    address: into.address ?? from.address,
    devices: unique([...into.devices, ...from.devices], ({ token }) => token),
    attributes: { ...from.attributes, ...into.attributes },
    softOptIns: unique([...into.softOptIns, ...from.softOptIns], ({ channel, address }) =>
      JSON.stringify([channel, address]),
    ),
    sends: unique([...into.sends, ...from.sends], ({ id }) => id),
    choiceLog: mergedLog(into.choiceLog, from.choiceLog, merge),
    ...(paused === null ? {} : { marketingPausedUntil: paused }),
    ...(minorSince === null ? {} : { minorSince }),
    restrictedAt: earlier(into.restrictedAt, from.restrictedAt),
    erasedBefore: later(into.erasedBefore, from.erasedBefore),
    formerIds: [...new Set([...(into.formerIds ?? []), from.customer, ...(from.formerIds ?? [])])],
    createdAt: earlier(into.createdAt, from.createdAt) ?? now,
    updatedAt: now,
  };
}

/** What is left under the id of one who was merged: who goes on, and what may be in flight. */
export function mergedAway(from: Customer, into: string, now: Date): Customer {
  const { sends, erasedBefore } = from;
  return { ...emptied(from, now), sends, erasedBefore, mergedInto: into };
}

/**
 * The other's yeses that are in force join the log with their proof, and lift nothing there; then their standing noes are
 * said anew, so that nothing that was said before outdates them.
 */
function mergedLog(into: readonly Choice[], from: readonly Choice[], { id, now }: { id: string; now: Date }) {
  const known = new Set(into.map((choice) => choice.id));
  const givens = deciding(from)
    .filter((choice) => choice.state === 'given' && !known.has(choice.id))
    .map((choice): Choice => ({ ...choice, recordedAt: now, lifts: false }));
  return standingNoes(from).reduce(
    (log: Choice[], { id: said, ...no }) =>
      hear(log, no, { id: `${id}#${said}`, at: now, recordedAt: now, via: 'merge' }).log,
    [...into, ...givens],
  );
}

/** The noes of a log that still decide something; where part of one was taken back, what is left of it. */
export function standingNoes(log: readonly Choice[]): StandingNo[] {
  return deciding(log)
    .filter((choice) => choice.state !== 'given')
    .flatMap((no): StandingNo[] => {
      const covered = PAIRS.filter(([purpose, channel]) => covers(no, purpose, channel));
      const left = covered.filter(([purpose, channel]) => isNo(standing(log, purpose, channel)));
      if (left.length === covered.length) return [no];
      return left
        .filter(([purpose, channel]) => standing(log, purpose, channel).entry === no)
        .map(([purpose, channel]) => ({ ...no, purpose, channel, id: `${no.id}#${purpose}/${channel}` }));
    });
}

const PAIRS = PURPOSES.flatMap((purpose) => CHANNELS.map((channel) => [purpose, channel] as const));

function deciding(log: readonly Choice[]): Choice[] {
  const standing = inForce(log);
  return log.filter((choice) =>
    standing.some(
      (one) =>
        one.purpose === choice.purpose &&
        one.channel === choice.channel &&
        one.state === choice.state &&
        one.at.getTime() === choice.at.getTime(),
    ),
  );
}

function unique<T>(all: readonly T[], keyOf: (one: T) => string): T[] {
  // The first stands: that of who goes on.
  return [...new Map(all.toReversed().map((one) => [keyOf(one), one])).values()].reverse();
}

type When = Date | null | undefined;
const earlier = (a: When, b: When): Date | null => (a && b ? (a < b ? a : b) : (a ?? b ?? null));
const later = (a: When, b: When): Date | null => (a && b ? (a > b ? a : b) : (a ?? b ?? null));
