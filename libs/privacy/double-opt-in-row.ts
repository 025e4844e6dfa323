import { messageId } from '#messages/message-id';
import type { MessageRow } from '#messages/message.types';
import { nonce } from '#platform/mongo';
import { RULES } from '#purposes/purposes';

/** The journey and the template of the message that asks for a yes once more. */
export const DOUBLE_OPT_IN = 'double-opt-in';

const DAY_MS = 86_400_000;
/** A link that says yes is good for a week. */
const CONFIRMABLE_MS = 7 * DAY_MS;
/** Who asked is waiting for it now: later it would only surprise. */
const WORTH_SAYING_MS = DAY_MS;

/** Until when the link of a double opt-in can be used. */
export function confirmableUntil({ createdAt }: Pick<MessageRow, 'createdAt'>): Date {
  return new Date(createdAt.getTime() + CONFIRMABLE_MS);
}

/**
 * The row of a double opt-in message (PROTOCOL B6, G): as `support`, since the person asked for it. `by` names what asked
 * (an event, a form on a day): asked twice it is one row. `wishes` are what a yes would give (pairs.ts).
 */
export function doubleOptInRow(
  tenant: string,
  customer: string,
  { by, wishes, event }: { by: string; wishes: string; event: string | null },
  now: Date,
): MessageRow {
  const { stream, dueClass } = RULES.support;
  return {
    _id: messageId({ tenant, customer, journey: DOUBLE_OPT_IN, step: '1', subject: by, gen: '0' }),
    tenant,
    customer,
    rev: nonce(),
    status: 'planned',
    reason: null,
    until: null,
    journey: DOUBLE_OPT_IN,
    step: '1',
    campaign: null,
    subject: { kind: 'request', id: wishes },
    booking: null,
    cart: null,
    gen: '0',
    generation: null,
    purpose: 'support',
    stream,
    dueClass,
    template: DOUBLE_OPT_IN,
    channel: 'email',
    dueAt: now,
    expiresAt: new Date(now.getTime() + WORTH_SAYING_MS),
    usefulUntil: null,
    release: 0,
    attempts: [],
    history: [{ at: now, status: 'planned', why: 'a yes to be confirmed' }],
    trace: [],
    content: null,
    event,
    createdAt: now,
  };
}
