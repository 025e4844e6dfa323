/**
 * Remembers, across crashes, what was about to be handled. Its owner keeps the counts in a store.
 * `start`: a partition was taken up at this offset. `alone`: this message was about to be handled with nothing beside it.
 */
export interface Sightings {
  /** Counts one more and answers the sum, this one included. */
  seen(topic: string, partition: number, offset: string, how: 'start' | 'alone'): Promise<number>;
  /** The try ended and the process lives: both counts are void. */
  forget(topic: string, partition: number, offset: string): Promise<void>;
}

/** A partition taken up at the same offset for the third time: what is there ended the process twice. */
export const STARTS_BEFORE_SUSPICION = 2;
/** A message that ended its process with nothing beside it is not tried again. */
export const TRIES_ALONE = 1;
/** How many messages from there on are handled one at a time: what may have been in flight at the crash. */
export const SUSPECTS = 500;
