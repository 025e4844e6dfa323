import type mongoose from 'mongoose';

/**
 * The documents as they are kept, at most `most` of them, in one answer: for the reads of every batch. The driver alone, as
 * mongoose looks at each query and at each document, and an answer of more than 101 documents would come in two.
 */
export function findPlain<T>(
  collection: mongoose.Collection,
  filter: Record<string, unknown>,
  most: number,
): Promise<T[]> {
  // One more than there can be: a server that has given exactly a batch does not know yet that it was all.
  return collection.find(filter, { batchSize: most + 1 }).toArray() as unknown as Promise<T[]>;
}
