import type mongoose from 'mongoose';

/**
 * A tenant's documents of these `_id`s as they are kept, in one answer: for the reads of every batch. The driver alone, as
 * mongoose looks at each query and at each document, and an answer of more than 101 documents would come in two.
 */
export function findByKeys<T>(
  collection: mongoose.Collection,
  tenant: string,
  keys: readonly string[],
): Promise<T[]> {
  const _id = { $in: [...new Set(keys)] };
  // One more than there can be: a server that has given exactly a batch does not know yet that it was all.
  return collection
    .find({ _id, tenant } as never, { batchSize: _id.$in.length + 1 })
    .toArray() as unknown as Promise<T[]>;
}
