import mongoose from 'mongoose';

/** How far the ledger has come with the journal of choices. One document. */
interface Mark {
  _id: 'choices';
  /** The highest number that this ledger has given to a record of the journal: raised before the record goes out. */
  mark: number;
  /** How far a replay has come: the next offset of each partition. */
  replayed?: Record<string, string> | null;
}

/** The ledger's high-water mark in the journal of choices (PROTOCOL F3), and the place of a replay that was broken off. */
export class JournalStore {
  private readonly marks;

  constructor(connection: mongoose.Connection) {
    const schema = new mongoose.Schema(
      { _id: String, mark: Number },
      { collection: 'choice_journal', versionKey: false, autoIndex: false, strict: false, _id: false },
    );
    this.marks = connection.model<Mark>('JournalMark', schema as unknown as mongoose.Schema<Mark>);
  }

  /** Every access is by `_id`. */
  async createIndexes(): Promise<void> {
    await this.marks.createCollection();
  }

  /** Numbers for so many records, nobody else's: the first of them. The mark stands before any record is out. */
  async claim(count: number): Promise<number> {
    const after = await this.marks
      .findOneAndUpdate(
        { _id: 'choices' },
        { $inc: { mark: count } },
        { upsert: true, returnDocument: 'after' },
      )
      .lean<Mark>();
    return (after?.mark ?? count) - count + 1;
  }

  async mark(): Promise<number> {
    return (await this.find())?.mark ?? 0;
  }

  /** The next offset of each partition, where a replay was broken off. */
  async replayed(): Promise<Record<string, string>> {
    return (await this.find())?.replayed ?? {};
  }

  async noteReplayed(offsets: Record<string, string>): Promise<void> {
    await this.marks.updateOne({ _id: 'choices' }, { $set: { replayed: offsets } }, { upsert: true });
  }

  /** The replay has ended: the ledger knows all up to that number. */
  async finishReplay(newest: number): Promise<void> {
    const known = await this.mark();
    await this.marks.updateOne(
      { _id: 'choices' },
      { $set: { mark: Math.max(known, newest), replayed: null } },
      { upsert: true },
    );
  }

  private find(): Promise<Mark | null> {
    return this.marks.findOne({ _id: 'choices' }).lean<Mark>();
  }
}
