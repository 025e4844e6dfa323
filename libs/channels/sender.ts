import { usePermit, usePermitAgain, type Permit } from '#consent/may-send';
import type { Clock } from '#platform/clock';
import { Breaker, type BreakerState } from './breaker.js';
import { Deadline } from './deadline.js';
import type { Envelope, Outcome } from './outcome.js';
import type { Receipt } from './receipt.js';
import { Slots } from './slots.js';
import type { WatchCall } from './watch-calls.js';

/** A message whose outcome is not known, as a provider's list may show it. */
export interface Sought {
  to: string;
  from: string;
  /** When the try was begun. */
  at: Date;
  isIt: (text: string) => boolean;
}

/** What a provider's own list says of a message. */
export type Looked =
  /** It has it; `meaning` is what became of it, where that says anything. */
  | { kind: 'found'; providerId: string; meaning: Pick<Receipt, 'kind' | 'mark' | 'why' | 'mayRetry'> | null }
  /** It never took it. */
  | { kind: 'absent' }
  /** Something is there that it might be. */
  | { kind: 'unsure' }
  /** It has no list, or does not answer. */
  | { kind: 'cannot' };

export interface SenderOptions {
  account: string;
  clock: Clock;
  /** Calls at once; the rest wait for a slot, before their permit is looked at. */
  slots?: number;
  /** Q: how long a provider may take. */
  timeoutMs?: number;
  /** LAGOM_SEND=redirect: the address that gets everything, after the permit was used for the true one. */
  redirectTo?: string | undefined;
  /** Told of each call as it begins and ends. */
  watch?: WatchCall | undefined;
  /** Told of each change of the account's circuit breaker. */
  onBreaker?: ((state: BreakerState) => void) | undefined;
}

export const DEFAULT_SLOTS = 32;
export const PROVIDER_TIMEOUT_MS = 30_000;

/** A message and the gate's yes to it. */
export interface Sendable {
  permit: Permit;
  envelope: Envelope;
}

/** The provider refused a call as a whole, and sent nothing of it: one of its mails may be why. */
export const REFUSED_TOGETHER = 'refused-together';

/** Why a mail is tried again by itself: its call was refused, and its permit ran out before its own turn came. */
export const CALL_REFUSED = 'call-refused';

/** A way out of the house. Every message passes `send`, which spends the gate's permit last of all. */
export abstract class Sender {
  readonly account: string;
  protected readonly clock: Clock;
  protected readonly width: number;
  protected readonly timeoutMs: number;
  private readonly redirectTo: string | undefined;
  private readonly slots: Slots;
  private readonly watch: WatchCall | undefined;
  private readonly breaker: Breaker;

  constructor(options: SenderOptions) {
    this.account = options.account;
    this.clock = options.clock;
    this.width = options.slots ?? DEFAULT_SLOTS;
    this.timeoutMs = options.timeoutMs ?? PROVIDER_TIMEOUT_MS;
    this.redirectTo = options.redirectTo;
    this.slots = new Slots(this.width);
    this.watch = options.watch;
    this.breaker = new Breaker(options.clock, options.onBreaker);
  }

  get breakerState(): BreakerState {
    return this.breaker.state;
  }

  /** Milliseconds until this account may be tried with a message; 0: now. While its breaker is open, `send` tries nothing. */
  waitMs(message: string): number {
    return this.breaker.waitMs(message);
  }

  /** Whether mails that have a body in common can go in one call. Where all go to one address they cannot. */
  get shares(): boolean {
    return this.takesMany && this.redirectTo === undefined;
  }

  /** Whether the provider takes mails that have a body in common in one call. */
  protected get takesMany(): boolean {
    return false;
  }

  /** Resolves once no call waits for a slot and one is free: the provider keeps up with what it is given. */
  whenFree(): Promise<void> {
    return this.slots.whenFree();
  }

