import { randomFillSync } from 'node:crypto';
import mongoose from 'mongoose';
import { endWritesWithConnection } from './mongo-closed-writes.js';

/** How long a write may wait for its majority (PROTOCOL "Client"). */
const WRITE_TIMEOUT_MS = 5_000;
const SERVER_SELECTION_MS = 5_000;
const SOCKET_TIMEOUT_MS = 20_000;
const POOL_SIZE = 50;

/** Connects with the settings that the protocol counts on; rejects where no server answers. */
export async function connectMongo(uri: string): Promise<mongoose.Connection> {
  endWritesWithConnection();
  const connection = mongoose.createConnection(uri, {
    writeConcern: { w: 'majority', wtimeoutMS: WRITE_TIMEOUT_MS },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    retryWrites: true,
    retryReads: true,
    // Indexes are made by the stores, awaited at boot; a lost server fails fast instead of queueing.
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    maxPoolSize: POOL_SIZE,
    waitQueueTimeoutMS: SERVER_SELECTION_MS,
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    connectTimeoutMS: SERVER_SELECTION_MS,
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
  });
  try {
    return await connection.asPromise();
  } catch (error) {
    await connection.close(true).catch(() => undefined);
    throw error;
  }
}

/** A fresh 128-bit `rev`, `ref` or beat: never a counter, so that it names one write and no other. */
export function nonce(): string {
  if (drawn === POOL.length) {
    randomFillSync(POOL);
    drawn = 0;
  }
  drawn += NONCE_BYTES;
  return POOL.toString('hex', drawn - NONCE_BYTES, drawn);
}

/** Drawn for many at once: several are needed for each message, and each draw is a call to the system. */
const NONCE_BYTES = 16;
const POOL = Buffer.alloc(NONCE_BYTES * 256);
let drawn = POOL.length;

/** What the driver's errors carry that is looked at; told by shape, as realms break `instanceof`. */
interface ServerError {
  name?: string;
  code?: number | string;
  cause?: unknown;
  /** What a failed bulk says in its own name: the driver's error, or the server's answer. */
  errorResponse?: unknown;
  writeErrors?: { code?: number } | readonly { code?: number }[];
  writeConcernErrors?: readonly unknown[];
  result?: { getWriteConcernError?: () => unknown };
  errorLabelSet?: Set<string>;
  hasErrorLabel?: (label: string) => boolean;
}

