import type mongoose from 'mongoose';

/** An event of ours that waits in the document that it tells of (PROTOCOL D7): ids and words of ours, nothing personal. */
export interface OutEntry {
  /** Deterministic, or drawn in the same write: published twice, it is the same event. */
  id: string;
  /** null: for the journal of choices only. */
  type: string | null;
  at: Date;
  data: Record<string, unknown>;
  /** What the compacted journal of choices keeps of it (PROTOCOL F3); the event itself does not carry it. */
  journal?: Record<string, unknown>;
}

/** What waits in one document, and what all of it is about. */
export interface Outgoing {
  _id: string;
  tenant: string | null;
  customer: string | null;
  /** As it was read: while it stands, nothing was pushed since. Absent: the document has none. */
  rev?: string | undefined;
  about: Record<string, unknown>;
  out: OutEntry[];
}

/** Documents in which events out wait. `{ 'out.at': 1 }` is to be an index: what has none is not looked at. */
export interface Outbox {
  findOut(limit: number, settledBefore?: Date): Promise<Outgoing[]>;
  /** Takes out what was published. The document's `rev` stays: nobody loses a race to it. */
  pullOut(published: readonly Outgoing[]): Promise<void>;
}

const EVER = new Date(0);

/**
 * Anything waits there. Not `$exists`: a range over dates touches the index only where there are any. With `before`, what
 * was pushed just now may still get company: a message that is planned and sent in one breath is told of in one go.
 */
export const waitingOut = (before?: Date) => ({
  'out.at': before === undefined ? { $gt: EVER } : { $gt: EVER, $lte: before },
});

/**
 * Where nothing was written since, all of `out` goes at once, which costs a store least; else each published entry is
 * pulled, so that what was pushed meanwhile stays.
 */
export async function pullPublished(
  collection: mongoose.Collection,
  published: readonly Outgoing[],
): Promise<void> {
  const unmoved = published.filter(({ rev }) => rev !== undefined);
  const emptied =
    unmoved.length === 0
      ? 0
      : (
          await collection.bulkWrite(
            unmoved.map(({ _id, tenant, rev }) => ({
              updateOne: {
                filter: { _id: _id as never, tenant, rev } as never,
                update: { $unset: { out: 1 } } as never,
              },
            })),
            { ordered: false },
          )
        ).matchedCount;
  if (emptied === published.length) return;
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
