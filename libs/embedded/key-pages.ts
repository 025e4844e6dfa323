import { indexKey } from './index-key.js';

/**
 * An ordered set of pairs of a key (`index-key`) and a record's number, in pages of bytes: outside of what the collector
 * walks, and what all keys of a page begin with is held once.
 */

const MOST = 128;
/** A page with fewer than this is joined with a neighbour that has room. */
const FEW = MOST / 8;

/** The key that is looked for. */
let scratch = new Uint8Array(1024);
/** How much of it the last comparison found to be the same. */
let matched = 0;

/** Takes a key to be looked for; its length in bytes. */
function take(key: string): number {
  const { length } = key;
  if (scratch.length < length) scratch = new Uint8Array(length * 2);
  for (let at = 0; at < length; at += 1) scratch[at] = key.charCodeAt(at);
  return length;
}

class Page {
  count = 0;
  /** What every key here begins with. */
  prefix: Uint8Array;
  /** The rest of each key, one behind the other. */
  keys: Uint8Array = new Uint8Array(64);
  /** Of each pair where its key's rest ends, and its record. */
  private ends: Uint32Array = new Uint32Array(8);
  records: Uint32Array = new Uint32Array(8);

  constructor(prefix: Uint8Array) {
    this.prefix = prefix;
  }

  start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  end(index: number): number {
    return this.ends[index]!;
  }

  /** Below 0, 0 or above it as the wanted pair stands to one of this page, with which it is known to share `same` bytes. */
  order(length: number, record: number, index: number, same: number): number {
    const { prefix, keys } = this;
    const common = prefix.length;
    const inPrefix = Math.min(length, common);
    let at = same;
    while (at < inPrefix && scratch[at] === prefix[at]) at += 1;
    matched = at;
    if (at < inPrefix) return scratch[at]! - prefix[at]!;
    if (length < common) return -1;
    let other = this.start(index) + at - common;
    const end = this.ends[index]!;
    while (at < length && other < end && scratch[at] === keys[other]) {
      at += 1;
      other += 1;
    }
    matched = at;
    if (at < length && other < end) return scratch[at]! - keys[other]!;
    return length - at - (end - other) || record - this.records[index]!;
  }

