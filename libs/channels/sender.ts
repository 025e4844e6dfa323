import { usePermit, type Permit } from '#consent/may-send';
import type { Clock } from '#platform/clock';
import { Breaker, type BreakerState } from './breaker.js';
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

  /** Throws (a bug) on a forged, spent or misdirected permit; every failure of the provider is an outcome. */
  async send(permit: Permit, envelope: Envelope): Promise<Outcome> {
    const { message, ref, channel, to } = envelope;
    // The slot first: nothing may queue between the deadline check and the socket (PROTOCOL A6).
    await this.slots.take();
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.timeoutMs);
    try {
      const outward = this.redirectTo === undefined ? envelope : { ...envelope, to: this.redirectTo };
      if (usePermit(permit, { message, ref, channel, address: to, mono: this.clock.mono() }) === 'late') {
        return { kind: 'late' };
      }
      // The breaker lets the call begin in this very step, or not at all.
      const outcome = await this.breaker.run(message, () =>
        this.watched(outward, deadline.signal).catch((): Outcome => {
          // A sender answers what it knows; what it does not know may have been sent.
          return { kind: 'unknown', reason: 'unexpected' };
        }),
      );
      return this.redirectTo === undefined ? outcome : aboutRedirect(outcome);
    } finally {
      clearTimeout(timer);
      this.slots.give();
    }
  }

  private watched(envelope: Envelope, deadline: AbortSignal): Promise<Outcome> {
    const ended = this.watch?.(this.account, envelope);
    const call = this.deliver(envelope, deadline);
    if (ended) call.then(ended, () => ended({ kind: 'unknown', reason: 'unexpected' }));
    return call;
  }

  /** Calls the provider. Must settle soon after `deadline` aborts: the slot is held until then. */
  protected abstract deliver(envelope: Envelope, deadline: AbortSignal): Promise<Outcome>;

  /** Asks the provider whether it took a message; most have no list of what they took. */
  lookUp(_sought: Sought): Promise<Looked> {
    return Promise.resolve({ kind: 'cannot' });
  }

  /** Lets go of sockets. */
  close(): void {}
}

/** What is wrong with the address that everything is redirected to says nothing of the customer's. */
function aboutRedirect(outcome: Outcome): Outcome {
  return outcome.kind === 'bad-address' || outcome.kind === 'opted-out'
    ? { kind: 'rejected', reason: `redirect ${outcome.kind}` }
    : outcome;
}
