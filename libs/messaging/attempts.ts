import type { Heard, Subscription, Verdict } from './event-source.js';
import {
  DEFAULTS,
  type DeadReason,
  faultOf,
  type Handling,
  pauseBeforeRetry,
  type Retries,
} from './handling.js';
import type { Entry, Portion } from './lane.js';
import { type Answer, asAnswer, reasonOf, type Settled, settleKey } from './settle.js';
import { type Sightings, TRIES_ALONE } from './sightings.js';

/** What became of one key's messages: those that ended, and those that come back to the front of their lane, in order. */
export interface Aftermath {
  ended: Entry[];
  back: Entry[];
  waitMs: number;
  /** A server is lost: the partition is to be held. */
  outage: boolean;
}

/** Hands batches to a handler and decides what becomes of each message. The one `catch` around handlers is here. */
export class Attempts {
  private readonly retries: Retries;
  private readonly mono: () => number;
  private readonly handler: string;

  constructor(
    private readonly subscription: Subscription,
    private readonly handling: Handling,
    private readonly signal: AbortSignal,
    private readonly sightings?: Sightings,
  ) {
    this.retries = { ...DEFAULTS.retries, ...handling.retries };
    this.mono = handling.mono ?? (() => performance.now());
    this.handler = `${handling.group}/${subscription.topic}`;
  }

  /**
   * Never rejects: every failure ends in a retry, a dead letter or a hold.
   * @param settled is told of each key as soon as it is through, not at the batch's end
   * @param giveWay is the handler's to call
   */
  async run(
    portions: readonly Portion[],
    settled: (portion: Portion, aftermath: Aftermath) => void,
    giveWay: () => void,
  ): Promise<void> {
    const entries = portions.flatMap((portion) => portion.entries);
    const answer = entries[0]?.condemned ? undefined : await this.ask(entries, giveWay);
    let from = 0;
    await Promise.all(
      portions.map(async (portion) => {
        const to = from + portion.entries.length;
        const mine = this.mine(portion.entries, answer, from, entries.length);
        from = to;
        settled(portion, mine ? await this.follow(portion.entries, mine) : lost(portion.entries));
      }),
    );
  }

  private async ask(entries: readonly Entry[], giveWay: () => void): Promise<Answer> {
    const suspect = entries[0]?.suspect ? entries[0] : undefined;
    try {
      if (suspect && !(await this.mayTryAlone(suspect))) {
        return { kind: 'verdicts', verdicts: [{ kind: 'give-up', reason: 'ended its process, alone too' }] };
      }
      const batch = entries.map((entry): Heard => ({ ...entry.heard, deliveries: (entry.deliveries += 1) }));
      return asAnswer(await this.subscription.handle(batch, this.signal, giveWay), batch.length);
    } catch (error) {
      const outage = this.handling.isOutage(error);
      this.log(outage ? 'a handler lost a server' : 'a handler threw', error);
      return outage ? { kind: 'outage' } : { kind: 'threw', reason: reasonOf(error) };
    } finally {
      if (suspect?.sighted && suspect.deliveries > 0) await this.acquit(suspect);
    }
  }

  /** One key's share of the answer; `undefined`: an outage. */
  private mine(
    entries: readonly Entry[],
    answer: Answer | undefined,
    from: number,
    size: number,
  ): readonly Settled[] | undefined {
    const condemned = entries[0]?.condemned;
    if (condemned) return [{ kind: 'dead', ...condemned }];
    if (!answer || answer.kind === 'outage') return undefined;
    if (answer.kind === 'threw' && size > 1) return entries.map((): Settled => ({ kind: 'isolate' }));
    const verdicts: readonly Verdict[] =
      answer.kind === 'verdicts'
        ? answer.verdicts.slice(from, from + entries.length)
        : [{ kind: 'retry-at', reason: answer.reason }];
    return settleKey(
      verdicts,
      entries.map((entry) => entry.failures),
      this.retries.tries,
    );
  }

  private async follow(entries: readonly Entry[], settled: readonly Settled[]): Promise<Aftermath> {
    const ended: Entry[] = [];
    const back: Entry[] = [];
    let waitMs = 0;
    for (const [i, entry] of entries.entries()) {
      const what = settled[i] as Settled;
      switch (what.kind) {
        case 'end':
          ended.push(entry);
          break;
        case 'again':
          back.push(entry);
          break;
        case 'isolate':
          // Counts as nobody's failure: most of the batch are innocent, and the guilty one has its own tries to come.
          entry.alone = true;
          back.push(entry);
          break;
        case 'retry':
          waitMs = pauseBeforeRetry(this.retries, entry.failures + 1, this.failed(entry), what.afterMs);
          back.push(entry);
          break;
        case 'dead':
          if (await this.bury(entry, what)) ended.push(entry);
          else return { ended, back: [...back, ...entries.slice(i)], waitMs: 0, outage: true };
          break;
        default:
          return what satisfies never;
      }
    }
    return { ended, back, waitMs, outage: false };
  }

  /** @returns the milliseconds since its first failure */
  private failed(entry: Entry): number {
    const now = this.mono();
    entry.failures += 1;
    entry.firstFailedAt ??= now;
    return now - entry.firstFailedAt;
  }

  /** Writes the dead letter; if that fails the message waits for it and is not handled again. */
  private async bury(entry: Entry, { reason, path }: { reason: string; path?: string }): Promise<boolean> {
    const { topic, partition, offset } = entry.heard;
    const why: DeadReason = { reason, handler: this.handler, ...(path === undefined ? {} : { path }) };
    try {
      await this.handling.deadLetter({ ...entry.heard, deliveries: entry.deliveries }, why);
      this.handling.log.warn(
        { topic, partition, offset, path, deliveries: entry.deliveries },
        'dead-lettered',
      );
    } catch (error) {
      entry.condemned = { reason, ...(path === undefined ? {} : { path }) };
      this.log('a dead letter could not be written', error);
      return false;
    }
    if (entry.sighted) await this.acquit(entry);
    return true;
  }

  private async mayTryAlone(entry: Entry): Promise<boolean> {
    if (!this.sightings || entry.sighted) return true;
    const { topic, partition, offset } = entry.heard;
    const times = await this.sightings.seen(topic, partition, offset, 'alone');
    entry.sighted = true;
    return times <= TRIES_ALONE;
  }

  /** The process lives. Where this cannot be written, the note stays and is taken back after the next try. */
  private async acquit(entry: Entry): Promise<void> {
    const { topic, partition, offset } = entry.heard;
    try {
      await this.sightings?.forget(topic, partition, offset);
      entry.sighted = false;
    } catch (error) {
      this.log('a sighting could not be taken back', error);
    }
  }

  private log(text: string, error: unknown): void {
    this.handling.log.warn({ topic: this.subscription.topic, ...faultOf(error) }, text);
  }
}

const lost = (entries: readonly Entry[]): Aftermath => ({
  ended: [],
  back: [...entries],
  waitMs: 0,
  outage: true,
});