  /** The first pair that is not below the wanted one. */
  place(length: number, record: number): number {
    let low = 0;
    let high = this.count;
    // What lies between two keys shares at least what both of them share with the wanted one.
    let lowMatched = 0;
    let highMatched = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.order(length, record, middle, Math.min(lowMatched, highMatched)) > 0) {
        low = middle + 1;
        lowMatched = matched;
      } else {
        high = middle;
        highMatched = matched;
      }
    }
    return low;
  }

  hasKey(length: number, index: number): boolean {
    return this.order(length, this.records[index]!, index, 0) === 0;
  }

  /** Puts the wanted pair in its place; its key need not begin as the others do. */
  insert(index: number, length: number, record: number): void {
    let shared = 0;
    const most = Math.min(length, this.prefix.length);
    while (shared < most && scratch[shared] === this.prefix[shared]) shared += 1;
    if (shared < this.prefix.length) this.shorten(shared);
    const size = length - shared;
    const used = this.count === 0 ? 0 : this.ends[this.count - 1]!;
    if (used + size > this.keys.length) this.keys = grown(this.keys, used + size);
    if (this.count === this.ends.length) {
      const room = Math.min(MOST, this.count * 2);
      this.ends = widened(this.ends, room);
      this.records = widened(this.records, room);
    }
    const at = this.start(index);
    this.keys.copyWithin(at + size, at, used);
    for (let byte = 0; byte < size; byte += 1) this.keys[at + byte] = scratch[shared + byte]!;
    this.records.copyWithin(index + 1, index, this.count);
    for (let other = this.count; other > index; other -= 1) this.ends[other] = this.ends[other - 1]! + size;
    this.ends[index] = at + size;
    this.records[index] = record;
    this.count += 1;
  }

  remove(index: number): void {
    const at = this.start(index);
    const size = this.end(index) - at;
    this.keys.copyWithin(at, at + size, this.ends[this.count - 1]);
    this.records.copyWithin(index, index + 1, this.count);
    for (let other = index + 1; other < this.count; other += 1)
      this.ends[other - 1] = this.ends[other]! - size;
    this.count -= 1;
  }

  /** Keeps the first so many; a new page of the others. */
  splitAt(index: number): Page {
    const right = Page.of([{ page: this, from: index, to: this.count }]);
    const left = Page.of([{ page: this, from: 0, to: index }]);
    Object.assign(this, left);
    return right;
  }

  /** A page of stretches of others, which follow one another. */
  static of(parts: readonly { page: Page; from: number; to: number }[]): Page {
    const first = parts[0]!;
    const last = parts.at(-1)!;
    const low = first.page.whole(first.from);
    const high = last.page.whole(last.to - 1);
    let shared = 0;
    while (shared < low.length && shared < high.length && low[shared] === high[shared]) shared += 1;
    const page = new Page(low.slice(0, shared));
    const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
    const bytes = parts.reduce((sum, { page: one, from, to }) => {
      const less = shared - one.prefix.length;
      return sum + one.end(to - 1) - one.start(from) - less * (to - from);
    }, 0);
    page.keys = new Uint8Array(Math.max(64, bytes));
    const room = Math.min(MOST, Math.max(8, count));
    page.ends = new Uint32Array(room);
    page.records = new Uint32Array(room);
    let at = 0;
    for (const { page: one, from, to } of parts) {
      const { prefix } = one;
      for (let index = from; index < to; index += 1) {
        for (let byte = shared; byte < prefix.length; byte += 1) page.keys[at++] = prefix[byte]!;
        const begin = one.start(index) + Math.max(0, shared - prefix.length);
        for (let byte = begin; byte < one.end(index); byte += 1) page.keys[at++] = one.keys[byte]!;
        page.ends[page.count] = at;
        page.records[page.count] = one.records[index]!;
        page.count += 1;
      }
    }
    return page;
  }

  private whole(index: number): Uint8Array {
    const rest = this.keys.subarray(this.start(index), this.end(index));
    const whole = new Uint8Array(this.prefix.length + rest.length);
    whole.set(this.prefix);
    whole.set(rest, this.prefix.length);
    return whole;
  }

  /** Gives the end of what the keys have in common back to each of them. */
  private shorten(shared: number): void {
    const given = this.prefix.subarray(shared);
    if (this.count > 0) {
      const used = this.ends[this.count - 1]!;
      const keys = new Uint8Array(used + (this.count + 1) * given.length + 64);
      let at = 0;
      let from = 0;
      for (let index = 0; index < this.count; index += 1) {
        const to = this.ends[index]!;
        keys.set(given, at);
        keys.set(this.keys.subarray(from, to), at + given.length);
        at += given.length + to - from;
        this.ends[index] = at;
        from = to;
      }
      this.keys = keys;
    }
    this.prefix = this.prefix.slice(0, shared);
  }
}

function grown(keys: Uint8Array, needed: number): Uint8Array {
  const next = new Uint8Array(Math.max(needed, Math.ceil(keys.length * 1.4)));
  next.set(keys);
  return next;
}

function widened(numbers: Uint32Array, room: number): Uint32Array {
  const next = new Uint32Array(room);
  next.set(numbers);
  return next;
}

/** Pages in their order. */
export class KeyPages {
  private readonly pages: Page[] = [];
  /** Where a page was last found: what an update takes out and what it puts in lie apart, each beside the one before. */
  private readonly hints = { add: 0, remove: 0, read: 0 };

  /** How many pages there are. */
  get size(): number {
    return this.pages.length;
  }

  /** A pair twice is once. */
  add(key: string, record: number): void {
    const length = take(key);
    const { pages } = this;
    if (pages.length === 0) pages.push(new Page(scratch.slice(0, length)));
    const at = this.pageOf(length, record, 'add');
    let page = pages[at]!;
    let index = page.place(length, record);
    if (index < page.count && page.order(length, record, index, 0) === 0) return;
    if (page.count === MOST) {
      // What comes in order fills its pages: only what falls between parts one in the middle.
      const ordered = index === page.count;
      const after = pages[at + 1];
      if (ordered && after !== undefined && after.count < MOST) {
        // Keys that descend behind a full page would otherwise have a page each.
        after.insert(0, length, record);
        return;
      }
      const next = ordered ? new Page(scratch.slice(0, length)) : page.splitAt(MOST / 2);
      pages.splice(at + 1, 0, next);
      if (ordered || index > MOST / 2) {
        index = ordered ? 0 : index - MOST / 2;
        page = next;
      }
    }
    page.insert(index, length, record);
  }

