import type { IncomingMessage } from 'node:http';

/** How many records an answer that is written as it is read will hold, as its header says; null: it does not say. */
export function totalOf({ headers }: Pick<IncomingMessage, 'headers'>): number | null {
  const said = headers['lagom-total'];
  return typeof said === 'string' && /^\d+$/.test(said) ? Number(said) : null;
}
