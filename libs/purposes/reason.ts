/** Why the gate refuses; where several apply, the first in this order is given. */
export const REFUSALS = [
  'unknown-customer',
  'erased',
  'restricted',
  'minor',
  'no-address',
  'suppressed',
  'objected',
  'withdrawn',
  'channel-off',
  'no-consent',
  'duplicate',
  'too-late',
  'expired',
  'capped',
  'invalid-template',
  'not-allowed',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Why the gate holds, looked at after all refusals. */
export const HOLDS = ['paused', 'quiet-hours'] as const;
export type Hold = (typeof HOLDS)[number];

export type Reason = Refusal | Hold;
