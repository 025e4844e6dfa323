import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Doc } from './bson.js';
import { Collection } from './collection.js';
import type { Slab } from './slabs.js';
import { placesOf } from './places.js';
import { int32At } from './bson-layout.js';
import { documentAt } from './raw-document.js';

const silent = { put: () => undefined, removed: () => undefined };
const text = (size: number): string => 'x'.repeat(size);

describe('slabs of documents', () => {
  it('lose nothing while they are copied together, and show a cursor what was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(30), fc.nat(3), fc.integer({ min: 1, max: 1_500 })), { maxLength: 400 }),
        fc.nat(400),
        (steps, moment) => {
          const collection = new Collection('db.rows', silent);
          collection.createIndex({ name: 'n', key: [['n', 1]], unique: false });
          const expected = new Map<number, Doc>();
          let then: Doc[] = [];
          let held = placesOf([]);
          for (const [step, [_id, kind, size]] of steps.entries()) {
            const entry = [...collection.entries()].find(({ doc }) => doc['_id'] === _id);
            const doc = { _id, n: step, text: text(size) };
            if (!entry) collection.insert(doc);
            else if (kind === 0) collection.remove(entry);
            else if (kind === 1) collection.replace(entry, doc);
            else {
              const fields = collection.fieldsFor(['n', 'text']);
              const before = entry.pick(fields);
              collection.change(entry, fields, before, { ...before, n: step, text: doc.text });
            }
            if (entry && kind === 0) expected.delete(_id);
            else expected.set(_id, doc);
            if (step === moment) {
              held = placesOf(collection.entries());
              then = [...collection.entries()].map(({ doc: is }) => is);
            }
          }
          const byId = (one: Doc, other: Doc): number => Number(one['_id']) - Number(other['_id']);
          const all = [...collection.entries()].map(({ doc }) => doc).sort(byId);
          expect(all).toEqual([...expected.values()].sort(byId));
          const byIndex = [...collection.indexes.get('n')!.between('', '\uffff')].map(({ doc }) => doc['n']);
          expect(byIndex).toEqual(all.map(({ n }) => Number(n)).sort((one, other) => one - other));
          const seen = Array.from({ length: held.length }, (_, n) =>
            documentAt(held.slab(n).bytes, held.at(n)),
          );
          expect(seen).toEqual(then);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hold no more than a few times what lives, however often few documents change beside many that do not', () => {
    const collection = new Collection('db.rows', silent);
    for (let _id = 0; _id < 200; _id += 1) collection.insert({ _id, text: text(300) });
    for (let step = 0; step < 5_000; step += 1) {
      // One of ten is new in each slab and stays: the others of it go.
      const entry = collection.get([...collection.entries()][step % 7]!.id)!;
      collection.replace(entry, { _id: entry.doc['_id'], text: text(300 + (step % 50)) });
      if (step % 100 === 0) collection.insert({ _id: `new-${step}`, text: text(300) });
    }
    const slabs = new Set<Slab>();
    let live = 0;
    for (const { slab, at } of collection.entries()) {
      slabs.add(slab);
      live += int32At(slab.bytes, at);
    }
    const held = [...slabs].reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(held).toBeLessThan(live * 4);
  });

  it('take large documents without room that nothing will fill', () => {
    const collection = new Collection('db.rows', silent);
    for (const size of [2_100_000, 1_500_000, 600_000]) {
      for (let n = 0; n < 8; n += 1) {
        collection.insert({ _id: `${size}-${n}`, text: text(size) });
        collection.insert({ _id: `${size}-${n}-small`, text: text(300) });
      }
    }
    const slabs = new Set([...collection.entries()].map(({ slab }) => slab));
    const held = [...slabs].reduce((sum, { bytes }) => sum + bytes.length, 0);
    const live = [...collection.entries()].reduce((sum, { slab, at }) => sum + int32At(slab.bytes, at), 0);
    expect(held).toBeLessThan(live * 1.2);
    for (const entry of [...collection.entries()])
      if (!String(entry.id).includes('small')) collection.remove(entry);
    const left = new Set([...collection.entries()].map(({ slab }) => slab));
    expect([...left].reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(5 * 1024 * 1024);
  });

  it('are written again once nobody reads there, and a cursor is shown what was until then', () => {
    const STEPS = ['put', 'put', 'put', 'put', 'remove', 'open', 'close', 'turn', 'turn'] as const;
    const step = fc.tuple(fc.constantFrom(...STEPS), fc.nat(15));
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 200 }), (steps) => {
        const collection = new Collection('db.rows', silent);
        const saying = (_id: number, n: number): Doc => ({ _id, n, text: String(n).padEnd(400_000, '.') });
        const all = (): Doc[] => [...collection.entries()].map(({ doc }) => doc);
        for (let _id = 0; _id < 16; _id += 1) collection.insert(saying(_id, -1));
        let cursor: { places: ReturnType<typeof placesOf>; then: Doc[] } | undefined;
        const expected = new Map<unknown, Doc>(all().map((doc) => [doc['_id'], doc]));
        for (const [n, [how, _id]] of steps.entries()) {
          const entry = [...collection.entries()].find(({ doc }) => doc['_id'] === _id);
          if (how === 'put') {
            expected.set(_id, saying(_id, n));
            if (entry) collection.replace(entry, saying(_id, n));
            else collection.insert(saying(_id, n));
          }
          if (how === 'remove' && entry) {
            expected.delete(_id);
            collection.remove(entry);
          }
          if (how === 'open') cursor ??= { places: placesOf(collection.entries()), then: all() };
          if (how === 'close' && cursor) {
            const { places, then } = cursor;
            expect(then).toEqual(then.map((_, nth) => documentAt(places.slab(nth).bytes, places.at(nth))));
            cursor = undefined;
          }
          // As the server does at the end of each turn.
          if (how === 'turn' && !cursor) collection.recycle();
        }
        expect(new Map(all().map((doc) => [doc['_id'], doc]))).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  it('are few, whatever is written over', () => {
    const collection = new Collection('db.rows', silent);
    const seen = new Set<Buffer>();
    for (let n = 0; n < 600; n += 1) {
      const doc = { _id: n % 20, text: text(400_000) };
      const entry = [...collection.entries()].find(({ doc: { _id } }) => _id === doc._id);
      if (entry) collection.replace(entry, doc);
      else collection.insert(doc);
      collection.recycle();
      for (const { slab } of collection.entries()) seen.add(slab.bytes);
    }
    // 240 MB were written, 8 of which live.
    expect([...seen].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(60_000_000);
  });
});
