import type { Heard, Subscription } from './event-source.js';
import { type Aftermath, Attempts } from './attempts.js';
import { DEFAULTS, type Handling } from './handling.js';
import { assemble, type Entry, type Lane, type Portion } from './lane.js';
import { PartitionGate } from './partition-gate.js';
import type { Sightings } from './sightings.js';
import { type Taker, Turns } from './turns.js';

/**
 * So many of those that have given way make room for another one: it fills the time in which the loop would wait. More of them
 * would share the processor where that is short, and what they know would grow old in all of them.
 */
const BESIDE = 1;

/**
 * The core of every source. Messages of one key are handled in order and never at once; batches are filled from different
 * keys, so many in flight; a failing message is tried again before the next of its key, then dead-lettered; a lost server
 * holds the message's partition for as long as it takes.
 */
export class Lanes implements Taker {
  private readonly lanes = new Map<string, Lane>();
  private readonly ready: Lane[] = [];
  private readonly parked = new Map<number, Lane[]>();
  private readonly known = new Map<string, Entry>();
  private readonly gates = new Map<number, PartitionGate>();
  private readonly roomWaiters = new Map<number, { below: number; resolve: () => void }[]>();
  private readonly idleWaiters: (() => void)[] = [];
  private readonly quietWaiters: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly aborter = new AbortController();
  private readonly attempts: Attempts;
  private batches = 0;
  /** Those of them that have lasted for long (`Subscription.slow`). */
  private slow = 0;
  /** Those of them that have given way and are not slow. */
  private given = 0;
  private halted = false;
  private pumpAsked = false;
  private lingering: NodeJS.Timeout | undefined;
  private lingered = false;
  private moves = 0;

  constructor(
    private readonly subscription: Subscription,
    private readonly handling: Handling,
    sightings?: Sightings,
    private readonly turns = new Turns(),
  ) {
    turns.join(this);
    this.attempts = new Attempts(subscription, handling, this.aborter.signal, sightings);
  }

  /** Rises whenever a message or a try has ended, an outage too: a source that stands still does not. */
  get progress(): number {
    return this.moves;
  }

  /** Messages queued or in flight. */
  get size(): number {
    return this.known.size;
  }

  /** Batches in flight. */
  get inFlight(): number {
    return this.batches;
  }

  /** Whether a lost server holds back any partition. */
  get held(): boolean {
    return [...this.gates.values()].some((gate) => gate.held);
  }

  /** The messages of one partition, queued or in flight. */
  waiting(partition: number): number {
    return this.gates.get(partition)?.messages ?? 0;
  }

  /**
   * Queues a message. One that is still in flight from before its partition was taken away is taken up again, not doubled.
   * @param ended is called once, when the message has been handled or dead-lettered
   */
  offer(message: Omit<Heard, 'deliveries'>, ended: () => void, suspect = false): void {
    const id = idOf(message);
    const twin = this.known.get(id);
    if (twin) {
      twin.orphan = false;
      twin.ended = ended;
      return;
    }
    const entry: Entry = {
      heard: message,
      deliveries: 0,
      failures: 0,
      firstFailedAt: undefined,
      alone: false,
      suspect,
      sighted: false,
      condemned: undefined,
      orphan: false,
      ended,
    };
    this.known.set(id, entry);
    this.gate(message.partition).messages += 1;
    const lane = this.laneOf(message.key);
    lane.entries.push(entry);
    if (lane.state === 'idle') this.queue(lane);
  }

  /** Forgets what is queued of a partition; what is in flight ends, but is neither retried nor reported. */
  drop(partition: number): void {
    const queued = new Set<Entry>();
    const here = (lane: Lane) => lane.entries.some((entry) => entry.heard.partition === partition);
    const sweep = (lane: Lane) => {
      if (!here(lane)) return true;
      for (const entry of lane.entries) if (entry.heard.partition === partition) queued.add(entry);
      lane.entries = lane.entries.filter((entry) => !queued.has(entry));
      if (lane.entries.length > 0 || lane.state === 'busy') return true;
      if (lane.key !== null) this.lanes.delete(lane.key);
      return false;
    };
    for (const lane of this.lanes.values()) if (lane.state === 'busy') sweep(lane);
    this.ready.splice(0, this.ready.length, ...this.ready.filter(sweep));
    this.parked.set(partition, (this.parked.get(partition) ?? []).filter(sweep));
    for (const entry of queued) this.forget(entry);
    for (const entry of this.known.values()) if (entry.heard.partition === partition) entry.orphan = true;
    this.tellRoom(partition);
    this.tellIdle();
    this.turns.wake();
  }

