import { ARRAY, DOCUMENT, int32At, nameEnd, NULL, STRING, valueEnd } from '#embedded/bson-layout';
import { Fields } from '#embedded/fields';
import { textAt, valueAt, type Texts } from '#embedded/raw-document';
import type { SaidChoice } from '#purposes/choice';
import { PROSPECT_FIELDS, SAID_FIELDS, type Prospect } from './prospect.js';

const PERSON = new Fields(PROSPECT_FIELDS);
const CHOICE = new Fields(SAID_FIELDS);

/**
 * People as the store's answer has them, in its bytes. Each is made when their turn comes, and forgotten: a page of people
 * that were all made at once would outlive the collector's youngest, which costs more than to read them.
 */
export class ProspectPage {
  readonly length: number;
  private readonly bytes: Buffer;
  private readonly first: number;
  private readonly stop: number;
  private readonly lastAt: number;

  /** @param cursor what `find` answered of its cursor (MongoDB, database commands), as it came: `{firstBatch, id, ns}` */
  constructor(cursor: Uint8Array) {
    this.bytes = Buffer.from(cursor.buffer, cursor.byteOffset, cursor.byteLength);
    const batch = batchAt(this.bytes);
    this.stop = batch + int32At(this.bytes, batch) - 1;
    this.first = batch + 4;
    let [count, last] = [0, this.first];
    for (let here = this.first; here < this.stop; count += 1) {
      last = here;
      here = next(this.bytes, DOCUMENT, this.documentAt(here), this.stop);
    }
    this.length = count;
    this.lastAt = last;
  }

  get last(): Prospect | undefined {
    return this.length === 0 ? undefined : readProspect(this.bytes, this.documentAt(this.lastAt));
  }

  *[Symbol.iterator](): Generator<Prospect> {
    for (let here = this.first; here < this.stop;) {
      const at = this.documentAt(here);
      yield readProspect(this.bytes, at);
      here = at + int32At(this.bytes, at);
    }
  }

  /** Behind the type and the name of an element of the batch, which is its number. */
  private documentAt(element: number): number {
    return nameEnd(this.bytes, element + 1) + 1;
  }
}

/** Where the array of the documents begins. */
function batchAt(cursor: Buffer): number {
  const stop = int32At(cursor, 0) - 1;
  for (let here = 4; here < stop;) {
    const end = nameEnd(cursor, here + 1);
    if (cursor[here] === ARRAY && textAt(cursor, here + 1, end) === 'firstBatch') return end + 1;
    here = next(cursor, cursor[here]!, end + 1, stop);
  }
  throw new Error("a find's answer without a batch");
}

/**
 * A person as the store's answer has them, from its bytes: what the driver would make of them, at a fifth of its cost.
 * Objects of always the same shape, which is what the gate reads fastest; a field that is not there is undefined.
 */
export function readProspect(bytes: Buffer, at: number): Prospect {
  let customer, name, locale, timeZone, birthDate, email, phone, address: unknown;
  let softOptIns, sends, marketingPausedUntil, restrictedAt, guardianConsent, choiceLog: unknown;
  const stop = at + int32At(bytes, at) - 1;
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const field = PERSON.seek(bytes, here + 1);
    const value = PERSON.end + 1;
    switch (field) {
      case 'customer':
        customer = textOrOther(bytes, type, value);
        break;
      case 'name':
        name = textOrOther(bytes, type, value);
        break;
      case 'email':
        email = textOrOther(bytes, type, value);
        break;
      case 'phone':
        phone = textOrOther(bytes, type, value);
        break;
      case 'birthDate':
        birthDate = textOrOther(bytes, type, value);
        break;
      case 'locale':
        locale = valueAt(bytes, type, value);
        break;
      case 'timeZone':
        timeZone = valueAt(bytes, type, value);
        break;
      case 'address':
        address = valueAt(bytes, type, value);
        break;
      case 'softOptIns':
        softOptIns = valueAt(bytes, type, value);
        break;
      case 'sends':
        sends = valueAt(bytes, type, value);
        break;
      case 'marketingPausedUntil':
        marketingPausedUntil = valueAt(bytes, type, value);
        break;
      case 'restrictedAt':
        restrictedAt = valueAt(bytes, type, value);
        break;
      case 'guardianConsent':
        guardianConsent = valueAt(bytes, type, value);
        break;
      case 'choiceLog':
        choiceLog = type === ARRAY ? readLog(bytes, value) : valueAt(bytes, type, value);
        break;
      default: // nobody asked for it
    }
    here = next(bytes, type, value, stop);
  }
  // One literal: where one is spread into another, that alone costs more than all the rest.
  return {
    customer,
    name,
    locale,
    timeZone,
    birthDate,
    email,
    phone,
    address,
    softOptIns,
    sends,
    marketingPausedUntil,
    restrictedAt,
    guardianConsent,
    choiceLog,
  } as Prospect;
}

function readLog(bytes: Buffer, at: number): SaidChoice[] {
  const log: SaidChoice[] = [];
  const stop = at + int32At(bytes, at) - 1;
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const value = nameEnd(bytes, here + 1) + 1;
    log.push(type === DOCUMENT ? readChoice(bytes, value) : (valueAt(bytes, type, value) as SaidChoice));
    here = next(bytes, type, value, stop);
  }
  return log;
}

function readChoice(bytes: Buffer, at: number): SaidChoice {
  let purpose, channel, state, when, recordedAt, via, version, lifts, address: unknown;
  const stop = at + int32At(bytes, at) - 1;
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const field = CHOICE.seek(bytes, here + 1);
    const value = CHOICE.end + 1;
    switch (field) {
      case 'purpose':
        purpose = valueAt(bytes, type, value);
        break;
      case 'channel':
        channel = valueAt(bytes, type, value);
        break;
      case 'state':
        state = valueAt(bytes, type, value);
        break;
      case 'at':
        when = valueAt(bytes, type, value);
        break;
      case 'recordedAt':
        recordedAt = valueAt(bytes, type, value);
        break;
      case 'via':
        via = valueAt(bytes, type, value);
        break;
      case 'version':
        version = valueAt(bytes, type, value);
        break;
      case 'lifts':
        lifts = valueAt(bytes, type, value);
        break;
      case 'address':
        address = valueAt(bytes, type, value);
        break;
      default: // its proof, which nobody asked for
    }
    here = next(bytes, type, value, stop);
  }
  return { purpose, channel, state, at: when, recordedAt, via, version, lifts, address } as SaidChoice;
}

/** Texts that are each person's own: looking whether one is known costs more than making it. */
function textOrOther(bytes: Buffer, type: number, at: number): unknown {
  if (type === STRING) return (bytes as Texts).utf8Slice(at + 4, at + 3 + int32At(bytes, at));
  return type === NULL ? null : valueAt(bytes, type, at);
}

/** Where the next field begins. Throws where the lengths are no document's: else a wrong one would be walked for ever. */
function next(bytes: Buffer, type: number, value: number, stop: number): number {
  const end = valueEnd(bytes, type, value);
  if (!(end >= value && end <= stop)) throw new Error('an answer whose bytes are no document');
  return end;
}
