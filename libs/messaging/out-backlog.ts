import type mongoose from 'mongoose';
import { waitingOut, type OutEntry } from './outbox.js';

/** How much of an outbox waits to be published, and since when. */
export interface OutBacklog {
  documents: number;
  oldest: Date | null;
}

/** By the index over `out.at` alone: what has nothing to publish is not looked at. */
export async function outBacklog(collection: mongoose.Collection): Promise<OutBacklog> {
  const waiting = waitingOut();
  const [documents, first] = await Promise.all([
    collection.countDocuments(waiting),
    collection.findOne(waiting, { projection: { 'out.at': 1 }, sort: { 'out.at': 1 } }),
  ]);
  const [entry] = (first?.['out'] ?? []) as Pick<OutEntry, 'at'>[];
  return { documents, oldest: entry?.at ?? null };
}
