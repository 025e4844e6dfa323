/** A message as a handler gets it: bytes, and where they came from. */
export interface Heard {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** `null`: no order is kept. */
  readonly key: string | null;
  readonly headers: Record<string, string>;
  readonly value: Buffer;
  /** 1 on the first try in this process. */
  readonly deliveries: number;
}

/**
 * What a handler says of one message. After `retry-at` the later messages of the same key in the same batch are heard
 * again, whatever was said of them: no message overtakes one of its key that has not ended.
 */
export type Verdict =
  | { kind: 'done' }
  /** `afterMs` is cut to what is left of the time that tries may take: a longer wait belongs into a store. */
  | { kind: 'retry-at'; reason: string; afterMs?: number }
  | { kind: 'give-up'; reason: string; path?: string }
  /** Not begun, because the signal said to end: it is heard again after the next start, and that is no failure. */
  | { kind: 'left' };

/**
 * Answers with one verdict a message, in the batch's order. It throws for bugs and lost servers only. `signal` says that the
 * source stops: what may take long begins no more. `giveWay` says that what is left of the batch keeps nothing else waiting.
 */
export type HandleBatch = (
  batch: readonly Heard[],
  signal: AbortSignal,
  giveWay: () => void,
) => Promise<readonly Verdict[]>;

/** Who hears a topic, and in what portions. */
export interface Subscription {
  topic: string;
  handle: HandleBatch;
  batchSize: number;
  /** Batches in flight at once. */
  concurrency: number;
  /**
   * A batch that has lasted for `afterMs` waits for somebody slow and makes room for another one; `most` of all kinds in flight.
   * Those that have given way make room for one more, all together. Absent: none makes room. For handlers whose messages go to
   * different servers, of which one may hang.
   */
  slow?: { afterMs: number; most: number };
  /**
   * Among the topics that one source hears: while one of a lower rank has messages ready and gets on with them, this one
   * begins no batch. Absent: it waits for none, and none for it.
   */
  rank?: number;
  /** How long an unfilled batch waits for more. */
  lingerMs?: number;
  /** In memory only: `produce` resolves once the handler has ended. Kafka ignores it. */
  awaitHandled?: boolean;
}

/** Hears topics: order per key, at least once, the offset last. Both token and type. */
export abstract class EventSource {
  /** To be called before `start`. */
  abstract subscribe(subscription: Subscription): void;
  abstract start(): Promise<void>;
  /** Stops fetching, lets what is in flight end, commits. */
  abstract stop(): Promise<void>;
  /** Messages held in this process, queued and in flight. */
  abstract waiting(): number;
  /** By topic, how many messages this process is to hear and has not ended; may ask a server. */
  abstract lag(): Promise<Record<string, number>>;
  /** `why` names what is wrong, for `/readyz`. */
  abstract healthy(): { ok: boolean; why?: string };
}
