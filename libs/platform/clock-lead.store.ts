import type mongoose from 'mongoose';

interface LeadDocument {
  _id: string;
  leadMs: number;
}

const ID = 'lead';

/** How far the inbox has led the clock, kept so that a restart does not fall back in time. */
export class ClockLeadStore {
  private readonly leads: mongoose.Collection<LeadDocument>;

  constructor(connection: mongoose.Connection) {
    this.leads = connection.collection<LeadDocument>('clock');
  }

  /** In milliseconds; null where nobody has moved the clock yet. */
  async read(): Promise<number | null> {
    return (await this.leads.findOne({ _id: ID }))?.leadMs ?? null;
  }

  async keep(leadMs: number): Promise<void> {
    await this.leads.updateOne({ _id: ID }, { $set: { leadMs } }, { upsert: true });
  }
}
