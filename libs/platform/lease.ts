import type mongoose from 'mongoose';
import type { Clock } from './clock.js';
import { isDuplicateKey, nonce } from './mongo.js';

/**
 * One leader among processes (PROTOCOL C1). States of `leases/{name}`: free (no holder, or a holder that beats no
 * more), held. The holder writes a fresh beat every few seconds; another takes over once it has seen the same beat
 * for 30 s of its own monotonic time. No clocks are compared, so two may hold it for a while (a holder that hangs):
 * what a lease guards must be harmless when done twice.
 */
interface LeaseDocument {
  _id: string;
  holder: string | null;
  beat: string;
}

export interface LeaseOptions {
  /** Take it at once, whoever holds it: for who opened an embedded store and so is alone. */
  takeAtOnce?: boolean | undefined;
}

/** Others take over after the same beat for this long. */
export const TAKEOVER_MS = 30_000;
const BEAT_EVERY_MS = 5_000;
/** Without a fresh beat for this long the holder counts itself out, before anybody else may. */
const TRUST_MS = 20_000;

/** Ask `hold()` at the top of each pass of the work that it guards; `release()` when stopping. */
export class Lease {
  private readonly me = nonce();
  private heldSince: number | null = null;
  private seen: { beat: string; since: number } | null = null;
  private takeAtOnce: boolean;
  private asking: Promise<boolean> | undefined;
  private readonly leases: mongoose.Collection<LeaseDocument>;

  constructor(
    connection: mongoose.Connection,
    private readonly name: string,
    private readonly clock: Clock,
    options: LeaseOptions = {},
  ) {
    this.leases = connection.collection<LeaseDocument>('leases');
    this.takeAtOnce = options.takeAtOnce ?? false;
  }

  /** Whether the last beat is fresh enough to be trusted; asks nobody. */
  get held(): boolean {
    return this.heldSince !== null && this.clock.mono() - this.heldSince < TRUST_MS;
  }

  /** Holds the lease, takes it where it is free, or answers false. Throws where the server is lost. */
  async hold(): Promise<boolean> {
    const mono = this.clock.mono();
    if (this.heldSince !== null && mono - this.heldSince < BEAT_EVERY_MS) return true;
    // Jobs that begin together ask once: else all but one would lose the race to their own process, and skip a pass.
    this.asking ??= this.ask(mono).finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(mono: number): Promise<boolean> {
    const lease = await this.leases.findOne({ _id: this.name });
    const won = lease === null ? await this.create() : await this.takeOver(lease, mono);
    // Counted from before the write: it was fresh then at the latest.
    this.heldSince = won ? mono : null;
    return won;
  }

  /** Gives it back, so that the next one need not wait. */
  async release(): Promise<void> {
    this.heldSince = null;
    await this.leases.updateOne(
      { _id: this.name, holder: this.me },
      { $set: { holder: null, beat: nonce() } },
    );
  }

  private async create(): Promise<boolean> {
    try {
      await this.leases.insertOne({ _id: this.name, holder: this.me, beat: nonce() });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  private async takeOver(lease: LeaseDocument, mono: number): Promise<boolean> {
    if (this.seen?.beat !== lease.beat) this.seen = { beat: lease.beat, since: mono };
    const mine = lease.holder === this.me;
    const silent = mono - this.seen.since >= TAKEOVER_MS;
    if (!mine && !silent && !this.takeAtOnce && lease.holder !== null) return false;
    const { matchedCount } = await this.leases.updateOne(
      { _id: this.name, holder: lease.holder, beat: lease.beat },
      { $set: { holder: this.me, beat: nonce() } },
    );
    this.takeAtOnce &&= matchedCount === 0;
    return matchedCount === 1;
  }
}
