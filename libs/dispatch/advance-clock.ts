import { setTimeout as pause } from 'node:timers/promises';
import type { MessageStore } from '#messages/message.store';
import type { SystemClock } from '#platform/clock';
import type { ClockLeadStore } from '#platform/clock-lead.store';
import type { ReleaseDue } from './release-due.js';

/**
 * How long nothing of what is under way may move before it counts as left behind (a crash's, or nobody's tenant's). A group of
 * a broker that shares its partitions anew takes its time; so does a machine that is busy with other things.
 */
const STILL_MS = 6_000;
/** And so many looks: where the machine has no time for this process, it has none for what is under way either. */
const STILL_LOOKS = 50;
/** The longest stop; after it the clock goes straight on to where it was sent. */
const LONGEST_STOP_MS = 60_000;
const POLL_MS = 20;
/** How many rows of one state are looked at, at most. */
const MOST_ROWS = 1_000;

/** The topics that carry what is due, where they can tell that nothing is on them. */
export interface Quiet {
  idle(): Promise<void>;
}

/** What else happens at a time, beside what is due: campaigns are launched and pulled. */
export interface AlsoDue {
  runOnce(now: Date): Promise<void>;
  /** The next time at which there is something to do, up to `until` and after `after`. */
  nextAt(until: Date, after: Date): Promise<Date | null>;
}

export type Arrival = { kind: 'arrived'; now: Date } | { kind: 'stopped' };

/**
 * Leads the clock, for `/inbox`. States: at rest, under way. Under way it stops at each `dueAt`, lets all that is due
 * end, and goes on. The lead is kept before anything is released at the new time, so that after a crash no message is
 * older than the clock. Wall time only: the monotonic clock never jumps, so that no deadline of a call in flight does.
 */
export class AdvanceClock {
  /** One after the other: each begins where the one before has arrived. */
  private tail: Promise<unknown> = Promise.resolve();
  private stopping = false;

  /** @param quiet null where the topics are a broker's: then only the ledger is asked */
  constructor(
    private readonly messages: MessageStore,
    private readonly releaseDue: ReleaseDue,
    private readonly leads: ClockLeadStore,
    private readonly clock: SystemClock,
    private readonly quiet: Quiet | null,
    private readonly also: AlsoDue | null = null,
  ) {}

  /** At boot, before anything asks for the time: the lead of the run before. */
  async resume(): Promise<void> {
    const lead = await this.leads.read();
    if (lead !== null) this.clock.setLead(lead);
  }

  /** How far wall time runs ahead of the machine's, in milliseconds. */
  get lead(): number {
    return this.clock.lead;
  }

  /** Moves the clock by so much; resolves when it has arrived and all that was due on the way has ended. */
  advance(ms: number): Promise<Arrival> {
    if (!(ms >= 0)) throw new Error('the clock goes forward only');
    const turn = this.tail.then(() => this.go(ms));
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  /** The process ends: what is under way stops where it is. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.tail;
  }

  private async go(ms: number): Promise<Arrival> {
    const goal = new Date(this.clock.now().getTime() + ms);
    const leftBehind = new Set<string>();
    for (let next = this.clock.now(); ;) {
      if (this.stopping) return { kind: 'stopped' };
      await this.moveTo(next);
      const { looked, ended } = await this.settle(leftBehind);
      // What is due once more is looked for later than the last look only: each stop is later than the one before.
      const due = ended ? await this.nextAt(goal, looked) : null;
      // Time goes on by itself: what the scheduler has taken up since that look is no more due, and has not ended.
      if (ended && (await this.moving(this.clock.now(), leftBehind)).length > 0) continue;
      if (due === null && looked >= goal) return { kind: 'arrived', now: this.clock.now() };
      next = due ?? goal;
    }
  }

  private async nextAt(goal: Date, looked: Date): Promise<Date | null> {
    const times = await Promise.all([
      this.messages.nextDueAt(goal, looked),
      this.also?.nextAt(goal, looked) ?? null,
    ]);
    return times.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
  }

  /** Never back: time has gone on by itself meanwhile. */
  private async moveTo(at: Date): Promise<void> {
    const by = at.getTime() - this.clock.now().getTime();
    if (by <= 0) return;
    const lead = this.clock.lead + by;
    await this.leads.keep(lead);
    this.clock.setLead(lead);
  }

  /** Lets all that is due end; the time up to which nothing is left, and whether it did end. */
  private async settle(leftBehind: Set<string>): Promise<{ looked: Date; ended: boolean }> {
    const began = this.clock.mono();
    let still = { at: began, what: '', looks: 0 };
    for (;;) {
      const looked = this.clock.now();
      await this.also?.runOnce(looked);
      await this.releaseDue.runOnce(looked);
      await this.awaitQuiet();
      const moving = await this.moving(looked, leftBehind);
      if (moving.length === 0) return { looked, ended: true };
      const mono = this.clock.mono();
      const what = moving.sort().join();
      if (what !== still.what) still = { at: mono, what, looks: 0 };
      still.looks += 1;
      if (this.stopping || mono - began >= LONGEST_STOP_MS) return { looked, ended: false };
      if (mono - still.at >= STILL_MS && still.looks >= STILL_LOOKS)
        for (const one of moving) leftBehind.add(one);
      else await pause(POLL_MS);
    }
  }

  /**
   * Each write of what is due, released or being sent by `at`, but for what was left behind. What is `unknown` waits for the provider, or a person. One
   * read after the other, in the order in which a row moves: together, a row could be seen by none of them.
   */
  private async moving(at: Date, leftBehind: ReadonlySet<string>): Promise<string[]> {
    const due = await this.messages.findDue(at, MOST_ROWS);
    const released = await this.messages.pageByStatus('released', null, MOST_ROWS);
    const sending = await this.messages.pageByStatus('sending', null, MOST_ROWS);
    const writes = [...due, ...released, ...sending].map((row) => `${row._id} ${row.rev}`);
    return writes.filter((one) => !leftBehind.has(one));
  }

  /** A topic that a lost server holds back is not waited for longer than a stop may last at rest. */
  private async awaitQuiet(): Promise<void> {
    if (this.quiet === null) return;
    const impatience = new AbortController();
    await Promise.race([
      this.quiet.idle(),
      pause(STILL_MS, undefined, { signal: impatience.signal }).catch(() => undefined),
    ]);
    impatience.abort();
  }
}
