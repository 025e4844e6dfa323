import type { HeardEvent } from './heard-event.store.js';

/** What an event did. */
export interface HearResult {
  outcome: 'applied' | 'duplicate' | 'erased';
  /** The customer's, the booking's part was older than what is known. */
  stale: ('customer' | 'booking')[];
  planned: string[];
  cancelled: string[];
  refused: string[];
  warnings: { path: string; detail: string }[];
}

/** Nothing follows from it. */
export function nothing(outcome: HearResult['outcome']): HearResult {
  return { outcome, stale: [], planned: [], cancelled: [], refused: [], warnings: [] };
}

/** What followed when it was heard first. */
export function again({ planned, cancelled, refused }: HeardEvent): HearResult {
  return { ...nothing('duplicate'), planned, cancelled, refused };
}

/** The word under which it is counted. */
export function outcomeOf(result: HearResult | undefined): 'applied' | 'stale' | 'duplicate' | 'erased' {
  if (result === undefined) return 'applied';
  return result.outcome === 'applied' && result.stale.length > 0 ? 'stale' : result.outcome;
}