  /** Resolves when a partition holds fewer messages than `below`, or all is halted. */
  async room(partition: number, below: number): Promise<void> {
    if (this.halted || this.waiting(partition) < below) return;
    await new Promise<void>((resolve) => {
      const waiters = this.roomWaiters.get(partition) ?? [];
      waiters.push({ below, resolve });
      this.roomWaiters.set(partition, waiters);
    });
  }

  /** Resolves when nothing is queued or in flight, or a lost server holds back what is. */
  async quiet(): Promise<void> {
    if (this.known.size > 0 && !this.held)
      await new Promise<void>((resolve) => this.quietWaiters.push(resolve));
  }

  /** Starts nothing more, tells the handlers so by their signal, and resolves when what is in flight has ended. */
  async halt(): Promise<void> {
    this.halted = true;
    this.aborter.abort();
    this.turns.renounce(this);
    this.turns.wake();
    for (const timer of this.timers) clearTimeout(timer);
    clearTimeout(this.lingering);
    for (const gate of this.gates.values()) gate.close();
    for (const partition of this.roomWaiters.keys()) this.tellRoom(partition);
    if (this.batches === 0) return;
    const ended = new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    const late = setTimeout(() => {
      this.handling.log.warn(
        { topic: this.subscription.topic, batches: this.batches },
        'draining takes long',
      );
    }, this.handling.drainMs ?? DEFAULTS.drainMs);
    await ended;
    clearTimeout(late);
  }

  private laneOf(key: string | null): Lane {
    const known = key === null ? undefined : this.lanes.get(key);
    if (known) return known;
    const lane: Lane = { key, entries: [], state: 'idle' };
    if (key !== null) this.lanes.set(key, lane);
    return lane;
  }

  private gate(partition: number): PartitionGate {
    let gate = this.gates.get(partition);
    if (!gate) {
      gate = new PartitionGate(this.handling.outage ?? DEFAULTS.outage, () => this.unpark(partition));
      this.gates.set(partition, gate);
    }
    return gate;
  }

  private queue(lane: Lane): void {
    lane.state = 'queued';
    this.ready.push(lane);
    this.askPump();
  }

  private park(lane: Lane): void {
    const partition = (lane.entries[0] as Entry).heard.partition;
    const lanes = this.parked.get(partition);
    if (lanes) lanes.push(lane);
    else this.parked.set(partition, [lane]);
  }

  private unpark(partition: number): void {
    const lanes = this.parked.get(partition);
    if (!lanes) return;
    this.parked.delete(partition);
    for (const lane of lanes) this.queue(lane);
  }

  get rank(): number | undefined {
    return this.subscription.rank;
  }

  isPressing(): boolean {
    return !this.halted && this.ready.length > 0 && (this.batches > this.slow || this.mayBegin());
  }

  wake(): void {
    this.askPump();
  }

  /** Waits for the end of the tick, so that what arrives together goes together. */
  private askPump(): void {
    if (this.pumpAsked) return;
    this.pumpAsked = true;
    queueMicrotask(() => {
      this.pumpAsked = false;
      this.pump();
    });
  }

  private pump(): void {
    const { batchSize, lingerMs = 0 } = this.subscription;
    const ready = this.ready.length;
    let suspect = this.isSuspectNext();
    while (!this.halted && this.mayBegin() && this.ready.length > 0) {
      if (lingerMs > 0 && !suspect && !this.lingered && this.ready.length < batchSize) {
        this.lingering ??= setTimeout(() => {
          this.lingering = undefined;
          this.lingered = true;
          this.pump();
        }, lingerMs);
        return;
      }
      if (!this.turns.begin(this, suspect)) return;
      void this.run(
        assemble(
          this.ready,
          batchSize,
          (partition) => this.gate(partition).admits(),
          (lane) => this.park(lane),
        ),
      );
      suspect = this.isSuspectNext();
    }
    this.lingered = false;
    // Begun, or held: nothing of it keeps the topics behind it waiting any more.
    if (ready > 0 && this.ready.length === 0) this.turns.wake();
  }

