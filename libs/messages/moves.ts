/** The states of a message, from planned to its end. The drawing in README.md is made from `MOVES` by a test. */
export const STATUSES = [
  'planned',
  'released',
  'sending',
  'accepted',
  'delivered',
  'bounced',
  'complained',
  'refused',
  'cancelled',
  'failed',
  'expired',
  'unknown',
] as const;
export type Status = (typeof STATUSES)[number];

/** Every move that exists, with what causes it. A move that is not here does not compile and is never written. */
export const MOVES = {
  planned: {
    released: 'its time has come',
    refused: 'the gate said no, or it was past its use when planned',
    cancelled: 'called off',
    expired: 'past its expiry',
  },
  released: {
    planned: 'held, or its facts were out of reach',
    sending: 'claimed with a permit',
    refused: 'the gate said no',
    cancelled: 'called off',
    expired: 'past its expiry',
    failed: 'could not be handled, again and again',
  },
  sending: {
    planned: 'surely not sent: try later, or given back',
    accepted: 'the provider took it',
    failed: 'the provider refused it for ever',
    unknown: 'it may have been sent',
    delivered: 'receipt',
    bounced: 'receipt',
    complained: 'receipt',
  },
  accepted: { delivered: 'receipt', bounced: 'receipt', complained: 'receipt', failed: 'receipt' },
  delivered: { bounced: 'receipt', complained: 'receipt' },
  unknown: {
    planned: 'resent',
    accepted: 'receipt, or found at the provider',
    delivered: 'receipt',
    bounced: 'receipt',
    complained: 'receipt',
    failed: 'receipt',
  },
  failed: { planned: 'retried by a person, or once, late' },
  bounced: {},
  complained: {},
  refused: {},
  cancelled: {},
  expired: {},
} as const satisfies Record<Status, Partial<Record<Status, string>>>;

export type MovesFrom<From extends Status> = Extract<keyof (typeof MOVES)[From], Status>;

/** Whether the table has a way from one state to another. */
export function canMove(from: Status, to: Status): boolean {
  return to in MOVES[from];
}

/** No move leads out of these: the message has ended, but for a provider's later word. */
export const OPEN: readonly Status[] = ['planned', 'released'];
