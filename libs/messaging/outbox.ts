import type mongoose from 'mongoose';

/** An event of ours that waits in the document that it tells of (PROTOCOL D7): ids and words of ours, nothing personal. */
export interface OutEntry {
  id: string;
  type: string;
  at: Date;
  data: Record<string, unknown>;
}

/** What waits in one document, and what all of it is about. */
export interface Outgoing {
  _id: string;
  tenant: string | null;
  customer: string | null;
  about: Record<string, unknown>;
  out: OutEntry[];
}

/** Documents in which events out wait. `{ 'out.at': 1 }` is to be an index: what has none is not looked at. */
export interface Outbox {
  findOut(limit: number): Promise<Outgoing[]>;
  /** Takes out what was published. The document's `rev` stays: nobody loses a race to it. */
  pullOut(published: readonly Outgoing[]): Promise<void>;
}

/** Anything waits there. Not `$exists`: a range over dates touches the index only where there are any. */
export const WAITING_OUT = { 'out.at': { $gt: new Date(0) } } as const;

/** `$pull`s by entry, so that what was pushed meanwhile stays. */
export async function pullPublished(
  collection: mongoose.Collection,
  published: readonly Outgoing[],
): Promise<void> {
  if (published.length === 0) return;
  await collection.bulkWrite(
    published.map(({ _id, tenant, out }) => ({
      updateOne: {
        filter: { _id: _id as never, tenant },
        update: { $pull: { out: { id: { $in: out.map((entry) => entry.id) } } } as never },
      },
    })),
    { ordered: false },
  );
}
