import type { Outcome } from './outcome.js';

/** Waits where the provider named none. */
const RATE_LIMITED_MS = 10_000;
const UNREACHABLE_MS = 15_000;
/** A provider's clock may be wrong: neither hammer it nor sleep for a day. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 3_600_000;

/** The code of our own connect timeout (`provider-agents.ts`). */
export const CONNECT_TIMEOUT = 'ECONNECTTIMEOUT';

/** Failures before a single byte of the request was written: surely not sent. */
const NEVER_REACHED = new Set([
  CONNECT_TIMEOUT,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

interface Failure {
  code?: unknown;
  syscall?: unknown;
  cause?: unknown;
  originalCode?: unknown;
}

/** The outcome of a call that ended without an answer: surely not sent, or nobody knows. */
export function networkFailure(error: unknown, deadline: { readonly aborted: boolean }): Outcome {
  const reached = unreachable(error);
  if (reached) return reached;
  if (deadline.aborted) return { kind: 'unknown', reason: 'timeout' };
  return { kind: 'unknown', reason: codeOf(error) ?? 'network' };
}

/** `retry-at` where the failure shows that nothing was sent. */
export function unreachable(error: unknown): Outcome | null {
  for (let failure = error as Failure | undefined, depth = 0; failure && depth < 4; depth += 1) {
    for (const code of [failure.code, failure.originalCode]) {
      const connecting = code === 'ETIMEDOUT' && failure.syscall === 'connect';
      if (typeof code === 'string' && (NEVER_REACHED.has(code) || connecting))
        return down(code.toLowerCase());
    }
    failure = failure.cause as Failure | undefined;
  }
  return null;
}

/** The provider cannot be reached just now. */
export function down(reason: string): Outcome {
  return { kind: 'retry-at', afterMs: UNREACHABLE_MS, reason, trouble: 'unreachable' };
}

/** A rate limit. `resetAt` (epoch seconds) is measured against the answer's own `Date`: no clocks are compared. */
export function rateLimited(headers: Record<string, unknown>, reason: string): Outcome {
  const resetAt = numberOf(headers['x-ratelimit-reset']);
  const sentAt = typeof headers['date'] === 'string' ? Date.parse(headers['date']) : NaN;
  const retryAfter = numberOf(headers['retry-after']);
  const waits = [resetAt * 1000 - sentAt, retryAfter * 1000].filter((ms) => Number.isFinite(ms));
  const afterMs = waits.length ? Math.max(...waits) : RATE_LIMITED_MS;
  return { kind: 'retry-at', afterMs: Math.min(Math.max(afterMs, SHORTEST_MS), LONGEST_MS), reason };
}

/** A machine-made code in lower case; a provider's sentence is never let through. */
export function codeOf(error: unknown): string | null {
  const code = (error as Failure | null)?.code;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? code.toLowerCase() : null;
}

function numberOf(header: unknown): number {
  return typeof header === 'string' && header.trim() !== '' ? Number(header) : NaN;
}
