import type { MessageRow } from './message.types.js';

/** What is read of a row for a list of thousands. */
export const HEADLINE = {
  tenant: 1,
  customer: 1,
  status: 1,
  reason: 1,
  purpose: 1,
  channel: 1,
  journey: 1,
  booking: 1,
  event: 1,
  dueAt: 1,
  createdAt: 1,
  'history.at': 1,
  'history.why': 1,
} as const;

/** A row in few words: enough for a list of thousands. */
export type Headline = Pick<MessageRow, '_id' | Exclude<keyof typeof HEADLINE, `history.${string}`>> & {
  history: { at: Date; why?: string }[];
};
