import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Doc } from './bson.js';
import { Collection } from './collection.js';
import { documentAt } from './raw-document.js';
import type { Place } from './slabs.js';

const silent = { put: () => undefined, removed: () => undefined };

/** What a step does to one of so many documents: its number, how, and how much is read of what is held afterwards. */
const stepOf = (documents: number) =>
  fc.tuple(fc.nat(documents), fc.constantFrom('change', 'change', 'remove'), fc.nat(2));

/** Reads so many of them, or all; a document that comes again has to be the same. */
function take(from: Iterator<Place>, count: number, seen: Map<unknown, Doc>): void {
  for (let read = 0; read < count; read += 1) {
    const next = from.next();
    if (next.done === true) return;
    const doc = documentAt(next.value.slab.bytes, next.value.at);
    const before = seen.get(doc['_id']);
    if (before !== undefined) expect(doc).toEqual(before);
    seen.set(doc['_id'], doc);
  }
}

// The larger ones fill slabs whose bytes are written again.
it.each([
  [900, 12, 300],
  [400_000, 30, 8],
])(
  'is what was there at one moment, whatever changes while it is read (%d bytes)',
  (size, documents, numRuns) => {
    fc.assert(
      fc.property(
        fc.array(stepOf(documents), { minLength: 100, maxLength: 250 }),
        fc.nat(100),
        (steps, moment) => {
          const collection = new Collection('db.rows', silent);
          let then: Doc[] = [];
          let held: Iterator<Place> | undefined;
          const seen = new Map<unknown, Doc>();
          for (const [step, [_id, how, reads]] of steps.entries()) {
            if (step === moment) {
              then = [...collection.entries()].map(({ doc }) => doc);
              held = collection.hold()[Symbol.iterator]();
            }
            const entry = [...collection.entries()].find(({ doc }) => doc['_id'] === _id);
            // Long enough that slabs are copied together on the way.
            const doc = { _id, n: step, text: 'x'.repeat(size) };
            if (!entry) collection.insert(doc);
            else if (how === 'remove') collection.remove(entry);
            else collection.replace(entry, doc);
            collection.recycle();
            if (held) take(held, reads, seen);
          }
          if (!held) return;
          take(held, Number.POSITIVE_INFINITY, seen);
          const inOrder = (docs: Iterable<Doc>): Doc[] =>
            [...docs].sort((one, other) => Number(one['_id']) - Number(other['_id']));
          expect(inOrder(seen.values())).toEqual(inOrder(then));
        },
      ),
      { numRuns },
    );
  },
);
