import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Predicate } from '#campaigns/predicate';
import { segmentKey, SegmentStore, type Segment } from '#campaigns/segment.store';
import { DeriveBacklog } from '#customers/derive-backlog';
import { DeriveDealings } from '#customers/derive-dealings';
import { CLINIC, Ledger, NOW } from '#privacy/ledger.fixture';
import { Segments } from './segments.js';

/** Lets something happen between the look at what stands and the write: once. */
class SlowStore extends SegmentStore {
  meanwhile: (() => Promise<unknown>) | null = null;

  override async write(before: Segment, after: Segment): Promise<Segment | null> {
    const { meanwhile } = this;
    this.meanwhile = null;
    await meanwhile?.();
    return super.write(before, after);
  }
}

let ledger: Ledger;
let store: SlowStore;
let segments: Segments;
beforeAll(async () => {
  ledger = await Ledger.open();
  store = new SlowStore(ledger.connection);
  const dealings = new DeriveDealings(ledger.customers, ledger.bookings, ledger.purchases);
  const backlog = new DeriveBacklog(ledger.connection, ledger.customers, dealings);
  segments = new Segments(store, ledger.customers, backlog, ledger.clock);
  await store.createIndexes();
  await backlog.runOnce(NOW);
});
afterAll(() => ledger.close());

const REGULARS: Predicate = { visits: { atLeast: 3 } };

async function written(id: string, predicate: Predicate): Promise<void> {
  const said = { name: id, createdAt: NOW, createdBy: 'eva', updatedAt: NOW, updatedBy: 'eva' };
  const ids = { _id: segmentKey(CLINIC.id, id), tenant: CLINIC.id, segment: id, rev: 'r' };
  await store.add({ ...ids, predicate, ...said });
}
const change = (id: string, predicate: Predicate) =>
  segments.change(CLINIC, id, { name: id, predicate }, 'bo');
const ask = async (id: string) => (await segments.askFor(CLINIC, id, NOW))?.kind;

describe('two changes of segments at the same moment', () => {
  it('make no circle: the one that is written last is taken back, and its writer told', async () => {
    await Promise.all([written('s-a', REGULARS), written('s-b', REGULARS)]);
    let other: unknown;
    store.meanwhile = async () => (other = await change('s-b', { segment: 's-a' }));
    expect(await change('s-a', { segment: 's-b' })).toEqual({ kind: 'raced' });
    expect(other).toMatchObject({ kind: 'changed' });
    expect(await store.find(CLINIC.id, 's-a')).toMatchObject({ predicate: REGULARS, updatedBy: 'eva' });
    expect([await ask('s-a'), await ask('s-b')]).toEqual(['asked', 'asked']);
  });

  it('make none that is too large: a segment that grows while another begins to name it', async () => {
    const fifty = (one: Predicate): Predicate => ({ or: Array.from({ length: 50 }, () => one) });
    await Promise.all([written('s-base', REGULARS), written('s-top', REGULARS)]);
    let other: unknown;
    store.meanwhile = async () => (other = await change('s-top', fifty({ segment: 's-base' })));
    expect(await change('s-base', fifty(REGULARS))).toEqual({ kind: 'raced' });
    expect(other).toMatchObject({ kind: 'changed' });
    expect([await ask('s-base'), await ask('s-top')]).toEqual(['asked', 'asked']);
  });

  it('both stand where they go together', async () => {
    await Promise.all([written('s-c', REGULARS), written('s-d', REGULARS)]);
    let other: unknown;
    store.meanwhile = async () => (other = await change('s-d', { visits: { atLeast: 4 } }));
    expect(await change('s-c', { segment: 's-d' })).toMatchObject({ kind: 'changed' });
    expect(other).toMatchObject({ kind: 'changed' });
    expect([await ask('s-c'), await ask('s-d')]).toEqual(['asked', 'asked']);
  });
});
