import type { Child } from './child.js';
import type { Ground, House } from './ground.js';
import { median, medians, times, until } from './measure.js';

/** As many calls at once as an account of the house has slots (libs/channels/sender.ts). */
const CONCURRENCY = 32;
/** Told at once: what waits for the dispatcher and the loop alike. On a machine that others want, too, that takes its time. */
const MOST_MS = 300_000;
/** As the scheduler does: what was given back, as its facts had grown old, goes again. */
const RELEASE_EACH_MS = 500;
/** Where the made people's numbers begin: far from those who are written to. */
const ENDED_FROM = 1_000_000_000;

/** What some messages took. */
export interface Cost {
  perSecond: number;
  /** Microseconds of processor for each message: the dispatcher's, and the store's where it is apart. */
  cpuMicroseconds: number;
}

export interface Compared {
  dispatcher: Cost;
  bare: Cost;
  /** Median of the ratios of neighbouring runs: what else the machine does weighs on both. */
  ratio: number;
}

/** One dispatcher on a ledger of a given size, beside the bare loop, by turns. */
export class DispatcherBench {
  private next = 0;
  private ended = 0;
  /** Messages that were given back and released again. */
  givenBack = 0;

  private constructor(
    private readonly ground: Ground,
    private readonly house: House,
    private readonly dispatcher: Child,
    private readonly bare: Child,
    private readonly warmUp: number,
  ) {}

  static async open(ground: Ground, warmUp: number): Promise<DispatcherBench> {
    const house = await ground.fresh({ journal: false });
    const bench = new DispatcherBench(
      ground,
      house,
      await house.start('dispatcher'),
      ground.child('bare-loop'),
      warmUp,
    );
    // They compile the code, and are what a full ledger is made of.
    await bench.dispatch(warmUp);
    return bench;
  }

  /** Grows the ledger to so many rows, and sends some messages: what filling leaves to the collector is no later one's cost. */
  async fillTo(rows: number): Promise<void> {
    const count = rows - this.next - this.ended;
    if (count <= 0) return;
    await this.dispatcher.ask('addEnded', { from: ENDED_FROM + this.ended, count });
    this.ended += count;
    await this.dispatch(this.warmUp);
  }

  /** From the first message that the dispatcher hears of to the last that is recorded. */
  async dispatch(count: number): Promise<Cost> {
    const range = { from: this.next, count };
    this.next += count;
    await this.dispatcher.ask('addReleased', range);
    await this.ground.sink.ask('reset', { keep: 200 });
    const before = await this.house.cpuMs();
    const began = await this.dispatcher.ask<number>('produceDue', range);
    const mails = () => this.ground.sink.ask<{ count: number; lastAt: number }>('count');
    let releasedAt = performance.now();
    const allThere = async (): Promise<boolean> => {
      if (performance.now() - releasedAt > RELEASE_EACH_MS) {
        this.givenBack += await this.dispatcher.ask<number>('releaseDue');
        releasedAt = performance.now();
      }
      return (await mails()).count >= count;
    };
    await until(`${count} mails had arrived`, allThere, MOST_MS);
    await until('all were recorded', async () => (await this.dispatcher.ask<number>('open')) === 0, MOST_MS);
    const { count: sent, lastAt } = await mails();
    if (sent !== count) throw new Error(`${sent} mails for ${count} messages`);
    return {
      perSecond: count / ((lastAt - began) / 1_000),
      cpuMicroseconds: (((await this.house.cpuMs()) - before) / count) * 1_000,
    };
  }

  /** The dispatcher alone, several times; the medians. */
  async cost(runs: number, count: number): Promise<Cost> {
    return medians(await times(runs, () => this.dispatch(count)));
  }

  /** The dispatcher and the bare loop by turns, on the same bodies. */
  async compare(runs: number, count: number): Promise<Compared> {
    const pairs = await times(runs, async () => {
      const dispatcher = await this.dispatch(count);
      const bodies = await this.ground.sink.ask<string[]>('bodies');
      await this.ground.sink.ask('reset', {});
      const wanted = { url: this.ground.url, bodies, concurrency: CONCURRENCY, count };
      return { dispatcher, bare: await this.bare.ask<Cost>('post', wanted) };
    });
    return {
      dispatcher: medians(pairs.map(({ dispatcher }) => dispatcher)),
      bare: medians(pairs.map(({ bare }) => bare)),
      ratio: median(pairs.map(({ dispatcher, bare }) => dispatcher.perSecond / bare.perSecond)),
    };
  }

  peakMb(): ReturnType<House['peakMb']> {
    return this.house.peakMb();
  }

  async close(): Promise<void> {
    await this.house.close();
  }
}
