import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LagomEvent } from '#events/event';
import { nothing, type HearResult } from './hear-result.js';
import { HearTogether } from './hear-together.js';

const events = (...ids: string[]) => ids.map((id) => ({ id }) as LagomEvent);

describe('events that several requests bring', () => {
  /** The ids of each hearing, and how it is let end. */
  let hearings: { ids: string[]; end: () => void }[];
  let broken: (ids: string[]) => Error | null;
  let together: HearTogether;
  beforeEach(() => {
    hearings = [];
    broken = () => null;
    together = new HearTogether({
      async hear(heard: readonly LagomEvent[]): Promise<HearResult[]> {
        const ids = heard.map(({ id }) => id);
        await new Promise<void>((end) => hearings.push({ ids, end }));
        const error = broken(ids);
        if (error) throw error;
        return ids.map((id) => ({ ...nothing('applied'), planned: [id] }));
      },
    });
  });
  const heard = () => hearings.map(({ ids }) => ids);
  const planned = (results: HearResult[]) => results.flatMap((result) => result.planned);
  /** Lets all that is under way end, and what follows from it. */
  const endAll = async () => {
    for (let at = 0; at < hearings.length; at += 1) {
      hearings[at]?.end();
      await new Promise(setImmediate);
    }
  };

  it('are heard at once where nothing is under way', async () => {
    const one = together.hear(events('a', 'b'));
    expect(heard()).toEqual([['a', 'b']]);
    await endAll();
    expect(planned(await one)).toEqual(['a', 'b']);
  });

  it('are heard in one go once others have ended, and each is told of its own', async () => {
    const all = ['a', 'b', 'c', 'd'].map((id) => together.hear(events(id, `${id}2`)));
    await endAll();
    expect(heard()).toEqual([
      ['a', 'a2'],
      ['b', 'b2'],
      ['c', 'c2', 'd', 'd2'],
    ]);
    expect((await Promise.all(all)).map(planned)).toEqual([
      ['a', 'a2'],
      ['b', 'b2'],
      ['c', 'c2'],
      ['d', 'd2'],
    ]);
  });

  it('fill no hearing beyond a topic’s batch', async () => {
    const many = (from: string) => events(...Array.from({ length: 150 }, (_, n) => `${from}${n}`));
    const all = ['a', 'b', 'c', 'd'].map((from) => together.hear(many(from)));
    await endAll();
    expect(heard().map(({ length }) => length)).toEqual([150, 150, 150, 150]);
    await Promise.all(all);
  });

  it('fail for their own sake only', async () => {
    broken = (ids) => (ids.includes('bad') ? new Error('a bug') : null);
    const [, , good, bad] = ['a', 'b', 'c', 'bad'].map((id) => together.hear(events(id)));
    const failed = expect(bad).rejects.toThrow('a bug');
    await endAll();
    expect(planned(await good!)).toEqual(['c']);
    await failed;
    expect(heard().slice(2)).toEqual([['c', 'bad'], ['c'], ['bad']]);
  });

  it('fail together, without another try, where the ledger is away', async () => {
    broken = (ids) =>
      ids.includes('c') ? Object.assign(new Error('gone'), { name: 'MongoNetworkError' }) : null;
    const all = ['a', 'b', 'c', 'd'].map((id) => together.hear(events(id)));
    const ends = Promise.allSettled(all);
    await endAll();
    expect((await ends).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(hearings).toHaveLength(3);
  });
});
