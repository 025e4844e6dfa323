import mongoose from 'mongoose';
import { insertMissing, writeVersioned } from '#platform/versioned';
import type { Predicate } from './predicate.js';

/** Who is meant, by a name. */
export interface Segment {
  _id: string;
  tenant: string;
  /** `s-…`, what the API calls its id. */
  segment: string;
  rev: string;
  name: string;
  predicate: Predicate;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
}

const schema = new mongoose.Schema(
  { _id: String, tenant: String, segment: String, rev: String },
  { collection: 'segments', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, createdAt: 1, _id: 1 });

export const segmentKey = (tenant: string, segment: string): string =>
  `${encodeURIComponent(tenant)}/${segment}`;

/** Where a page of a list ends: newest first. */
export interface ListCursor {
  createdAt: Date;
  id: string;
}

/** Segments, each a predicate; written by compare-and-set on `rev`. */
export class SegmentStore {
  private readonly segments;

  constructor(connection: mongoose.Connection) {
    this.segments = connection.model<Segment>('Segment', schema as unknown as mongoose.Schema<Segment>);
  }

  async createIndexes(): Promise<void> {
    await this.segments.createIndexes();
  }

  /** False where the id is taken. */
  async add(segment: Segment): Promise<boolean> {
    return (await insertMissing(this.segments.collection, [segment])).has(segment._id);
  }

  async find(tenant: string, id: string): Promise<Segment | null> {
    return this.segments.findOne({ _id: segmentKey(tenant, id), tenant }).lean<Segment>();
  }

  /** By id; what is not there is not in the map. */
  async findMany(tenant: string, ids: readonly string[]): Promise<Map<string, Segment>> {
    if (ids.length === 0) return new Map();
    const found = await this.segments
      .find({ _id: { $in: [...new Set(ids)].map((id) => segmentKey(tenant, id)) }, tenant })
      .lean<Segment[]>();
    return new Map(found.map((segment) => [segment.segment, segment]));
  }

  /** One page, newest first. */
  async list(tenant: string, page: { after: ListCursor | null; limit: number }): Promise<Segment[]> {
    const { after, limit } = page;
    const before =
      after === null
        ? {}
        : {
            $or: [
              { createdAt: { $lt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $lt: after.id } },
            ],
          };
    return this.segments
      .find({ tenant, ...before })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .lean<Segment[]>();
  }

  /** The segment as it now stands, or null where somebody else wrote it first. */
  async write(before: Segment, after: Segment): Promise<Segment | null> {
    return (await writeVersioned(this.segments.collection, [{ before, after }]))[0] ?? null;
  }
}