  /** Throws (a bug) on a forged, spent or misdirected permit; every failure of the provider is an outcome. */
  async send(permit: Permit, envelope: Envelope): Promise<Outcome> {
    // The slot first: nothing may queue between the deadline check and the socket (PROTOCOL A6).
    await this.slots.take();
    try {
      return await this.sendOne({ permit, envelope }, 'first');
    } finally {
      this.slots.give();
    }
  }

  /**
   * Sends mails that have a body in common in one call, each by its own permit, and tells what became of each as it is
   * known. A call that is refused as a whole was not made: it is made again in halves, until what spoils it fails alone.
   * Throws (a bug) as `send`, after the others have ended.
   */
  async sendTogether<T extends Sendable>(items: readonly T[], tell: Tell<T>): Promise<void> {
    if (items.length > 1 && this.shares) return this.together(items, 'first', tell);
    await allOf(items, async (item) => tell(item, await this.send(item.permit, item.envelope)));
  }

  private async together<T extends Sendable>(items: readonly T[], turn: Turn, tell: Tell<T>): Promise<void> {
    await this.slots.take();
    const { ends, rest, turn: next, bugs } = await this.attempt(items, turn).finally(() => this.slots.give());
    const parts = [
      allOf(ends, ([item, outcome]) => tell(item, outcome)),
      allOf(rest, (part) => this.together(part, next, tell)),
      allOf(bugs, (bug) => Promise.reject(bug as Error)),
    ];
    await allOf(parts, (part) => part);
  }

  /** With a slot in hand: one call for those whose time has not run out, and what is left to do. */
  private async attempt<T extends Sendable>(items: readonly T[], turn: Turn): Promise<Attempted<T>> {
    const [only] = items;
    if (items.length === 1 && only !== undefined)
      return { ends: [[only, await this.sendOne(only, turn)]], rest: [], turn, bugs: [] };
    // While nobody knows whether the provider lives, one message asks, not a whole call.
    if (this.breaker.state !== 'closed')
      return { ends: [], rest: items.map((item) => [item]), turn, bugs: [] };
    const { going, late, bugs } = this.begin(items, turn);
    const given = late.map((item): [T, Outcome] => [item, lateAt(turn)]);
    const ends = await this.call(going);
    if (ends !== REFUSED_TOGETHER) {
      const told = going.map((item, at): [T, Outcome] => [item, ends[at] ?? UNEXPECTED]);
      return { ends: [...given, ...told], rest: [], turn, bugs };
    }
    const middle = Math.ceil(going.length / 2);
    const halves = [going.slice(0, middle), going.slice(middle)].filter((half) => half.length > 0);
    return { ends: given, rest: halves, turn: 'again', bugs };
  }

  /** Spends their permits: the last statement before the call, in the same step. */
  private begin<T extends Sendable>(
    items: readonly T[],
    turn: Turn,
  ): { going: T[]; late: T[]; bugs: unknown[] } {
    const mono = this.clock.mono();
    const [going, late, bugs]: [T[], T[], unknown[]] = [[], [], []];
    for (const item of items) {
      try {
        (spend(item, turn, mono) === 'ok' ? going : late).push(item);
      } catch (error) {
        bugs.push(error);
      }
    }
    return { going, late, bugs };
  }

  /** One call for all of these; its outcome for each, in order. */
  private async call(items: readonly Sendable[]): Promise<readonly Outcome[] | typeof REFUSED_TOGETHER> {
    const envelopes = items.map(({ envelope }) => envelope);
    const [first, ...others] = envelopes;
    if (first === undefined) return [];
    const deadline = new Deadline(this.timeoutMs);
    let ends: readonly Outcome[] | typeof REFUSED_TOGETHER | undefined;
    try {
      const whole = await this.breaker.run(
        first.message,
        async () => {
          const ended = this.watch?.(this.account, first, others);
          ends = await this.deliverTogether(envelopes, deadline).catch(() => envelopes.map(() => UNEXPECTED));
          const outcome =
            ends === REFUSED_TOGETHER
              ? ({ kind: 'rejected', reason: REFUSED_TOGETHER } as const)
              : (ends[0] ?? UNEXPECTED);
          ended?.(outcome);
          return outcome;
        },
        envelopes.length,
      );
      // The breaker has opened meanwhile: nothing was called.
      return ends ?? envelopes.map(({ message }) => this.resting(message, whole));
    } finally {
      deadline.clear();
    }
  }

