import { build } from 'hdr-histogram-js';
import http from 'node:http';
import { confirmed } from './events.js';
import type { Ground, House } from './ground.js';
import { monotonicMs, until } from './measure.js';

/** Events that fall due within one of these are told together. */
const TICK_MS = 20;
/** How long the last mail may take once the last event was told. */
const MOST_MS = 60_000;

export interface Latency {
  p50: number;
  p99: number;
  /** The rate at which events were really told, a second. */
  rate: number;
  events: number;
  /** Microseconds of processor for each event, from its telling to its mail's outcome: of all processes together. */
  cpuMicroseconds: number;
}

/**
 * From the instant at which an event was due to be told, on a fixed plan, to its mail's arrival at the provider: where
 * the house falls behind, the waiting counts. Told over HTTP, or on the topic where there are servers.
 */
export async function latency(
  ground: Ground,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Latency> {
  const house = await ground.fresh({ journal: true });
  try {
    const { tell, close } = ground.servers ? await overKafka(house) : await overHttp(await house.startAll());
    await ground.sink.ask('reset', { arrivals: true });
    const warmUp = Math.min(perSecond * 5, 2_000);
    await told(0, warmUp, perSecond, tell);
    await arrived(ground, warmUp);

    const events = perSecond * seconds;
    const before = await house.cpuMs();
    const began = await told(warmUp, events, perSecond, tell);
    await arrived(ground, warmUp + events);
    const cpuMicroseconds = (((await house.cpuMs()) - before) / events) * 1_000;
    await close();
    const histogram = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: 10 * 60_000_000,
      numberOfSignificantValueDigits: 3,
    });
    let last = 0;
    for (const [person, at] of await ground.sink.ask<[number, number][]>('arrivals')) {
      if (person < warmUp) continue;
      const due = began + ((person - warmUp) / perSecond) * 1_000;
      last = Math.max(last, at);
      histogram.recordValue(Math.max(1, Math.round((at - due) * 1_000)));
    }
    const { repeated } = await ground.sink.ask<{ repeated: number }>('count');
    if (repeated > 0) throw new Error(`${repeated} people were written to twice`);
    return {
      p50: histogram.getValueAtPercentile(50) / 1_000,
      p99: histogram.getValueAtPercentile(99) / 1_000,
      rate: events / ((last - began) / 1_000),
      events,
      cpuMicroseconds,
    };
  } finally {
    await house.close();
  }
}

type Tell = (from: number, count: number) => Promise<void>;

/** Tells of people `from` and on at this rate; when the first was due. */
async function told(from: number, count: number, perSecond: number, tell: Tell): Promise<number> {
  const began = monotonicMs();
  const under: Promise<void>[] = [];
  for (let done = 0; done < count;) {
    const due = Math.min(count, Math.floor(((monotonicMs() - began) / 1_000) * perSecond));
    if (due > done) under.push(tell(from + done, due - done));
    done = Math.max(done, due);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(under);
  return began;
}

async function arrived(ground: Ground, people: number): Promise<void> {
  const all = async (): Promise<boolean> => {
    const { count } = await ground.sink.ask<{ count: number }>('count');
    return count >= people;
  };
  await until(`the mails to ${people} people had arrived`, all, MOST_MS);
}

/** As a booking system does that posts what has gathered: a batch of CloudEvents a tick. */
async function overHttp({ url }: { url: string }): Promise<{ tell: Tell; close: () => Promise<void> }> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const tell: Tell = (from, count) =>
    new Promise((resolve, reject) => {
      const now = new Date();
      const body = JSON.stringify(Array.from({ length: count }, (_, index) => confirmed(from + index, now)));
      const headers = {
        authorization: 'Bearer the-first-key-of-the-bench',
        'lagom-tenant': 'bench',
        'content-type': 'application/cloudevents-batch+json',
      };
      const request = http.request(`${url}/v1/events`, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 202) resolve();
          else reject(new Error(`events were answered ${answer.statusCode ?? 0}`));
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  return {
    tell,
    close: async () => {
      agent.destroy();
    },
  };
}

/** Onto `booking.events`, by a producer that is none of the processes that are measured. */
async function overKafka(house: House): Promise<{ tell: Tell; close: () => Promise<void> }> {
  await Promise.all([house.start('ingest'), house.start('scheduler'), house.start('dispatcher')]);
  const teller = await house.startTeller();
  return { tell: (from, count) => teller.ask('tell', { from, count }), close: async () => undefined };
}