  remove(key: string, record: number): void {
    const length = take(key);
    const { pages } = this;
    if (pages.length === 0) return;
    const at = this.pageOf(length, record, 'remove');
    const page = pages[at]!;
    const index = page.place(length, record);
    if (index === page.count || page.order(length, record, index, 0) !== 0) return;
    page.remove(index);
    if (page.count === 0) pages.splice(at, 1);
    else if (page.count < FEW) this.join(at);
  }

  /** The first record of a key. */
  get(key: string): number | undefined {
    const length = take(key);
    const { at, index } = this.position(length);
    const page = this.pages[at];
    return page !== undefined && page.hasKey(length, index) ? page.records[index] : undefined;
  }

  /** Records with low ≤ key < high, by keys of value-key, in order or backwards. The pages may not change meanwhile. */
  *between(low: string, high: string, backwards: boolean): Generator<number> {
    const from = this.positionOf(low);
    const to = this.positionOf(high);
    const { pages } = this;
    if (backwards) {
      for (let { at } = to; at >= from.at && at >= 0; at -= 1) {
        const page = pages[at];
        if (page === undefined) continue;
        const last = (at === to.at ? to.index : page.count) - 1;
        const first = at === from.at ? from.index : 0;
        for (let index = last; index >= first; index -= 1) yield page.records[index]!;
      }
      return;
    }
    for (let { at } = from; at <= to.at && at < pages.length; at += 1) {
      const page = pages[at]!;
      const first = at === from.at ? from.index : 0;
      const end = at === to.at ? to.index : page.count;
      for (let index = first; index < end; index += 1) yield page.records[index]!;
    }
  }

  /** How many lie between, counted up to a limit. */
  countUpTo(low: string, high: string, limit: number): number {
    const from = this.positionOf(low);
    const to = this.positionOf(high);
    let count = -from.index;
    for (let { at } = from; at < to.at && count < limit; at += 1) count += this.pages[at]!.count;
    return Math.max(0, Math.min(limit, count + to.index));
  }

  private positionOf(key: string): { at: number; index: number } {
    return this.position(take(indexKey(key)));
  }

  /** The first pair whose key is not below the wanted one; beyond the last page if there is none. */
  private position(length: number): { at: number; index: number } {
    if (this.pages.length === 0) return { at: 0, index: 0 };
    const at = this.pageOf(length, -1, 'read');
    const index = this.pages[at]!.place(length, -1);
    return index === this.pages[at]!.count ? { at: at + 1, index: 0 } : { at, index };
  }

  /** The last page whose first pair is not above the wanted one; the first page if all are. */
  private pageOf(length: number, record: number, to: keyof KeyPages['hints']): number {
    const { pages, hints } = this;
    let low = 0;
    let high = pages.length - 1;
    let lowMatched = 0;
    let highMatched = 0;
    // What comes in order goes where the one before it went; what does not is on one side of it.
    const hint = hints[to];
    if (hint <= high) {
      if (hint > 0 && pages[hint]!.order(length, record, 0, 0) < 0) {
        high = hint - 1;
        highMatched = matched;
      } else {
        if (hint === high || pages[hint + 1]!.order(length, record, 0, 0) < 0) return hint;
        low = hint + 1;
        lowMatched = matched;
      }
    }
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (pages[middle]!.order(length, record, 0, Math.min(lowMatched, highMatched)) >= 0) {
        low = middle;
        lowMatched = matched;
      } else {
        high = middle - 1;
        highMatched = matched;
      }
    }
    hints[to] = low;
    return low;
  }

  private join(at: number): void {
    const left = this.pages[at - 1];
    const right = this.pages[at + 1];
    const first =
      left !== undefined && left.count < MOST / 2
        ? at - 1
        : right !== undefined && right.count < MOST / 2
          ? at
          : -1;
    if (first < 0) return;
    const parts = [this.pages[first]!, this.pages[first + 1]!].map((page) => ({
      page,
      from: 0,
      to: page.count,
    }));
    this.pages.splice(first, 2, Page.of(parts));
  }
}
