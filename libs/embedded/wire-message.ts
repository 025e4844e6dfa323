import {
  arrayOfDocuments,
  MAX_COMMAND_DEPTH,
  MAX_DOCUMENT_BYTES,
  serialize,
  withRawField,
  type Doc,
} from './bson.js';
import type { Reply } from './command.js';
import { int32At } from './bson-layout.js';
import { checkDocument } from './check-document.js';
import { commandAt, documentAt, RawDocument } from './raw-document.js';
import { Long } from './bson.js';
import { encode } from './encode.js';
import { isRefusal, tooDeep, tooLarge, type Refusal } from './refusal.js';

/** MongoDB's wire protocol: OP_MSG, and of the older OP_QUERY what the driver's first hello needs. */
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** Bits that a receiver must understand; bit 16 (exhaustAllowed) it may ignore. */
const REQUIRED_BITS = 0xffff;

/** As in MongoDB a reply with the largest document in it has some room beside that. */
const MOST_OF_REPLY = MAX_DOCUMENT_BYTES + 16 * 1024;

export interface Message {
  requestId: number;
  /** How the answer is to be framed. */
  form: 'msg' | 'query';
  /** The sender waits for no answer. */
  silent: boolean;
  database: string;
  body: Doc;
  /** Why it cannot be read: what it holds is sound, but there is no such value here, or it is nested too deep. */
  refused?: Refusal;
}

/** Bytes that are no message of ours: the connection is closed, since what follows cannot be trusted. */
export class WireFault extends Error {}

/** The length of the message that begins here, or 0 if its header has not come yet. */
export function messageLength(buffer: Buffer): number {
  return buffer.length < 4 ? 0 : buffer.readInt32LE(0);
}

function cString(buffer: Buffer, from: number): { text: string; next: number } {
  const end = buffer.indexOf(0, from);
  if (end < 0) throw new WireFault('a string without an end');
  return { text: buffer.toString('utf8', from, end), next: end + 1 };
}

/** What is inserted stays bytes: they are copied to where they are kept. */
const UNREAD = 'documents';

/** The document that begins here, all of it being sound: where it ends, and how deep it is nested. */
function checked(buffer: Buffer, at: number, end: number): { next: number; deepest: number } {
  try {
    const deepest = checkDocument(buffer, at, end);
    return { next: at + int32At(buffer, at), deepest };
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new WireFault(`a document that is none: ${(error as Error).message}`);
  }
}

/** As `checked`, of what is going to be read. */
function checkedToRead(buffer: Buffer, at: number, end: number): { next: number; deepest: number } {
  const document = checked(buffer, at, end);
  if (document.deepest > MAX_COMMAND_DEPTH) throw tooDeep(MAX_COMMAND_DEPTH);
  return document;
}

/** Kind 0 is the body; kind 1 is one of its arrays, sent as documents in a row. */
function readSections(buffer: Buffer, from: number, end: number): Doc {
  let body: Doc | undefined;
  const sequences: Doc = {};
  let at = from;
  while (at < end) {
    const kind = buffer[at]!;
    at += 1;
    if (kind === 0 && !body) {
      const { next, deepest } = checkedToRead(buffer, at, end);
      body = commandAt(buffer, at, UNREAD, deepest);
      at = next;
    } else if (kind === 1) {
      if (at + 4 > end) throw new WireFault('a sequence beyond its message');
      const stop = at + buffer.readInt32LE(at);
      if (stop > end) throw new WireFault('a sequence beyond its message');
      const { text: name, next: start } = cString(buffer, at + 4);
      const documents: unknown[] = [];
      for (at = start; at < stop;) {
        if (name === UNREAD) {
          const { next, deepest } = checked(buffer, at, stop);
          documents.push(new RawDocument(buffer, at, deepest));
          at = next;
        } else {
          const { next } = checkedToRead(buffer, at, stop);
          documents.push(documentAt(buffer, at));
          at = next;
        }
      }
      sequences[name] = documents;
    } else {
      throw new WireFault(`section kind ${kind}`);
    }
  }
  if (!body) throw new WireFault('a message without a body');
  return Object.assign(body, sequences);
}

function readMsg(buffer: Buffer): Message {
  const flags = buffer.readUInt32LE(HEADER);
  if (flags & REQUIRED_BITS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) throw new WireFault(`flags ${flags}`);
  // The transport is a local socket: the checksum is stepped over, as MongoDB does under TLS.
  const end = buffer.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  const body = readSections(buffer, HEADER + 4, end);
  const database = typeof body['$db'] === 'string' ? body['$db'] : '';
  const silent = (flags & MORE_TO_COME) !== 0;
  return { requestId: buffer.readInt32LE(4), form: 'msg', silent, database, body };
}

function readQuery(buffer: Buffer): Message {
  const { text: namespace, next } = cString(buffer, HEADER + 4);
  if (!namespace.endsWith('.$cmd')) throw new WireFault('OP_QUERY that is no command');
  checkedToRead(buffer, next + 8, buffer.length);
  const doc = documentAt(buffer, next + 8);
  const inner = doc['$query'];
  const body = typeof inner === 'object' && inner !== null ? (inner as Doc) : doc;
  const database = namespace.slice(0, -'.$cmd'.length);
  return {
    requestId: buffer.readInt32LE(4),
    form: 'query',
    silent: false,
    database,
    body,
  };
}

/** Reads one whole message. */
export function readMessage(buffer: Buffer): Message {
  if (buffer.length < HEADER + 5) throw new WireFault('a message too short');
  const operation = buffer.readInt32LE(12);
  if (operation !== OP_MSG && operation !== OP_QUERY) throw new WireFault(`operation ${operation}`);
  try {
    return operation === OP_MSG ? readMsg(buffer) : readQuery(buffer);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return {
      requestId: buffer.readInt32LE(4),
      form: operation === OP_MSG ? 'msg' : 'query',
      silent: operation === OP_MSG && (buffer.readUInt32LE(HEADER) & MORE_TO_COME) !== 0,
      database: '',
      body: {},
      refused: error,
    };
  }
}

function encodeBody({ body, batch }: Reply): Uint8Array {
  if (!batch) {
    const bytes = encode(body);
    if (bytes.length > MOST_OF_REPLY) throw tooLarge(bytes.length);
    return bytes;
  }
  const cursor = withRawField(
    serialize({ id: Long.fromBigInt(batch.id), ns: batch.namespace }),
    4,
    batch.name,
    arrayOfDocuments(batch.documents),
  );
  return withRawField(serialize({ ...body, ok: 1 }), 3, 'cursor', cursor);
}

let replies = 0;

/** Frames an answer as the question was framed. */
export function writeReply(message: Message, reply: Reply): Buffer {
  const body = encodeBody(reply);
  const lead = message.form === 'msg' ? 5 : 20;
  const whole = Buffer.allocUnsafe(HEADER + lead + body.length);
  replies = (replies + 1) & 0x7fffffff;
  whole.writeInt32LE(whole.length, 0);
  whole.writeInt32LE(replies, 4);
  whole.writeInt32LE(message.requestId, 8);
  whole.writeInt32LE(message.form === 'msg' ? OP_MSG : OP_REPLY, 12);
  whole.fill(0, HEADER, HEADER + lead);
  if (message.form === 'query') {
    whole.writeInt32LE(8, HEADER); // await-capable, as every server since 2.2
    whole.writeInt32LE(1, HEADER + 16); // one document
  }
  whole.set(body, HEADER + lead);
  return whole;
}