  private mayBegin(): boolean {
    const { concurrency, slow } = this.subscription;
    const aside = this.slow + Math.min(this.given, BESIDE);
    return this.batches - aside < concurrency && this.batches < (slow?.most ?? concurrency);
  }

  /** Parks what is held; whether what then comes next must be alone. */
  private isSuspectNext(): boolean {
    const head = (): Entry | undefined => this.ready[0]?.entries[0];
    for (let next = head(); next && !this.gate(next.heard.partition).admits(); next = head())
      this.park(this.ready.shift() as Lane);
    const suspect = !this.halted && (head()?.suspect ?? false);
    if (!suspect) this.turns.renounce(this);
    return suspect;
  }

  private async run(portions: Portion[]): Promise<void> {
    const entries = portions.flatMap((portion) => portion.entries);
    this.batches += 1;
    for (const { lane } of portions) lane.state = 'busy';
    for (const entry of entries) this.gate(entry.heard.partition).inFlight += 1;
    const room = this.roomBeside();
    await this.attempts.run(portions, (portion, aftermath) => this.settled(portion, aftermath), room.make);
    room.close();
    this.batches -= 1;
    this.tellIdle();
    this.turns.end();
  }

  /** The room for another batch beside this one: made where it gives way or lasts, closed when it has ended. */
  private roomBeside(): { make: () => void; close: () => void } {
    const { slow } = this.subscription;
    let state: 'begun' | 'given' | 'slow' | 'ended' = 'begun';
    const become = (next: typeof state): void => {
      if (state === 'given') this.given -= 1;
      if (state === 'slow') this.slow -= 1;
      if (next === 'given') this.given += 1;
      if (next === 'slow') this.slow += 1;
      state = next;
    };
    const make = (): void => {
      if (slow === undefined || state !== 'begun') return;
      become('given');
      this.turns.wake();
    };
    const timer =
      slow &&
      setTimeout(() => {
        become('slow');
        this.turns.wake();
      }, slow.afterMs);
    const close = (): void => {
      clearTimeout(timer);
      become('ended');
    };
    return { make, close };
  }

  private settled({ lane, entries }: Portion, { ended, back, waitMs, outage }: Aftermath): void {
    const partition = (entries[0] as Entry).heard.partition;
    const gate = this.gate(partition);
    gate.inFlight -= entries.length;
    this.moves += 1;
    if (outage && !this.halted) this.hold(partition, gate);
    else gate.recovered();
    for (const entry of ended) {
      this.forget(entry);
      if (!entry.orphan) entry.ended();
    }
    for (const entry of back) if (entry.orphan) this.forget(entry);
    lane.entries.unshift(...back.filter((entry) => !entry.orphan));
    this.tellRoom(partition);
    if (waitMs > 0 && !this.halted) this.wait(lane, waitMs);
    else this.next(lane);
    if (gate.admits()) this.unpark(partition);
  }

  private hold(partition: number, gate: PartitionGate): void {
    const pauseMs = gate.hold();
    for (const resolve of this.quietWaiters.splice(0)) resolve();
    if (pauseMs === undefined) return;
    const { topic } = this.subscription;
    this.handling.log.warn({ topic, partition, pauseMs }, 'a server is lost: partition held');
  }

  private wait(lane: Lane, ms: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.next(lane);
    }, ms);
    this.timers.add(timer);
  }

  private next(lane: Lane): void {
    if (lane.entries.length > 0) return this.queue(lane);
    lane.state = 'idle';
    if (lane.key !== null) this.lanes.delete(lane.key);
  }

  private forget(entry: Entry): void {
    this.known.delete(idOf(entry.heard));
    this.gate(entry.heard.partition).messages -= 1;
  }

  private tellRoom(partition: number): void {
    const waiters = this.roomWaiters.get(partition);
    if (!waiters) return;
    const waiting = this.waiting(partition);
    const still = waiters.filter(({ below, resolve }) => {
      if (!this.halted && waiting >= below) return true;
      resolve();
      return false;
    });
    if (still.length > 0) this.roomWaiters.set(partition, still);
    else this.roomWaiters.delete(partition);
  }

  private tellIdle(): void {
    if (this.known.size > 0 && !(this.halted && this.batches === 0)) return;
    for (const resolve of [...this.idleWaiters.splice(0), ...this.quietWaiters.splice(0)]) resolve();
  }
}

const idOf = ({ partition, offset }: { partition: number; offset: string }): string =>
  `${partition}/${offset}`;
