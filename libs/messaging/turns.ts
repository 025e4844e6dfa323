/** One topic's lanes, as far as their turns concern the others. */
export interface Taker {
  /** What goes before what; undefined: neither. */
  readonly rank: number | undefined;
  /** Whether something is ready that gets on: what only hangs keeps nobody waiting. */
  isPressing(): boolean;
  /** A batch may begin that could not before. */
  wake(): void;
}

/**
 * Whose batch begins, over all topics that one process hears.
 * - A message that may have ended an earlier process is handled with nothing beside it, or one of another topic that ends
 *   the process would be told as its guilt. While one waits for that no batch begins.
 * - Where topics have ranks, the lower goes before the higher for as long as it has something ready.
 */
export class Turns {
  private running = 0;
  private isTaken = false;
  private readonly wanting = new Set<Taker>();
  private readonly takers: Taker[] = [];

  join(taker: Taker): void {
    this.takers.push(taker);
  }

  /** Whether a batch may begin now; if so it has begun. One that must be alone keeps the others waiting until it may. */
  begin(taker: Taker, alone: boolean): boolean {
    if (alone) this.wanting.add(taker);
    if (this.isTaken || (alone ? this.running > 0 : this.wanting.size > 0 || this.isBehind(taker)))
      return false;
    this.running += 1;
    this.isTaken = alone;
    return true;
  }

  end(): void {
    this.running -= 1;
    this.isTaken = false;
    this.wake();
  }

  /** Nothing of it waits to be alone any more. */
  renounce(taker: Taker): void {
    if (this.wanting.delete(taker)) this.wake();
  }

  /** Something is not as it was: a batch hangs, what was ready is held or gone. */
  wake(): void {
    for (const taker of this.takers) taker.wake();
  }

  private isBehind({ rank }: Taker): boolean {
    return (
      rank !== undefined &&
      this.takers.some((other) => other.rank !== undefined && other.rank < rank && other.isPressing())
    );
  }
}
