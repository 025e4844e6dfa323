import { it } from '@jest/globals';
import type mongoose from 'mongoose';

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
    (error: unknown) => (error as { code?: number }).code ?? -1,
  );
}

/** One case of the contract; where the server is known to fail it, it is skipped and says why. */
export function caseIn({ gaps }: Bench, name: string, run: () => Promise<void>): void {
  const gap = gaps.get(name);
  if (gap === undefined) it(name, run);
  else it.skip(`${name} (${gap})`, run);
}

/** Makes one index and tells its name. */
export async function indexOn(
  rows: Pick<mongoose.mongo.Collection, 'createIndexes'>,
  key: Record<string, 1 | -1>,
  options: { name?: string; unique?: boolean } = {},
): Promise<string> {
  return (await rows.createIndexes([{ key, ...options }]))[0]!;
}
