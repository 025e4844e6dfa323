import { DateTime } from 'luxon';
import type { Policy } from '#purposes/policy';
import { monthsLater } from './retention-plan.js';
import { SAFETY_YEARS } from './safety-register.store.js';

/** What an erasure left standing, under which law, and until when (GDPR 17(3)). */
export interface Kept {
  what: string;
  ground: string;
  /** RFC 3339, or null: without end. */
  until: string | null;
  /** What the end is reckoned from, or why there is none. */
  howLong: string;
  /** The same in one word, for pages in every language. */
  code: KeptCode;
}

export const KEPT_CODES = ['address-hash', 'safety', 'sent', 'request'] as const;
export type KeptCode = (typeof KEPT_CODES)[number];

/** How long it can be shown that a request was answered, and what was done: as long as somebody may ask. */
export const PROOF_YEARS = 3;

/**
 * What is kept of a person who is erased. Nothing of it is accounting: bokföringslagen 7:2 covers vouchers, which are at the
 * till; what is here are bookings, items without amounts, and messages, so that no erasure is refused for it.
 */
export function keptAfterErasure(
  {
    hadAddress,
    newestMessage,
    safetyUntil,
  }: {
    hadAddress: boolean;
    /** When the newest of their messages was planned; null: there is none. */
    newestMessage: Date | null;
    /** Until when the safety register goes on; null: it holds nothing of them. */
    safetyUntil: Date | null;
  },
  /** null: the tenant has no file any more. */
  policy: Pick<Policy, 'retentionMonths' | 'timeZone'> | null,
  now: Date,
): Kept[] {
  return [
    ...(hadAddress
      ? [
          {
            code: 'address-hash' as const,
            what: 'keyed hash of the address, on the list of those who get no marketing',
            ground: 'GDPR 17(3)(b) and 21(3): an objection must go on being heard',
            until: null,
            howLong: 'without end: once the hash were gone, marketing could be sent to the address again',
          },
        ]
      : []),
    ...(safetyUntil !== null
      ? [
          {
            code: 'safety' as const,
            what: 'items and batches bought, and how to reach the buyer, for product recalls only',
            ground: 'GPSR (EU) 2023/988 art. 35 and GDPR 17(3)(b): a buyer must be warned of a danger',
            until: safetyUntil.toISOString(),
            howLong: `${SAFETY_YEARS} years from the last purchase`,
          },
        ]
      : []),
    ...(newestMessage !== null
      ? [
          {
            code: 'sent' as const,
            what: 'that messages were sent, without address or content',
            ground: 'GDPR 17(3)(e) and 5(2): to show that the rules were kept',
            ...sentUntil(newestMessage, policy),
          },
        ]
      : []),
    {
      code: 'request',
      what: 'that it was asked for and when it was done, by an id',
      ground: 'GDPR 17(3)(e), 5(2) and 12(3): to show that the request was answered in time',
      until: DateTime.fromJSDate(now, { zone: 'utc' }).plus({ years: PROOF_YEARS }).toISO(),
      howLong: `${PROOF_YEARS} years from when it was done`,
    },
  ];
}

/** When the newest of these was planned; null: there is none. */
export function newestOf(messages: readonly { createdAt: Date }[]): Date | null {
  const times = messages.map(({ createdAt }) => createdAt.getTime());
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/** As retention deletes ended rows, whoever's they are (delete-expired.ts). */
function sentUntil(
  newest: Date,
  policy: Pick<Policy, 'retentionMonths' | 'timeZone'> | null,
): Pick<Kept, 'until' | 'howLong'> {
  if (policy === null) {
    return { until: null, howLong: 'until the tenant has a file again: without one nothing is deleted' };
  }
  const { retentionMonths, timeZone } = policy;
  return {
    until: monthsLater(newest, retentionMonths, timeZone).toISOString(),
    howLong: `${retentionMonths} months from the newest message; each older one goes before it`,
  };
}
