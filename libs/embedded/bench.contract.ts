import { it } from '@jest/globals';
import mongoose from 'mongoose';

export type Db = mongoose.mongo.Db;
export type Collection = mongoose.mongo.Collection<Row>;
export interface Row {
  _id: string | number;
  [field: string]: unknown;
}

export interface Opened {
  uri: string;
  close(): Promise<void>;
}

/** What a server is known to do otherwise than MongoDB: the case's name, and why it is skipped there. */
export type Gaps = ReadonlyMap<string, string>;

/** What each case works with: a collection of its own, empty. */
export interface Bench {
  uri: string;
  client: mongoose.mongo.MongoClient;
  db: Db;
  rows: Collection;
  gaps: Gaps;
}

/** The code of the error that a promise ends with; 0 if it ends well. */
export async function codeOf(promise: Promise<unknown>): Promise<number> {
  return promise.then(
    () => 0,
    (error: { code?: number }) => error.code ?? -1,
  );
}

/** One case of the contract; where the server is known to fail it, it is skipped and says why. */
export function caseIn({ gaps }: Bench, name: string, run: () => Promise<void>): void {
  const gap = gaps.get(name);
  if (gap === undefined) it(name, run);
  else it.skip(`${name} (${gap})`, run);
}
