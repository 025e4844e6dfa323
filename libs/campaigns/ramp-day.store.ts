import mongoose from 'mongoose';
import { writeVersioned } from '#platform/versioned';

/** What a sending domain has sent of campaigns on the day it is at. */
export interface RampDay {
  _id: string;
  tenant: string;
  domain: string;
  rev: string;
  /** `2026-12-01`, in the tenant's zone; it only goes forward. */
  day: string;
  /** Places of the day that are taken: by what was sent, and by `open`. */
  taken: number;
  /** Rows that have a place and may still be sent. */
  open: string[];
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, domain: String, rev: String, day: String, taken: Number },
  { collection: 'ramp_days', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1 });

/** Domains that are looked at in one go. */
const MOST = 1_000;

const rampKey = (tenant: string, domain: string): string =>
  [tenant, domain].map(encodeURIComponent).join('/');

/** The day of each sending domain that is warmed up. Every write is a compare-and-set on `rev`: a lost race is null. */
export class RampDayStore {
  private readonly days;

  constructor(connection: mongoose.Connection) {
    this.days = connection.model<RampDay>('RampDay', schema as unknown as mongoose.Schema<RampDay>);
  }

  async createIndexes(): Promise<void> {
    await this.days.createIndexes();
  }

  async find(tenant: string, domain: string): Promise<RampDay | null> {
    return this.days.findOne({ _id: rampKey(tenant, domain), tenant }).lean<RampDay>();
  }

  /** Of every tenant: few, one a domain that is warmed up. */
  async list(): Promise<RampDay[]> {
    return this.days.find({}).sort({ _id: 1 }).limit(MOST).lean<RampDay[]>();
  }

  /** False where somebody wrote it meanwhile. */
  async delete({ _id, tenant, rev }: RampDay): Promise<boolean> {
    return (await this.days.deleteOne({ _id, tenant, rev })).deletedCount === 1;
  }

  /** The day as it now stands, or null where somebody else wrote it first. */
  async write(
    before: RampDay | null,
    after: Pick<RampDay, 'tenant' | 'domain' | 'day' | 'taken' | 'open'>,
  ): Promise<RampDay | null> {
    const { tenant, domain, day, taken, open } = after;
    const whole = { _id: rampKey(tenant, domain), tenant, domain, rev: before?.rev ?? '', day, taken, open };
    return (await writeVersioned(this.days.collection, [{ before, after: whole }]))[0] ?? null;
  }
}
