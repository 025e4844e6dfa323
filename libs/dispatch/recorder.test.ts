import { describe, expect, it } from '@jest/globals';
import { messageRow } from '#messages/message.fixture';
import type { MessageStore } from '#messages/message.store';
import { transition, type Transition } from '#messages/transition';
import { type Late, LateOutcomes } from './late-outcomes.js';
import { Recorder } from './recorder.js';

const now = new Date('2026-05-04T07:00:00Z');
const accepted = (id: string): Transition =>
  transition({ ...messageRow({ _id: id }), status: 'sending' }, 'accepted', undefined, now);
const sent = (id: string, providerId: string | null = `p-${id}`): Late => ({
  ...{ tenant: 'clinic', message: id, ref: `ref-${id}`, providerId },
  move: () => Promise.resolve(accepted(id)),
});

/** A ledger that remembers its writes; `answer` may hold one back, throw, or lose some of its rows. */
function ledger(answer: (ids: string[], write: number) => Promise<string[]> = (ids) => Promise.resolve(ids)) {
  const writes: string[][] = [];
  const noted: string[] = [];
  const messages = {
    apply: async (moves: Transition[]) => {
      const ids = moves.map((move) => move.after._id);
      writes.push(ids);
      return new Set(await answer(ids, writes.length));
    },
    noteProviderId: (_tenant: string, id: string, ref: string, providerId: string) => {
      noted.push(`${id} ${ref} ${providerId}`);
      return Promise.resolve();
    },
  } as unknown as MessageStore;
  const late = new LateOutcomes(messages);
  return { late, recorder: new Recorder(messages, late), writes, noted };
}

describe('recording outcomes', () => {
  it('writes what comes together at once, and what comes meanwhile next', async () => {
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const { recorder, writes } = ledger(async (ids, write) => {
      if (write === 1) await held;
      return ids;
    });
    recorder.add(accepted('a'), sent('a'));
    recorder.add(accepted('b'), sent('b'));
    await new Promise((resolve) => setImmediate(resolve));
    recorder.add(accepted('c'), sent('c'));
    recorder.add(accepted('d'), sent('d'));
    go();
    await recorder.flushed();
    expect(writes).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('says only the provider id where a receipt was faster', async () => {
    const { recorder, noted } = ledger((ids) => Promise.resolve(ids.filter((id) => id !== 'b')));
    for (const id of ['a', 'b']) recorder.add(accepted(id), sent(id));
    recorder.add(accepted('c'), sent('c', null));
    await recorder.flushed();
    expect(noted).toEqual(['b ref-b p-b']);
  });

  it('a write that is lost is thrown in the end, and takes no later one with it', async () => {
    const { recorder, writes } = ledger((ids, write) =>
      write === 1 ? Promise.reject(new Error('connection closed')) : Promise.resolve(ids),
    );
    recorder.add(accepted('a'), sent('a'));
    await new Promise((resolve) => setImmediate(resolve));
    recorder.add(accepted('b'), sent('b'));
    await expect(recorder.flushed()).rejects.toThrow('connection closed');
    expect(writes).toEqual([['a'], ['b']]);
  });

  it('with nothing to write is done', async () => {
    const { recorder, writes } = ledger();
    await recorder.flushed();
    expect(writes).toEqual([]);
  });
});