  /** What waits for the same account does not come back all at once. */
  private resting(message: string, outcome: Outcome): Outcome {
    return outcome.kind === 'retry-at' ? { ...outcome, afterMs: this.breaker.waitMs(message) } : outcome;
  }

  /** With a slot in hand. */
  private async sendOne(item: Sendable, turn: Turn): Promise<Outcome> {
    const { envelope } = item;
    const deadline = new Deadline(this.timeoutMs);
    try {
      const outward = this.redirectTo === undefined ? envelope : { ...envelope, to: this.redirectTo };
      if (spend(item, turn, this.clock.mono()) === 'late') return lateAt(turn);
      // The breaker lets the call begin in this very step, or not at all.
      const outcome = await this.breaker.run(envelope.message, () =>
        // A sender answers what it knows; what it does not know may have been sent.
        this.watched(outward, deadline).catch(() => UNEXPECTED),
      );
      return this.redirectTo === undefined ? outcome : aboutRedirect(outcome);
    } finally {
      deadline.clear();
    }
  }

  private watched(envelope: Envelope, deadline: Deadline): Promise<Outcome> {
    const ended = this.watch?.(this.account, envelope);
    const call = this.deliver(envelope, deadline);
    if (ended) call.then(ended, () => ended(UNEXPECTED));
    return call;
  }

  /** Calls the provider. Must settle soon after `deadline` passes: the slot is held until then. */
  protected abstract deliver(envelope: Envelope, deadline: Deadline): Promise<Outcome>;

  /**
   * Calls the provider once for mails that have a body in common; the outcome of each, in order. Only where `shares`; as
   * `deliver`, it must settle soon after `deadline` passes.
   */
  protected deliverTogether(
    _envelopes: readonly Envelope[],
    _deadline: Deadline,
  ): Promise<readonly Outcome[] | typeof REFUSED_TOGETHER> {
    return Promise.reject(new Error('this sender takes one message a call'));
  }

  /** Asks the provider whether it took a message; most have no list of what they took. */
  lookUp(_sought: Sought): Promise<Looked> {
    return Promise.resolve({ kind: 'cannot' });
  }

  /** Lets go of sockets. */
  close(): void {}
}

/** Whether a permit is used for the first time, or again for what the provider refused as a whole. */
type Turn = 'first' | 'again';
interface Attempted<T> {
  ends: [T, Outcome][];
  /** What is still to be called, in these parts: of a call that was refused as a whole, or not made at all. */
  rest: T[][];
  turn: Turn;
  bugs: unknown[];
}
type Tell<T> = (item: T, outcome: Outcome) => void | Promise<void>;

const UNEXPECTED: Outcome = { kind: 'unknown', reason: 'unexpected' };

function spend({ permit, envelope }: Sendable, turn: Turn, mono: number): 'ok' | 'late' {
  const { message, ref, channel, to } = envelope;
  return turn === 'first'
    ? usePermit(permit, { message, ref, channel, address: to, mono })
    : usePermitAgain(permit, mono);
}

/** Surely not sent, either way; what a refused call kept is tried by itself, so that no call is refused for ever. */
const lateAt = (turn: Turn): Outcome =>
  turn === 'first' ? { kind: 'late' } : { kind: 'retry-at', afterMs: 0, reason: CALL_REFUSED };

/** Each of them; what one throws comes after the others have ended. */
export async function allOf<T>(items: readonly T[], each: (item: T) => unknown): Promise<void> {
  const ends = await Promise.allSettled(items.map(async (item) => each(item)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** What is wrong with the address that everything is redirected to says nothing of the customer's. */
function aboutRedirect(outcome: Outcome): Outcome {
  return outcome.kind === 'bad-address' || outcome.kind === 'opted-out'
    ? { kind: 'rejected', reason: `redirect ${outcome.kind}` }
    : outcome;
}
