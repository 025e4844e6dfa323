import type { Gaps } from './bench.contract.js';

const because = (why: string, names: string[]): [string, string][] => names.map((name) => [name, why]);

/** What mongo-java-server 1.47 does otherwise than MongoDB. */
export const MONGO_JAVA_SERVER: Gaps = new Map([
  ...because('it answers isMaster only, and knows no sessions', [
    'greets: writable, with sessions, at a wire version that the driver takes',
    'takes read and write concerns, sessions, time limits and comments',
    'refuses transactions on a standalone server',
  ]),
  ...because('it sends no keyPattern with 11000', [
    'refuses the same _id twice by 11000',
    'refuses a duplicate of a unique index, telling the index and the value',
  ]),
  ...because('it miscounts insertedCount beside errors', [
    'stops an ordered insert at the first duplicate, goes on in an unordered one',
  ]),
  ...because('it ignores what it lists or drops by', [
    'creates, lists and drops collections',
    'creates, lists and drops them',
    'refuses the same name for other fields, and the same fields under another name',
    'refuses to list the indexes of a collection that is not there',
  ]),
  ...because('it takes arrays otherwise', [
    'finds by equality of an array within an array',
    'finds by null at a dotted path',
    'finds by a range that two elements satisfy between them',
    'finds by $all of one, of a plain value',
    'finds by the same filters with an index on every field',
  ]),
  ...because('it does not check this, or answers with another code', [
    'refuses a projection that includes and excludes',
    'refuses $in without an array',
    'refuses $or of no documents',
    'refuses $size below zero',
    'refuses $all without an array',
    'refuses $not of a plain value',
    'refuses $mod by zero',
    'refuses $addToSet to a string, and changes nothing',
    'refuses $push with $each of no array, and changes nothing',
    'refuses an empty field name, and changes nothing',
    'refuses an unknown expression',
    'refuses $limit of none',
    'refuses a negative $skip',
  ]),
  ...because('its findAndModify tells no lastErrorObject of an upsert', [
    'finds one and upserts: null before, the row after',
  ]),
  ...because('its first batch has its own size, and its ended cursors fail otherwise', [
    'gives 101 first, then the rest',
    'gives an empty first batch when asked to',
    'forgets a cursor that has given all',
  ]),
  ...because('its unanswered writes are not in order with the reads after them', [
    'writes without an answer when none is wanted',
  ]),
]);
