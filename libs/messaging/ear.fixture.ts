import type { HandleBatch, Heard, Verdict } from './event-source.js';
import type { DeadReason, Log } from './handling.js';

/** A handler that remembers what it heard and lets a test wait for it. */
export class Ear {
  readonly batches: (readonly Heard[])[] = [];
  readonly ends: string[] = [];
  readonly dead: { heard: Heard; why: DeadReason }[] = [];
  private readonly waiters: { is: () => boolean; resolve: () => void }[] = [];

  constructor(
    private readonly answer: (one: Heard, batch: readonly Heard[]) => Verdict | Promise<Verdict> = done,
  ) {}

  /** Every message heard, as `key:value`, repeats included. */
  get heard(): string[] {
    return this.batches.flatMap((batch) => batch.map(nameOf));
  }

  readonly handle: HandleBatch = async (batch) => {
    this.batches.push(batch);
    this.changed();
    const verdicts: Verdict[] = [];
    for (const one of batch) verdicts.push(await this.answer(one, batch));
    for (const [i, verdict] of verdicts.entries())
      if (verdict.kind === 'done') this.ends.push(nameOf(batch[i] as Heard));
    this.changed();
    return verdicts;
  };

  readonly deadLetter = async (heard: Heard, why: DeadReason): Promise<void> => {
    this.dead.push({ heard, why });
    this.changed();
  };

  /** Resolves as soon as a condition holds; looked at whenever something was heard, ended or buried. */
  async until(is: () => boolean): Promise<void> {
    if (is()) return;
    await new Promise<void>((resolve) => this.waiters.push({ is, resolve }));
  }

  changed(): void {
    for (const waiter of this.waiters.splice(0)) {
      if (waiter.is()) waiter.resolve();
      else this.waiters.push(waiter);
    }
  }
}

/** A door that handlers wait at until the test opens it. */
export class Door {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** A lost server, as `isOutage` of the tests knows it. */
export class Outage extends Error {
  override readonly name = 'Outage';
}

export const isOutage = (error: unknown): boolean => (error as { name?: string }).name === 'Outage';
export const done = (): Verdict => ({ kind: 'done' });
export const nameOf = ({ key, value }: Pick<Heard, 'key' | 'value'>): string => `${key}:${value.toString()}`;
export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Short pauses, so that tests are quick. */
export const quick = { retries: { tries: 3, withinMs: 500, firstMs: 1 }, outage: { firstMs: 1, maxMs: 20 } };

/** Looks again every few milliseconds, for what tells nobody. */
export async function eventually(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 5));
}
