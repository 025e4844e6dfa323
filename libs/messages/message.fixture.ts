import type { MessageRow } from './message.types.js';

/** A confirmation that is due, with whatever a test says otherwise. */
export function messageRow(overrides: Partial<MessageRow> = {}): MessageRow {
  const at = new Date('2026-05-04T07:00:00Z');
  return {
    _id: 'wellnesskliniken/anna/confirmation/now/b1/v1',
    tenant: 'wellnesskliniken',
    customer: 'anna',
    rev: 'rev-0',
    status: 'planned',
    reason: null,
    until: null,
    journey: 'confirmation',
    step: 'now',
    campaign: null,
    subject: { kind: 'booking', id: 'b1' },
    booking: 'b1',
    cart: null,
    gen: 'v1',
    generation: { version: 1, time: at, event: 'e1' },
    purpose: 'booking',
    stream: 'service',
    dueClass: 'service',
    template: 'booking-confirmation',
    channel: 'email',
    dueAt: at,
    expiresAt: new Date(at.getTime() + 3 * 86_400_000),
    usefulUntil: null,
    release: 0,
    attempts: [],
    history: [{ at, status: 'planned' }],
    trace: [],
    content: null,
    event: 'e1',
    createdAt: at,
    ...overrides,
  };
}
