import { nonce } from '#platform/mongo';
import type { Channel } from '#purposes/channel';
import { RULES } from '#purposes/purposes';
import { messageId } from './message-id.js';
import type { MessageRow } from './message.types.js';

/** Who asked is waiting for it now: a day later it would only surprise. */
const WORTH_SAYING_MS = 86_400_000;

/** What a person asked us for themselves. */
export interface Request {
  tenant: string;
  customer: string;
  journey: string;
  /** Names what asked: asked twice it is one row. */
  by: string;
  /** The row's subject: what its links need to know. */
  about: string;
  template: string;
  /** Where they asked: the answer goes there first. */
  channel: Channel;
  /** The CloudEvents id, where an event asked for them. */
  event: string | null;
  /** The first line of its history. */
  why: string;
}

/** The row of an answer to a person's own request: as `support`, due at once, through the gate like every other. */
export function requestRow(request: Request, now: Date): MessageRow {
  const { tenant, customer, journey, by, about, template, channel, event, why } = request;
  const { stream, dueClass } = RULES.support;
  return {
    _id: messageId({ tenant, customer, journey, step: '1', subject: by, gen: '0' }),
    ...{ tenant, customer, journey, template, channel, event, stream, dueClass },
    rev: nonce(),
    status: 'planned',
    reason: null,
    until: null,
    step: '1',
    campaign: null,
    subject: { kind: 'request', id: about },
    booking: null,
    cart: null,
    gen: '0',
    generation: null,
    purpose: 'support',
    dueAt: now,
    expiresAt: new Date(now.getTime() + WORTH_SAYING_MS),
    usefulUntil: null,
    release: 0,
    attempts: [],
    history: [{ at: now, status: 'planned', why }],
    trace: [],
    content: null,
    createdAt: now,
  };
}
