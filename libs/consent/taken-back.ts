import type { Channel } from '#purposes/channel';
import type { SaidChoice } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import { standing } from './choices.js';
import { stops, type SuppressedAddress } from './suppression.js';

/**
 * Whether a STOP was taken back by the person for this purpose: they have said yes since, by double opt-in, with that
 * very number as theirs, and nothing else since. START is no such yes, and none lifts a bounce, a complaint, an import
 * or an erasure. It counts for who said it: to others with the number the STOP stands.
 */
export function isTakenBack(
  { cause, keyId, hash, recordedAt }: SuppressedAddress,
  choices: readonly SaidChoice[],
  purpose: Purpose,
  channel: Channel,
): boolean {
  if (cause !== 'stop') return false;
  const { state, entry } = standing(choices, purpose, channel);
  // When it was said counts as well: a merge records it anew, in another's log.
  if (state !== 'given' || entry === null || entry.recordedAt < recordedAt || entry.at < recordedAt)
    return false;
  const by = 'address' in entry && entry.via === 'double-opt-in' ? entry.address : undefined;
  return by?.keyId === keyId && by.hash === hash;
}

/** The suppression that stops a message to this person, if any does. */
export function stopping(
  suppressions: readonly SuppressedAddress[],
  choices: readonly SaidChoice[],
  purpose: Purpose,
  channel: Channel,
): SuppressedAddress | undefined {
  return suppressions.find(
    (one) => stops(one, purpose, channel) && !isTakenBack(one, choices, purpose, channel),
  );
}
