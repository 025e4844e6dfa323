import { createHash } from 'node:crypto';
import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  handleWhenResult,
  type CircuitBreakerPolicy,
  type IBackoff,
  type IBreaker,
} from 'cockatiel';
import type { Clock } from '#platform/clock';
import type { Outcome } from './outcome.js';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** So many failures one after the other open it. */
const IN_A_ROW = 10;
/** So do more than half of the last so many calls, once there were enough of them. */
const RATED = { threshold: 0.5, size: 100, minimumNumberOfCalls: 40 };
/** How long it rests: twice as long after each probe that failed. */
const FIRST_REST_MS = 5_000;
const LONGEST_REST_MS = 60_000;
/** While one message probes, the others wait this long. */
const PROBING_MS = 5_000;
/** What waits for the same account does not come back all at once. */
const SPREAD_MS = 5_000;

/**
 * The circuit breaker of one account: closed → open (nothing is sent) → half-open (one message probes) → closed, or open
 * again for longer. It counts what an account has as a whole: no connection, no answer, 5xx, refused credentials. A
 * message's own 4xx and a rate limit show that the provider lives.
 */
export class Breaker {
  private readonly policy: CircuitBreakerPolicy;
  /** Until then it rests, once it has opened. By the clock that never jumps: cockatiel would ask the machine's wall clock. */
  private until = 0;

  /** `tell` is told of each change. */
  constructor(
    private readonly clock: Clock,
    tell: (state: BreakerState) => void = () => undefined,
  ) {
    this.policy = circuitBreaker(
      handleWhenResult((outcome) => isTrouble(outcome as Outcome)),
      {
        breaker: new Either([new ConsecutiveBreaker(IN_A_ROW), new CountBreaker(RATED)]),
        halfOpenAfter: { next: ({ attempt }) => this.restFor(attempt) },
      },
    );
    this.policy.onStateChange(() => tell(this.state));
  }

  get state(): BreakerState {
    switch (this.policy.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half-open';
      default:
        return 'open';
    }
  }

  /** Milliseconds until a message may be tried by this account; 0: now. The same message always waits as long. */
  waitMs(message: string): number {
    const state = this.state;
    if (state === 'closed') return 0;
    const wait = state === 'half-open' ? PROBING_MS : this.leftMs;
    return wait === 0
      ? 0
      : wait + (createHash('sha256').update(message).digest().readUInt32BE(0) % SPREAD_MS);
  }

  /**
   * Makes the call, at once and in this very step, or answers that the account rests: nobody waits here, as the
   * permit's time runs (PROTOCOL A6). A call of several messages that fails counts as so many: each more like it would
   * cost as many people their message.
   */
  async run(message: string, call: () => Promise<Outcome>, messages = 1): Promise<Outcome> {
    const afterMs = this.waitMs(message);
    if (afterMs > 0) return { kind: 'retry-at', afterMs, reason: 'circuit-open', trouble: 'resting' };
    const outcome = await this.policy.execute(call);
    if (isTrouble(outcome)) {
      for (let more = 1; more < messages && this.state === 'closed'; more += 1)
        await this.policy.execute(() => Promise.resolve(outcome));
    }
    return outcome;
  }

  private get leftMs(): number {
    return Math.max(0, Math.ceil(this.until - this.clock.mono()));
  }

  /** It has opened for the `attempt`th time in a row. What is returned is held against the time since. */
  private restFor(attempt: number): IBackoff<{ attempt: number }> {
    this.until = this.clock.mono() + Math.min(FIRST_REST_MS * 2 ** (attempt - 1), LONGEST_REST_MS);
    const left = () => this.leftMs;
    return {
      get duration() {
        return left() > 0 ? Infinity : -Infinity;
      },
      next: (again) => this.restFor(again.attempt),
    };
  }
}

function isTrouble(outcome: Outcome): boolean {
  if (outcome.kind === 'unknown') return true;
  return (outcome.kind === 'retry-at' || outcome.kind === 'rejected') && outcome.trouble !== undefined;
}

/** Opens when any of several would. */
class Either implements IBreaker {
  constructor(private readonly breakers: readonly IBreaker[]) {}

  get state(): unknown {
    return this.breakers.map(({ state }) => state);
  }

  set state(states: unknown) {
    this.breakers.forEach((breaker, index) => (breaker.state = (states as unknown[])[index]));
  }

  success(state: CircuitState): void {
    for (const breaker of this.breakers) breaker.success(state);
  }

  failure(state: CircuitState): boolean {
    // Each of them counts, whichever opens first.
    return this.breakers.map((breaker) => breaker.failure(state)).includes(true);
  }
}
