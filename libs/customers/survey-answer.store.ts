import mongoose from 'mongoose';
import { bookingKey } from './booking.types.js';

/** How long after the first answer it may be changed. */
export const ANSWER_OPEN_MS = 7 * 86_400_000;

/** What a person thought of a visit: one answer for each, their latest. */
export interface SurveyAnswer {
  /** As the booking's. */
  _id: string;
  tenant: string;
  booking: string;
  customer: string;
  /** 0 to 10. */
  score: number;
  comment: string | null;
  /** BCP 47: what the question was asked in. */
  language: string;
  answeredAt: Date;
  changedAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, customer: String, answeredAt: Date },
  { collection: 'survey_answers', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, customer: 1 });
schema.index({ tenant: 1, answeredAt: 1 });

/** The answers to surveys. */
export class SurveyAnswerStore {
  private readonly answers;

  constructor(connection: mongoose.Connection) {
    this.answers = connection.model<SurveyAnswer>(
      'SurveyAnswer',
      schema as unknown as mongoose.Schema<SurveyAnswer>,
    );
  }

  async createIndexes(): Promise<void> {
    await this.answers.createIndexes();
  }

  async find(tenant: string, booking: string): Promise<SurveyAnswer | null> {
    return this.answers.findOne({ _id: bookingKey(tenant, booking), tenant }).lean<SurveyAnswer>();
  }

  /** Keeps an answer, or the change of one that is still open; the answer as it stands, null where it is closed. */
  async keep(
    tenant: string,
    said: Pick<SurveyAnswer, 'booking' | 'customer' | 'score' | 'comment' | 'language'>,
    at: Date,
  ): Promise<SurveyAnswer | null> {
    const { booking, customer, ...words } = said;
    const _id = bookingKey(tenant, booking);
    const first = { tenant, booking, customer, answeredAt: at };
    await this.answers.collection
      .updateOne(
        { _id: _id as never },
        { $setOnInsert: { ...first, ...words, changedAt: at } },
        { upsert: true },
      )
      .catch((error: unknown) => {
        // Two first answers at once: the other one is there, and this one changes it.
        if ((error as { code?: unknown }).code !== 11_000) throw error;
      });
    return this.answers
      .findOneAndUpdate(
        { _id, tenant, customer, answeredAt: { $gt: new Date(at.getTime() - ANSWER_OPEN_MS) } },
        { $set: { ...words, changedAt: at } },
        { returnDocument: 'after' },
      )
      .lean<SurveyAnswer>();
  }

  /** Deletes a person's answers up to then (erasure); how many there were. */
  async deleteOfCustomer(tenant: string, customer: string, upTo: Date): Promise<number> {
    const { deletedCount } = await this.answers.collection.deleteMany({
      tenant,
      customer,
      answeredAt: { $lte: upTo },
    });
    return deletedCount;
  }
}