const LOST_NAMES = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoNotConnectedError',
  'MongoClientClosedError',
  'MongoTopologyClosedError',
  'MongoServerClosedError',
  'MongoPoolClosedError',
  'MongoPoolClearedError',
  'PoolClearedOnNetworkError',
  'MongoPoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'MongoWriteConcernError',
  'MongoOperationTimeoutError',
]);
const LOST_LABELS = [
  'RetryableWriteError',
  'RetryableError',
  'TransientTransactionError',
  'SystemOverloadedError',
];
/** Host gone, stepping down, shutting down, no majority in time. */
const LOST_CODES = new Set<number | string>([
  6, 7, 64, 89, 91, 100, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);
/** A socket's own: the driver lets them through bare at times. */
const LOST_SOCKET = new Set<number | string>(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Whether the server was lost: what was asked of it may have happened or not; try again later, blame no data. */
export function isLostServer(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth >= 8) return false;
  const at = error as ServerError;
  if (at.name !== undefined && LOST_NAMES.has(at.name)) return true;
  if (at.code !== undefined && (LOST_SOCKET.has(at.code) || (isMongo(at) && LOST_CODES.has(at.code))))
    return true;
  if (LOST_LABELS.some((label) => at.hasErrorLabel?.(label))) return true;
  if (withoutMajority(at)) return true;
  return isLostServer(at.errorResponse, depth + 1) || isLostServer(at.cause, depth + 1);
}

// Numbers mean something under a driver's name only.
const isMongo = (error: ServerError): boolean => error.name?.startsWith('Mongo') ?? false;

const withoutMajority = (error: ServerError): boolean =>
  (error.writeConcernErrors?.length ?? 0) > 0 || error.result?.getWriteConcernError?.() !== undefined;

/** Whether a unique index refused, and nothing else went wrong: in a bulk, every failed write is such a one. */
export function isDuplicateKey(error: unknown): boolean {
  const { code, writeErrors } = (error ?? {}) as ServerError;
  if (withoutMajority(error ?? {})) return false;
  const each = writeErrors === undefined ? [] : [writeErrors].flat();
  return each.length > 0 ? each.every((fault) => fault.code === 11_000) : code === 11_000;
}

/** One compare-and-set: `filter` names the `_id` and what was seen, `nonce` is the write's own. */
export interface CasOp {
  filter: { _id: string } & Record<string, unknown>;
  update: Record<string, unknown>;
  nonce: string;
}

const CAS_TRIES = 2;

/**
 * Compare-and-set in bulk; the `_id`s that won. A bulk answers with a count, not with winners: where it is short, or
 * the reply is lost, the nonces are read back. A winner that somebody has written over since counts as lost: the
 * loser reads again, and every write that is decided here can be decided twice. A write that stays unknown throws.
 *
 * `readBack` is the field (it may lie inside an array) that carries the nonce; `rev` is set here, any other one is
 * set by the caller's own update.
 */
export async function casMany<T extends mongoose.mongo.Document>(
  documents: mongoose.mongo.Collection<T>,
  ops: readonly CasOp[],
  readBack = 'rev',
): Promise<Set<string>> {
  // Whatever its documents are, only `_id` and the nonce are read here.
  const collection = documents as unknown as mongoose.mongo.Collection<{ _id: string }>;
  if (new Set(ops.map((op) => op.filter._id)).size < ops.length) {
    throw new Error('casMany: two writes of one bulk name the same _id');
  }
  const won = new Set<string>();
  let open = ops;
  let lost: unknown;
  for (let tries = 0; open.length > 0 && tries < CAS_TRIES; tries += 1) {
    try {
      // Again with the same nonces: whichever of the tries arrives, arrives once, as it changes what the other asks for.
      const { matchedCount } = await collection.bulkWrite(
        open.map((op) => ({ updateOne: { filter: op.filter, update: withNonce(op, readBack) } })),
        { ordered: false },
      );
      const winners = matchedCount === open.length ? open : await carrying(collection, open, readBack);
      for (const op of winners) won.add(op.filter._id);
      return won;
    } catch (error) {
      if (!isLostServer(error)) throw error;
      lost = error;
    }
    const winners = new Set(await carrying(collection, open, readBack));
    for (const op of winners) won.add(op.filter._id);
    open = open.filter((op) => !winners.has(op));
  }
  if (open.length > 0) throw new Error(`casMany: ${open.length} writes stayed unknown`, { cause: lost });
  return won;
}

function withNonce(op: CasOp, readBack: string): Record<string, unknown> {
  if (readBack !== 'rev') return op.update;
  return { ...op.update, $set: { ...(op.update.$set as object | undefined), rev: op.nonce } };
}

async function carrying(
  collection: mongoose.mongo.Collection<{ _id: string }>,
  ops: readonly CasOp[],
  readBack: string,
): Promise<CasOp[]> {
  const ids = ops.map((op) => op.filter._id);
  const found = await collection.find({ _id: { $in: ids } }, { projection: { [readBack]: 1 } }).toArray();
  const seen = new Map(found.map((document) => [document._id, valuesAt(document, readBack.split('.'))]));
  return ops.filter((op) => seen.get(op.filter._id)?.includes(op.nonce));
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, path));
  const [head, ...rest] = path;
  if (head === undefined) return [value];
  return typeof value === 'object' && value !== null
    ? valuesAt((value as Record<string, unknown>)[head], rest)
    : [];
}
