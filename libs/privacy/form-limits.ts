import mongoose from 'mongoose';
import { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible';
import type { HashRing } from '#consent/hash-ring';

/** Forms that anybody may fill in; counted apart, so that one does not use up the other. */
export const COUNTED_FORMS = ['subscribe', 'me'] as const;
export type CountedForm = (typeof COUNTED_FORMS)[number];

/** So often one address of the network may ask in ten minutes: a household, not a list. */
const BY_IP = { points: 20, duration: 600 };
/** So often all together for one tenant in ten minutes: a good campaign day, not a flood. */
const BY_TENANT = { points: 600, duration: 600 };

/** One count of ten minutes. */
interface Count {
  key: string;
  points: number;
  expire: Date;
}

const schema = new mongoose.Schema(
  { key: String, points: Number, expire: Date },
  { collection: 'form_limits', versionKey: false, autoIndex: false },
);
schema.index({ key: 1 }, { unique: true });
schema.index({ expire: 1 });

/**
 * Against list bombing: how often a form was sent in ten minutes, from an address of the network (of all tenants) and for a
 * tenant, counted in MongoDB for all processes together. A network's address is a keyed hash, gone with the next tidying
 * after its ten minutes. What an address of a person is spared stands elsewhere (double-opt-in.store.ts).
 */
export class FormLimits {
  private readonly counts;
  private readonly limits;

  constructor(
    connection: mongoose.Connection,
    private readonly ring: HashRing,
  ) {
    this.counts = connection.model<Count>('FormCount', schema as unknown as mongoose.Schema<Count>);
    const limit = (keyPrefix: string, { points, duration }: typeof BY_IP) =>
      new RateLimiterMongo({
        ...{ storeClient: connection.db, tableName: 'form_limits', disableIndexesCreation: true },
        ...{ keyPrefix, points, duration },
        // Who has had enough is remembered here: a flood is refused without a write each.
        inMemoryBlockOnConsumed: points + 1,
      });
    const of = (form: CountedForm) => ({
      byIp: limit(`${form}-ip`, BY_IP),
      byTenant: limit(`${form}-tenant`, BY_TENANT),
    });
    this.limits = { subscribe: of('subscribe'), me: of('me') } satisfies Record<CountedForm, unknown>;
  }

  async createIndexes(): Promise<void> {
    await this.counts.createIndexes();
  }

  /** Null: go on. Else how many seconds to wait. Rejects where the ledger is away. */
  async take(form: CountedForm, tenant: string, ip: string): Promise<number | null> {
    const { byIp, byTenant } = this.limits[form];
    const [{ keyId, hash }] = this.ring.every('network', ip, '') as [{ keyId: string; hash: string }];
    try {
      await byIp.consume(`${keyId}/${hash}`);
      await byTenant.consume(tenant);
      return null;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.ceil(refused.msBeforeNext / 1_000);
      throw refused;
    }
  }

  /** Forgets what counts no more; how many there were. */
  async deleteExpired(now: Date): Promise<number> {
    return (await this.counts.deleteMany({ expire: { $lt: now } })).deletedCount;
  }
}
