import mongoose from 'mongoose';
import type { HashedAddress } from '#consent/hash-ring';

/** That an erasure was asked for: durable, so that a crash is taken up again (PROTOCOL F1). Holds an id, nothing else. */
export interface ErasureRequest {
  _id: string;
  tenant: string;
  customer: string;
  /** `minor`, `retention`: nobody asked, their time was over. */
  from: 'person' | 'staff' | 'booking-system' | 'minor' | 'retention';
  requestedAt: Date;
  doneAt: Date | null;
  /** When what came behind it is to be looked for next; null: not before it is done. */
  sweepAt?: Date | null;
  /** When nothing of before can come any more, and the tombstone goes. */
  dropAt?: Date;
}

/** An id that was erased, once its tombstone is gone: as a keyed hash, so that no backfill brings it back. */
interface GoneId {
  _id: string;
  tenant: string;
  erasedAt: Date;
}

const DAY_MS = 86_400_000;
/** The longest that an event of before can come again: from a dead letter (30 days; Kafka keeps 7). */
const HORIZON_MS = 30 * DAY_MS;
const SWEEP_EVERY_MS = DAY_MS;

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, doneAt: Date },
  { collection: 'erasures', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ doneAt: 1 });
schema.index({ sweepAt: 1 });

/** The erasures that were asked for. */
export class ErasureStore {
  private readonly requests;
  private readonly gone: mongoose.Collection<GoneId>;

  constructor(connection: mongoose.Connection) {
    this.requests = connection.model<ErasureRequest>(
      'ErasureRequest',
      schema as unknown as mongoose.Schema<ErasureRequest>,
    );
    this.gone = connection.collection<GoneId>('erased_ids');
  }

  async createIndexes(): Promise<void> {
    await this.requests.createIndexes();
  }

  /** Notes the request before anything is erased; asked again it is open again. */
  async open(tenant: string, customer: string, from: ErasureRequest['from'], at: Date): Promise<void> {
    await this.requests.updateOne(
      { _id: requestKey(tenant, customer) },
      {
        $set: {
          tenant,
          customer,
          from,
          requestedAt: at,
          doneAt: null,
          sweepAt: null,
          dropAt: later(at, HORIZON_MS),
        },
      },
      { upsert: true },
    );
  }

  async done(tenant: string, customer: string, at: Date): Promise<void> {
    await this.requests.updateOne(
      { _id: requestKey(tenant, customer), tenant },
      { $set: { doneAt: at, sweepAt: later(at, SWEEP_EVERY_MS) } },
    );
  }

  /** It came to nothing, or nothing more needs to be remembered of it. */
  async forget(tenant: string, customer: string): Promise<void> {
    await this.requests.deleteOne({ _id: requestKey(tenant, customer), tenant });
  }

  /** Of every tenant: those behind which it is time to look. */
  async findSweepable(now: Date, limit: number): Promise<ErasureRequest[]> {
    return this.requests
      .find({ sweepAt: { $gt: new Date(0), $lte: now } })
      .sort({ sweepAt: 1 })
      .limit(limit)
      .lean<ErasureRequest[]>();
  }

  /** Looked; again in a day, and at the horizon. */
  async swept({ _id, tenant, requestedAt, dropAt }: ErasureRequest, now: Date): Promise<void> {
    const next = later(now, SWEEP_EVERY_MS);
    const last = dropAt ?? later(requestedAt, HORIZON_MS);
    await this.requests.updateOne(
      { _id, tenant, requestedAt },
      { $set: { sweepAt: next < last || now >= last ? next : last } },
    );
  }

  /** Remembers the id of which nothing else is left, under each of the hashes by which it is asked for. */
  async addGone(tenant: string, hashed: HashedAddress, erasedAt: Date): Promise<void> {
    await this.gone.updateOne(
      { _id: goneKey(tenant, hashed) },
      { $set: { tenant, erasedAt } },
      { upsert: true },
    );
  }

  /** Which of these hashes are of ids that were erased. */
  async findGone(tenant: string, hashes: readonly HashedAddress[]): Promise<Set<string>> {
    if (hashes.length === 0) return new Set();
    const found = await this.gone
      .find({ _id: { $in: hashes.map((one) => goneKey(tenant, one)) }, tenant }, { projection: { _id: 1 } })
      .toArray();
    const there = new Set(found.map(({ _id }) => _id));
    return new Set(hashes.filter((one) => there.has(goneKey(tenant, one))).map(({ hash }) => hash));
  }

  /** Requests of every tenant that a crash broke off. */
  async findOpen(limit: number): Promise<ErasureRequest[]> {
    return this.requests.find({ doneAt: null }).limit(limit).lean<ErasureRequest[]>();
  }
}

function requestKey(tenant: string, customer: string): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(customer)}`;
}

const goneKey = (tenant: string, { keyId, hash }: HashedAddress): string =>
  [tenant, keyId, hash].map(encodeURIComponent).join('/');

const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms);
