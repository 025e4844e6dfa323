import type mongoose from 'mongoose';
import { setImmediate as tick } from 'node:timers/promises';

/**
 * What goes wrong at the n-th write: `crash` is the end of the process (nothing answers any more), `blip` a server that is
 * lost for one write, `gone` one that is lost from then on while the process lives, and the world with it. `before` and `after` the write itself; `half` of a bulk was written.
 */
export type Fault = `${'crash' | 'blip' | 'gone'}-${'before' | 'after'}` | `${'crash' | 'gone'}-half`;
export const FAULTS: readonly Fault[] = [
  'crash-before',
  'crash-after',
  'crash-half',
  'blip-before',
  'blip-after',
];

/** A server that is lost for a while. */
export const OUTAGES: readonly Fault[] = ['gone-before', 'gone-after', 'gone-half'];

const WRITES = ['insertOne', 'insertMany', 'bulkWrite', 'updateOne', 'updateMany', 'deleteOne', 'deleteMany'];
const READS = ['find', 'findOne', 'countDocuments', 'distinct', 'aggregate'];

/** Counts the writes of one process, and lets the one that is armed go wrong. */
export class Faults {
  private at = Number.POSITIVE_INFINITY;
  private kind: Fault = 'crash-before';
  private dead = false;
  private gone = false;
  private active = 0;
  private hit = false;
  /** Writes since the last arming. */
  writes = 0;

  /** The process starts anew, or its server is back, once nothing of its last run is under way. */
  async revive(): Promise<void> {
    this.at = Number.POSITIVE_INFINITY;
    for (let quiet = 0; quiet < 3; quiet = this.active > 0 ? 0 : quiet + 1) await tick();
    this.dead = false;
    this.gone = false;
  }

  /** The n-th write from now on, counted from 1. */
  arm(at: number, kind: Fault): void {
    this.writes = 0;
    this.hit = false;
    this.at = at;
    this.kind = kind;
  }

  /** Whether the armed write was reached. */
  get struck(): boolean {
    return this.hit;
  }

  /** One call to the world: a provider, a topic. A server that is gone is not it, and goes once it has been made. */
  async call<T>(whole: () => Promise<T>): Promise<T> {
    if (this.dead || !this.kind.startsWith('gone')) return this.step(whole);
    this.writes += 1;
    const isStruck = this.writes === this.at;
    this.hit ||= isStruck;
    const result = await whole();
    this.gone ||= isStruck;
    return result;
  }

  /** One write to the world outside the process: `half` is as much of it as a crash in the middle leaves. */
  async step<T>(whole: () => Promise<T>, half: () => Promise<unknown> = whole): Promise<T> {
    this.alive();
    this.writes += 1;
    const isStruck = this.writes === this.at;
    this.hit ||= isStruck;
    this.active += 1;
    try {
      if (!isStruck) {
        const result = await whole();
        this.alive();
        return result;
      }
      const [ending, moment] = this.kind.split('-');
      if (moment === 'after') await whole();
      if (moment === 'half') await half();
      this.dead = ending === 'crash';
      this.gone = ending === 'gone';
      throw lost();
    } finally {
      this.active -= 1;
    }
  }

  /** Puts these faults before every collection that has been used on this connection. */
  attach(connection: mongoose.Connection): void {
    type Call = (...args: unknown[]) => unknown;
    for (const collection of Object.values(connection.collections) as unknown as Record<string, Call>[]) {
      for (const name of READS) {
        const read = collection[name]?.bind(collection);
        collection[name] = (...args) => {
          this.alive();
          return read?.(...args);
        };
      }
      for (const name of WRITES) {
        const write = collection[name]?.bind(collection) as (...args: unknown[]) => Promise<unknown>;
        collection[name] = (...args) =>
          this.step(
            () => write(...args),
            async () => {
              const [bulk, ...rest] = args;
              if (!Array.isArray(bulk) || bulk.length < 2) return;
              await write(bulk.slice(0, Math.floor(bulk.length / 2)), ...rest).catch(() => undefined);
            },
          );
      }
    }
  }

  private alive(): void {
    if (this.dead || this.gone) throw lost();
  }
}

/** As the driver says that it has lost its server. */
function lost(): Error {
  return Object.assign(new Error('connection closed'), { name: 'MongoNetworkError' });
}
