import { createHash } from 'node:crypto';
import mongoose from 'mongoose';
import { outBacklog, type OutBacklog } from '#messaging/out-backlog';
import { pullPublished, waitingOut, type Outbox, type Outgoing, type OutEntry } from '#messaging/outbox';
import { withoutOut } from '#platform/versioned';
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
schema.index({ 'out.at': 1 });

/** The answers to surveys. */
export class SurveyAnswerStore implements Outbox {
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
    const found = await this.answers
      .findOne({ _id: bookingKey(tenant, booking), tenant })
      .lean<SurveyAnswer>();
    return found && withoutOut(found);
  }

  /** Keeps an answer, or the change of one that is still open; the answer as it stands, null where it is closed. */
  async keep(
    tenant: string,
    said: Pick<SurveyAnswer, 'booking' | 'customer' | 'score' | 'comment' | 'language'>,
    at: Date,
  ): Promise<SurveyAnswer | null> {
    const { booking, customer, ...words } = said;
    const _id = bookingKey(tenant, booking);
    const told = answered(_id, at);
    const first: SurveyAnswer = { _id, tenant, booking, customer, ...words, answeredAt: at, changedAt: at };
    const { _id: _, ...fields } = first;
    const written = await this.answers.collection
      .updateOne(
        { _id: _id as never },
        { $setOnInsert: { ...fields, out: [told] } as never },
        { upsert: true },
      )
      .catch((error: unknown) => {
        // Two first answers at once: the other one is there, and this one changes it.
        if ((error as { code?: unknown }).code !== 11_000) throw error;
        return { upsertedCount: 0 };
      });
    if (written.upsertedCount > 0) return first;
    const changed = await this.answers
      .findOneAndUpdate(
        { _id, tenant, customer, answeredAt: { $gt: new Date(at.getTime() - ANSWER_OPEN_MS) } },
        { $set: { ...words, changedAt: at }, $push: { out: told } },
        { returnDocument: 'after' },
      )
      .lean<SurveyAnswer>();
    return changed && withoutOut(changed);
  }

  async findOfCustomers(tenant: string, customers: readonly string[]): Promise<SurveyAnswer[]> {
    if (customers.length === 0) return [];
    const found = await this.answers
      .find({ tenant, customer: { $in: [...customers] } })
      .sort({ answeredAt: -1 })
      .lean<SurveyAnswer[]>();
    return found.map(withoutOut);
  }

  /** One page of a tenant's, those that were first given first. */
  async page(
    tenant: string,
    { from, to }: { from?: Date | undefined; to?: Date | undefined },
    after: { answeredAt: Date; id: string } | null,
    limit: number,
  ): Promise<SurveyAnswer[]> {
    const bounds = [
      ...(from === undefined ? [] : [{ answeredAt: { $gte: from } }]),
      ...(to === undefined ? [] : [{ answeredAt: { $lt: to } }]),
      ...(after === null
        ? []
        : [
            {
              $or: [
                { answeredAt: { $gt: after.answeredAt } },
                { answeredAt: after.answeredAt, _id: { $gt: after.id } },
              ],
            },
          ]),
    ];
    const found = await this.answers
      .find({ tenant, ...(bounds.length > 0 ? { $and: bounds } : {}) })
      .sort({ answeredAt: 1, _id: 1 })
      .limit(limit)
      .lean<SurveyAnswer[]>();
    return found.map(withoutOut);
  }

  /** That it was answered, not what: an opinion about a visit is personal data. */
  async findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]> {
    const fields = { tenant: 1, customer: 1, booking: 1, out: 1 } as const;
    const found = await this.answers
      .find(waitingOut(settledBefore), fields)
      .limit(limit)
      .lean<(SurveyAnswer & { out: OutEntry[] })[]>();
    return found.map(({ _id, tenant, customer, booking, out }) => ({
      ...{ _id, tenant, customer, out },
      about: { customer, booking },
    }));
  }

  pullOut(published: readonly Outgoing[]): Promise<void> {
    return pullPublished(this.answers.collection, published);
  }

  outBacklog(): Promise<OutBacklog> {
    return outBacklog(this.answers.collection);
  }

  /** Gives what is theirs to who goes on for them (merge); nothing the second time. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.answers.updateMany({ tenant, customer: from }, { $set: { customer: into } });
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

/** The same answer at the same time is the same event. */
function answered(id: string, at: Date): OutEntry {
  const digest = createHash('sha256').update(JSON.stringify([id, 'answered', at.toISOString()]));
  return { id: digest.digest('hex').slice(0, 32), type: 'survey.answered.v1', at, data: {} };
}
