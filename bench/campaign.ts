import type { Child } from './child.js';
import type { Ground, House } from './ground.js';
import { median, medians, times, until } from './measure.js';
import type { Cost } from './throughput.js';

/** As many calls at once as an account of the house has slots (libs/channels/sender.ts). */
const CONCURRENCY = 32;
const MOST_MS = 900_000;
/** As the scheduler does: what was given back, as its facts had grown old, goes again. */
const RELEASE_EACH_MS = 500;
/** Where the made people's numbers begin: far from those who are written to. */
const ENDED_FROM = 1_000_000_000;

/** What sending some mails of a campaign took. */
export interface CampaignCost extends Cost {
  /** Calls of the provider for each hundred mails. */
  callsPerHundred: number;
}

export interface CampaignCompared {
  singly: CampaignCost;
  together: CampaignCost;
  bare: Cost;
  /** Of each turn, by the bare loop's messages a second in the same turn; the median. */
  ratios: { singly: number; together: number };
}

/** One campaign's mails by one dispatcher on a ledger of a given size: singly, many a call, and by a bare loop that posts the single ones. */
export class CampaignBench {
  private next = 0;
  private ended = 0;

  private constructor(
    private readonly ground: Ground,
    private readonly house: House,
    private readonly dispatcher: Child,
    private readonly bare: Child,
    private readonly warmUp: number,
  ) {}

  static async open(ground: Ground, warmUp: number): Promise<CampaignBench> {
    const house = await ground.fresh({ journal: false });
    const dispatcher = await house.start('dispatcher');
    const bench = new CampaignBench(ground, house, dispatcher, ground.child('bare-loop'), warmUp);
    await dispatcher.ask('addCampaign');
    // They compile the code, and are what a full ledger is made of.
    await bench.send(warmUp, true);
    await bench.send(warmUp, false);
    return bench;
  }

  /** Grows the ledger to so many rows, and sends some mails: what filling leaves to the collector is no later mail's cost. */
  async fillTo(rows: number): Promise<void> {
    const count = rows - this.next - this.ended;
    if (count <= 0) return;
    await this.dispatcher.ask('addEnded', { from: ENDED_FROM + this.ended, count });
    this.ended += count;
    await this.send(this.warmUp, false);
  }

  /** From the first message that the dispatcher hears of to the last that is recorded. */
  async send(count: number, singly: boolean): Promise<CampaignCost> {
    const range = { from: this.next, count };
    this.next += count;
    await this.dispatcher.ask('addMembers', { ...range, singly });
    await this.ground.sink.ask('reset', { keep: singly ? 200 : 0 });
    const before = await this.house.cpuMs();
    const began = await this.dispatcher.ask<number>('produceMembers', range);
    const sunk = () => this.ground.sink.ask<{ count: number; calls: number; lastAt: number }>('count');
    // Counting the rows that have not ended costs as much as there are: only at the end.
    let releasedAt = performance.now();
    const allThere = async (): Promise<boolean> => {
      if (performance.now() - releasedAt > RELEASE_EACH_MS) {
        await this.dispatcher.ask('releaseDue');
        releasedAt = performance.now();
      }
      return (await sunk()).count >= count;
    };
    await until(`${count} mails had arrived`, allThere, MOST_MS);
    await until(
      'all were recorded',
      async () => (await this.dispatcher.ask<number>('releaseAgain')) === 0,
      MOST_MS,
    );
    const { count: sent, calls, lastAt } = await sunk();
    if (sent !== count) throw new Error(`${sent} mails for ${count} messages`);
    return {
      perSecond: count / ((lastAt - began) / 1_000),
      cpuMicroseconds: (((await this.house.cpuMs()) - before) / count) * 1_000,
      callsPerHundred: (calls / count) * 100,
    };
  }

  /** By turns, on the same bodies. */
  async compare(runs: number, count: number): Promise<CampaignCompared> {
    const turns = await times(runs, async () => {
      const singly = await this.send(count, true);
      const bodies = await this.ground.sink.ask<string[]>('bodies');
      await this.ground.sink.ask('reset', {});
      const wanted = { url: this.ground.url, bodies, concurrency: CONCURRENCY, count };
      const bare = await this.bare.ask<Cost>('post', wanted);
      return { singly, bare, together: await this.send(count, false) };
    });
    const ratio = (of: (turn: (typeof turns)[number]) => Cost): number =>
      median(turns.map((turn) => of(turn).perSecond / turn.bare.perSecond));
    return {
      singly: medians(turns.map(({ singly }) => singly)),
      together: medians(turns.map(({ together }) => together)),
      bare: medians(turns.map(({ bare }) => bare)),
      ratios: { singly: ratio(({ singly }) => singly), together: ratio(({ together }) => together) },
    };
  }

  peakMb(): ReturnType<House['peakMb']> {
    return this.house.peakMb();
  }

  async close(): Promise<void> {
    await this.house.close();
  }
}
