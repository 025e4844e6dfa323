import type { MemoryTopics } from './memory-topics.js';

/** By partition: the offset that the next message gets, and the first one that is not handled yet. */
export type Standing = ReadonlyMap<number, { end: bigint; handledTo: bigint }>;

/** How far those have come who hear a topic; asked by others than them. Both token and type. */
export abstract class Backlog {
  /** Throws where the server is lost. */
  abstract standing(topic: string): Promise<Standing>;
}

/**
 * Whether all that lay on the topic `then` has been handled `now`. Unlike "no lag now" it comes true under traffic too, which
 * always leaves a little to be handled.
 */
export function isHandled(then: Standing, now: Standing): boolean {
  return [...then].every(([partition, { end }]) => (now.get(partition)?.handledTo ?? -1n) >= end);
}

/** Over the topics of this process. */
export class MemoryBacklog extends Backlog {
  constructor(
    private readonly topics: MemoryTopics,
    private readonly group: string,
  ) {
    super();
  }

  standing(topic: string): Promise<Standing> {
    const { end, handledTo } = this.topics.standing(topic, this.group);
    return Promise.resolve(new Map([[0, { end: BigInt(end), handledTo: BigInt(handledTo) }]]));
  }
}
