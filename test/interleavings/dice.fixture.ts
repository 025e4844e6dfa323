/** Chance that comes again with its seed. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    // Seeds that lie side by side must not begin alike.
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** From 0 to below n. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  /** One of these, the heavier the likelier. */
  weigh<T extends { weight: number }>(of: readonly T[]): T {
    let at = this.next() * of.reduce((sum, { weight }) => sum + weight, 0);
    for (const one of of) {
      at -= one.weight;
      if (at < 0) return one;
    }
    return of.at(-1)!;
  }
}
