/** `start`: a partition was taken up at this offset. `alone`: this message was about to be handled with nothing beside it. */
export type Sighting = 'start' | 'alone';

/** Remembers, across crashes, what was about to be handled, and by which processes (`sighting.store.ts` keeps it). */
export interface Sightings {
  /** How many processes have noted this, this one included; noting it again counts once. */
  seen(topic: string, partition: number, offset: string, how: Sighting): Promise<number>;
  /** Whether a process has noted a try alone anywhere in this partition that has not ended. */
  anyAlone(topic: string, partition: number): Promise<boolean>;
  /** This process gives up the partition and lives: what it noted is void, what those noted that died there stays. */
  takeBack(topic: string, partition: number, offset: string): Promise<void>;
  /** What was feared is over: the try alone has ended. All that was noted of this message is void. */
  forget(topic: string, partition: number, offset: string): Promise<void>;
  /** The group stands at `next`: all that was noted before it is void, also by processes that died right after a commit. */
  passed(topic: string, partition: number, next: bigint): Promise<void>;
}

/** A partition taken up at the same offset for the third time: what is there ended the process twice. */
export const STARTS_BEFORE_SUSPICION = 2;
/**
 * How many processes a message may end with nothing beside it before it is not tried again. One or two may have been ended
 * by something else just then: where processes are killed often and the ledger is slow, one was far too few.
 */
export const TRIES_ALONE = 3;
/** How many messages from there on are handled one at a time: what may have been in flight at the crash. */
export const SUSPECTS = 500;
