import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import type { DueClass } from '#purposes/stream';
import type { Status } from './moves.js';

/** What is released at one pace. */
export interface Pace {
  tenant: string;
  dueClass: DueClass;
  channel: Channel;
}

/** What a list of messages is filtered by; all given must hold. */
export interface MessageFilter {
  customer?: string;
  booking?: string;
  campaign?: string;
  status?: Status;
  purpose?: Purpose;
  channel?: Channel;
  /** Bounds on `createdAt`: from inclusive, to exclusive. */
  from?: Date;
  to?: Date;
}

/** Where a page of a list ends: newest first by `createdAt`, then `_id`. */
export interface MessageCursor {
  createdAt: Date;
  id: string;
}
