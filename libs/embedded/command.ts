import type { Cursors } from './cursors.js';
import type { Databases } from './databases.js';
import { isDocument, type Doc } from './bson.js';
import { Refusal } from './refusal.js';

/** What a command works on. */
export interface Session {
  databases: Databases;
  cursors: Cursors;
  /** Wall time for `hello`; nothing is decided by it. */
  wallTime: () => Date;
  connectionId: number;
}

/** One command as it came: its database, its fields. */
export interface Request {
  database: string;
  body: Doc;
}

/** A cursor's part of a reply: the documents are bytes already. */
export interface ReplyBatch {
  name: 'firstBatch' | 'nextBatch';
  namespace: string;
  id: bigint;
  documents: Uint8Array[];
}

export interface Reply {
  body: Doc;
  batch?: ReplyBatch;
}

export interface Command {
  /** The fields that it understands beside those of every command. Any other is refused. */
  fields: readonly string[];
  /** The reply's fields, or a cursor's batch. */
  run(request: Request, session: Session): Doc | { batch: ReplyBatch };
}

/** Every command takes these. None changes the answer of a standalone server. */
const COMMON = new Set(
  (
    '$db lsid $clusterTime $readPreference readConcern writeConcern maxTimeMS comment txnNumber startTransaction ' +
    'autocommit apiVersion apiStrict apiDeprecationErrors $configServerState'
  ).split(' '),
);

function checkConcerns(body: Doc): void {
  if (
    body['startTransaction'] !== undefined ||
    body['autocommit'] !== undefined ||
    body['txnNumber'] !== undefined
  ) {
    throw new Refusal(20, 'Transaction numbers are only allowed on a replica set member or mongos');
  }
  const write = body['writeConcern'];
  if (isDocument(write) && typeof write['w'] === 'number' && write['w'] > 1) {
    throw new Refusal(2, "cannot use 'w' > 1 when a host is not replicated");
  }
  if (isDocument(write) && typeof write['w'] === 'string' && write['w'] !== 'majority') {
    throw new Refusal(2, "cannot use non-majority 'w' mode when a host is not a member of a replica set");
  }
  const read = body['readConcern'];
  const level: unknown = isDocument(read) ? (read['level'] ?? 'local') : 'local';
  if (level !== 'local' && level !== 'available' && level !== 'majority') {
    throw new Refusal(123, `readConcern level ${JSON.stringify(level)} is only for a replica set`);
  }
}

/** Refuses fields that the command does not understand, and what only a replica set can promise. */
export function checkRequest(name: string, command: Command, { body }: Request): void {
  for (const field of Object.keys(body)) {
    if (field === name || COMMON.has(field) || command.fields.includes(field)) continue;
    throw new Refusal(40415, `BSON field '${name}.${field}' is an unknown field.`);
  }
  checkConcerns(body);
}

/** Refuses unknown fields of a part of a command: one update, one index. */
export function checkFields(where: string, doc: Doc, known: readonly string[]): void {
  const odd = Object.keys(doc).find((field) => !known.includes(field));
  if (odd !== undefined) throw new Refusal(40415, `BSON field '${where}.${odd}' is an unknown field.`);
}

export function documentOf(where: string, value: unknown): Doc {
  if (value === undefined || value === null) return {};
  if (!isDocument(value))
    throw new Refusal(14, `BSON field '${where}' is the wrong type, expected type 'object'`);
  return value;
}

export function arrayOf(where: string, value: unknown): unknown[] {
  if (value === undefined) throw new Refusal(40414, `BSON field '${where}' is missing but a required field`);
  if (!Array.isArray(value))
    throw new Refusal(14, `BSON field '${where}' is the wrong type, expected type 'array'`);
  return value;
}

/** A count of documents: whole, not negative. */
export function countOf(where: string, value: unknown): number {
  if (value === undefined || value === null) return 0;
  const count = Number(value);
  if (!Number.isInteger(count)) throw new Refusal(9, `Expected an integer: ${where}`);
  if (count < 0) throw new Refusal(2, `BSON field '${where}' value must be >= 0, actual value '${count}'`);
  return count;
}

/** `database.collection` of a command whose first field names the collection. */
export function namespaceOf({ database, body }: Request): string {
  const name = Object.values(body)[0];
  if (typeof name !== 'string' || name === '') {
    throw new Refusal(
      73,
      `Invalid namespace specified '${database}.${typeof name === 'string' ? name : ''}'`,
    );
  }
  return `${database}.${name}`;
}
