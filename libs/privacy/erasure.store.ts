import mongoose from 'mongoose';

/** That an erasure was asked for: durable, so that a crash is taken up again (PROTOCOL F1). Holds an id, nothing else. */
export interface ErasureRequest {
  _id: string;
  tenant: string;
  customer: string;
  from: 'person' | 'staff' | 'booking-system';
  requestedAt: Date;
  doneAt: Date | null;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, doneAt: Date },
  { collection: 'erasures', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ doneAt: 1 });

/** The erasures that were asked for. */
export class ErasureStore {
  private readonly requests;

  constructor(connection: mongoose.Connection) {
    this.requests = connection.model<ErasureRequest>(
      'ErasureRequest',
      schema as unknown as mongoose.Schema<ErasureRequest>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.requests.createIndexes();
  }

  /** Notes the request before anything is erased; asked again it is open again. */
  async open(tenant: string, customer: string, from: ErasureRequest['from'], at: Date): Promise<void> {
    await this.requests.updateOne(
      { _id: requestKey(tenant, customer) },
      { $set: { tenant, customer, from, requestedAt: at, doneAt: null } },
      { upsert: true },
    );
  }

  async done(tenant: string, customer: string, at: Date): Promise<void> {
    await this.requests.updateOne({ _id: requestKey(tenant, customer), tenant }, { $set: { doneAt: at } });
  }

  /** Requests of every tenant that a crash broke off. */
  async findOpen(limit: number): Promise<ErasureRequest[]> {
    return this.requests.find({ doneAt: null }).limit(limit).lean<ErasureRequest[]>();
  }
}

function requestKey(tenant: string, customer: string): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(customer)}`;
}
