import { DateTime } from 'luxon';

/** What an erasure left standing, under which law, and until when (GDPR 17(3)). */
export interface Kept {
  what: string;
  ground: string;
  /** RFC 3339, or null: as long as the ground lasts. */
  until: string | null;
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
    hadMessages,
    safetyUntil,
  }: {
    hadAddress: boolean;
    hadMessages: boolean;
    /** Until when the safety register goes on; null: it holds nothing of them. */
    safetyUntil: Date | null;
  },
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
          },
        ]
      : []),
    ...(hadMessages
      ? [
          {
            code: 'sent' as const,
            what: 'that messages were sent, without address or content',
            ground: 'GDPR 17(3)(e) and 5(2): to show that the rules were kept',
            until: null,
          },
        ]
      : []),
    {
      code: 'request',
      what: 'that it was asked for and when it was done, by an id',
      ground: 'GDPR 17(3)(e), 5(2) and 12(3): to show that the request was answered in time',
      until: DateTime.fromJSDate(now, { zone: 'utc' }).plus({ years: PROOF_YEARS }).toISO(),
    },
  ];
}
