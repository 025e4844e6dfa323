/**
 * How far a fact has come: the booking system's `version`, or the event's time and id where there is none
 * (CONTRACTS, events in).
 */
export interface Generation {
  version: number | null;
  time: Date;
  /** The CloudEvents id. */
  event: string;
  /** `booking.started` never outranks another booking event. */
  started?: boolean;
}

/**
 * Whether what was heard is older than what is known, and so to be ignored. Versions compare with versions only; where
 * either side has none, time decides; at equal rank the one heard later wins.
 */
export function isStale(heard: Generation, known: Generation | null): boolean {
  if (known === null) return false;
  if (heard.started === true && known.started !== true) return true;
  if (heard.started !== true && known.started === true) return false;
  if (heard.version !== null && known.version !== null) return heard.version < known.version;
  return heard.time.getTime() < known.time.getTime();
}

/** The same rank, so that it is taken (and planned) again: what a crash between guard and plan needs. */
export function isSame(heard: Generation, known: Generation | null): boolean {
  return (
    known !== null &&
    generationKey(heard) === generationKey(known) &&
    (heard.started === true) === (known.started === true)
  );
}

/** The generation as a part of row ids: where a version is given, it alone. */
export function generationKey(gen: Generation): string {
  return gen.version === null ? `${gen.time.toISOString()}~${gen.event}` : `v${gen.version}`;
}
