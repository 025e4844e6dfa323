import mongoose from 'mongoose';
import type { Clock } from '#platform/clock';
import { nonce } from '#platform/mongo';
import type { Sighting, Sightings } from './sightings.js';

/** One process at one place, and nobody has told yet that it went well. */
interface Note {
  /** `group/topic/partition/offset how life`. */
  _id: string;
  /** `group/topic/partition`. */
  partition: string;
  offset: string;
  how: Sighting;
  /** Whose note it is: a process from its start to its end. */
  life: string;
  at: Date;
}

const schema = new mongoose.Schema(
  { _id: String, partition: String, offset: String, how: String, life: String, at: Date },
  { collection: 'sightings', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ partition: 1, offset: 1 });
schema.index({ at: 1 });

/**
 * Sightings that outlive the process (PROTOCOL D5). A note is written before the risk is taken and gone when it has passed:
 * few are there at any time, and those that stay are of crashes.
 */
export class SightingStore {
  private readonly notes;
  private readonly life = nonce();

  constructor(
    connection: mongoose.Connection,
    private readonly clock: Clock,
  ) {
    this.notes = connection.model<Note>('Sighting', schema as unknown as mongoose.Schema<Note>);
  }

  async createIndexes(): Promise<void> {
    await this.notes.createIndexes();
  }

  /** Those of one consumer group. They throw where the server is lost. */
  of(group: string): Sightings {
    const { life } = this;
    const of = (topic: string, partition: number): string => `${group}/${topic}/${partition}`;
    return {
      seen: async (topic, id, offset, how) => {
        const partition = of(topic, id);
        await this.notes.updateOne(
          { _id: `${partition}/${offset} ${how} ${life}` },
          { $setOnInsert: { partition, offset, how, life, at: this.clock.now() } },
          { upsert: true },
        );
        return this.notes.countDocuments({ partition, offset, how });
      },
      anyAlone: async (topic, id) =>
        (await this.notes.countDocuments({ partition: of(topic, id), how: 'alone' })) > 0,
      takeBack: async (topic, id, offset) => {
        await this.notes.deleteMany({ partition: of(topic, id), offset, life });
      },
      forget: async (topic, id, offset) => {
        await this.notes.deleteMany({ partition: of(topic, id), offset });
      },
      passed: async (topic, id, next) => {
        const notes = await this.notes.find({ partition: of(topic, id) }, { offset: 1 }).lean();
        const before = notes.filter(({ offset }) => BigInt(offset) < next).map(({ _id }) => _id);
        if (before.length > 0) await this.notes.deleteMany({ _id: { $in: before } });
      },
    };
  }

  /** Deletes notes of crashes that nobody came back to; how many there were. */
  async deleteBefore(at: Date): Promise<number> {
    return (await this.notes.deleteMany({ at: { $lt: at } })).deletedCount;
  }
}
