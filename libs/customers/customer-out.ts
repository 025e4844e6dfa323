import { createHash } from 'node:crypto';
import type { OutEntry } from '#messaging/outbox';
import type { Choice } from '#purposes/choice';
import type { Customer } from './customer.types.js';

/**
 * What the world is told of a write on a customer (CONTRACTS, events out): each choice that is new in the log, and that
 * the person was erased. Worked out from what is written, so that no way of writing can forget it.
 */
export function customerOut(before: Customer | null, after: Customer): OutEntry[] {
  const { tenant, customer, erasedAt } = after;
  if (erasedAt !== null) {
    if (before === null || before.erasedAt !== null) return [];
    return [
      {
        id: eventId([tenant, customer, 'erased', erasedAt.toISOString()]),
        type: 'customer.erased.v1',
        at: erasedAt,
        data: {},
        journal: { what: 'erased' },
      },
    ];
  }
  if (before?.choiceLog === after.choiceLog) return [];
  const known = new Set(before?.choiceLog.map(({ id }) => id));
  return after.choiceLog
    .filter(({ id }) => !known.has(id))
    .map((choice) => ({
      id: choiceEventId(tenant, customer, choice.id),
      type: 'choice.changed.v1',
      at: choice.at,
      data: { purpose: choice.purpose, channel: choice.channel, state: choice.state, via: choice.via },
      ...journalled(choice),
    }));
}

/** The id of the event of one entry of the log: nothing of the entry's own id can be read from it. */
export const choiceEventId = (tenant: string, customer: string, choice: string): string =>
  eventId([tenant, customer, 'choice', choice]);

/** A given that may not lift a no must not take that no's place in a compacted topic. */
function journalled({ purpose, channel, state, lifts, recordedAt }: Choice): Pick<OutEntry, 'journal'> {
  if (state === 'given' && lifts !== true) return {};
  return { journal: { what: 'choice', purpose, channel, state, recordedAt } };
}

function eventId(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
