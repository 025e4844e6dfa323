import { ARRAY, DOCUMENT, int32At, nameEnd, valueEnd } from './bson-layout.js';
import { Fields } from './fields.js';

/** A tree of fields, wanted or unwanted; a leaf is true. */
export interface Tree {
  [field: string]: Tree | true;
}

/** What a projection makes of the document that begins there, as bytes: its values are copied, not read. */
export type RawView = (bytes: Buffer, at: number) => Uint8Array;

interface Branch {
  fields: Fields;
  children: ReadonlyMap<string, Branch | true>;
}

function branchOf(tree: Tree): Branch {
  const children = Object.entries(tree).map(
    ([field, inner]) => [field, inner === true ? true : branchOf(inner)] as const,
  );
  return { fields: new Fields(Object.keys(tree)), children: new Map(children) };
}

/** Views lie in it one behind the other; when it is full, the next one begins another. */
const BLOCK = 64 * 1024;
let out = Buffer.allocUnsafeSlow(BLOCK);
let end = 0;
/** Where the view begins that is being made: what is told of places in it counts from there. */
let base = 0;

function room(size: number): void {
  if (end + size <= out.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(BLOCK, (end - base + size) * 2));
  out.copy(larger, 0, base, end);
  out = larger;
  end -= base;
  base = 0;
}

function copy(bytes: Buffer, from: number, to: number): void {
  room(to - from);
  if (to - from > 48) bytes.copy(out, end, from, to);
  else for (let at = from, put = end; at < to; at += 1, put += 1) out[put] = bytes[at]!;
  end += to - from;
}

function begin(): number {
  room(4);
  end += 4;
  return end - 4 - base;
}

function finish(start: number): void {
  room(1);
  out[end] = 0;
  end += 1;
  out.writeInt32LE(end - base - start, base + start);
}

/** The type of an array's next element, and its place as its name. */
function element(type: number, place: number): void {
  const name = String(place);
  room(name.length + 2);
  out[end] = type;
  end += 1 + out.write(name, end + 1, 'latin1');
  out[end] = 0;
  end += 1;
}

/** Fields that are wanted; of what is an array the documents in it, each with the wanted fields. */
function keep(bytes: Buffer, at: number, { fields, children }: Branch): void {
  const start = begin();
  const stop = at + int32At(bytes, at) - 1;
  let left = children.size;
  let here = at + 4;
  while (here < stop && left > 0) {
    const type = bytes[here]!;
    const name = fields.seek(bytes, here + 1);
    const value = fields.end + 1;
    const next = valueEnd(bytes, type, value);
    if (name !== undefined) {
      left -= 1;
      const child = children.get(name)!;
      if (child === true) copy(bytes, here, next);
      else if (type === DOCUMENT || type === ARRAY) {
        copy(bytes, here, value);
        if (type === DOCUMENT) keep(bytes, value, child);
        else keepElements(bytes, value, child);
      }
    }
    here = next;
  }
  finish(start);
}

function keepElements(bytes: Buffer, at: number, branch: Branch): void {
  const start = begin();
  const stop = at + int32At(bytes, at) - 1;
  let place = 0;
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const value = nameEnd(bytes, here + 1) + 1;
    if (type === DOCUMENT || type === ARRAY) {
      element(type, place);
      place += 1;
      if (type === DOCUMENT) keep(bytes, value, branch);
      else keepElements(bytes, value, branch);
    }
    here = valueEnd(bytes, type, value);
  }
  finish(start);
}

/** All fields but the unwanted; of an array each element, its documents without them. */
function leaveOut(bytes: Buffer, at: number, branch: Branch, isArray: boolean): void {
  const start = begin();
  const stop = at + int32At(bytes, at) - 1;
  let here = at + 4;
  while (here < stop) {
    const type = bytes[here]!;
    const name = branch.fields.seek(bytes, here + 1);
    const value = branch.fields.end + 1;
    const next = valueEnd(bytes, type, value);
    const child = isArray ? branch : name === undefined ? undefined : branch.children.get(name)!;
    if (child !== true) {
      if (child !== undefined && (type === DOCUMENT || type === ARRAY)) {
        copy(bytes, here, value);
        leaveOut(bytes, value, child, type === ARRAY);
      } else copy(bytes, here, next);
    }
    here = next;
  }
  finish(start);
}

/** Compiles a tree of fields that are in, or out. */
export function rawView(tree: Tree, including: boolean): RawView {
  const branch = branchOf(tree);
  return (bytes, at) => {
    base = end;
    if (including) keep(bytes, at, branch);
    else leaveOut(bytes, at, branch, false);
    return out.subarray(base, end);
  };
}
