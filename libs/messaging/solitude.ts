/**
 * Over all topics that a process hears: a message that may have ended an earlier process is handled with nothing beside it,
 * or one of another topic that ends the process would be told as its guilt. While one waits for its turn no batch begins.
 */
export class Solitude {
  private running = 0;
  private isTaken = false;
  private readonly wanting = new Set<object>();
  private readonly wakers: (() => void)[] = [];

  /** @param wake is called when a batch may begin that could not before */
  join(wake: () => void): void {
    this.wakers.push(wake);
  }

  /** Whether a batch may begin now; if so it has begun. One that must be alone keeps the others waiting until it may. */
  begin(who: object, alone: boolean): boolean {
    if (alone) this.wanting.add(who);
    if (this.isTaken || (alone ? this.running > 0 : this.wanting.size > 0)) return false;
    this.running += 1;
    this.isTaken = alone;
    return true;
  }

  end(): void {
    this.running -= 1;
    this.isTaken = false;
    this.wake();
  }

  /** Nothing of `who` waits to be alone any more. */
  renounce(who: object): void {
    if (this.wanting.delete(who)) this.wake();
  }

  private wake(): void {
    for (const wake of this.wakers) wake();
  }
}
