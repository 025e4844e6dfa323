import type { Channel } from '#purposes/channel';
import type { SaidChoice } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import type { Suppression } from './suppression.js';

/** Which message asks to go out, on which channel. */
export interface Ask {
  tenant: string;
  customer: string;
  /** The row's _id. */
  message: string;
  /** The 128-bit name by which the provider knows this attempt. */
  ref: string;
  purpose: Purpose;
  channel: Channel;
  /** `mono()` before the pass read its facts. A dry ask gives -Infinity: its permit was too late from the start. */
  startedMono: number;
  expiresAt: Date | null;
  /** The person asked for this very message, to use a right of theirs: a restriction does not stand in its way. */
  ownRequest?: boolean | undefined;
}

/** What the gate looks at of a customer. */
export interface CustomerFacts {
  id: string;
  erasedAt: Date | null;
  restrictedAt: Date | null;
  /** YYYY-MM-DD */
  birthDate: string | null;
  guardianConsentAt: Date | null;
  timeZone: string | null;
  /** Until when the person wants no marketing. */
  marketingPausedUntil?: Date | null;
  choices: readonly SaidChoice[];
  softOptIns: readonly { channel: 'email' | 'phone'; address: string; at: Date }[];
  /** What was reserved for this person; `group` is the cap group. */
  sends: readonly { id: string; at: Date; group: string | null }[];
}

/** What was read for this ask. `undefined`: it could not be read, and the check that needs it says no. */
export interface Facts {
  /** null: nobody is known by this id. */
  customer: CustomerFacts | null | undefined;
  /** Normalised, on this channel; of a handoff, the provider's. */
  address: string | null | undefined;
  /** Every record of that address, under every key of the ring. */
  suppressions: readonly Suppression[] | undefined;
  /** Whether the tenant has a sender for this stream and channel. */
  hasSender: boolean | undefined;
  /** Whether another channel of this contract message could be used (choose-channel.ts). */
  otherChannelUsable: boolean | undefined;
  duplicateOf: string | null | undefined;
  /** Why the row is past its use (a stale generation, the visit has begun, the cart is done); null: it is not. */
  tooLate: string | null | undefined;
  /** Why nothing can be written from its template; null: it can. */
  contentProblem: string | null | undefined;
  /** What LAGOM_SEND says of this address. */
  allowed: boolean | undefined;
  /** Until when to wait before the stop button is looked at again; null: it is not pressed. */
  paused: Date | null | undefined;
}
