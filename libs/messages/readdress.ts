import type { MessageRow } from './message.types.js';
import type { MessageStore } from './message.store.js';
import { OPEN } from './moves.js';
import { transition, type Transition } from './transition.js';

/** How often rows that others write are read again. */
const TRIES = 20;
const PAGE = 500;
/** Nothing was said by these, and nothing will be. */
const UNSAID: ReadonlySet<string> = new Set(['refused', 'cancelled', 'expired']);
const WHY = 'the same is said under the id that goes on';

/**
 * Gives every row of one who was merged to who goes on for them, in place: a row keeps its `_id`, by which providers'
 * receipts, links and events heard again find it, so nothing is said twice or lost. Where both have a row about the very
 * same thing (a campaign), only one of them goes on. Broken off, it goes on; done, it does nothing.
 */
export async function readdress(
  messages: MessageStore,
  tenant: string,
  from: string,
  into: string,
  now: Date,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const rows = await messages.findOfCustomer(tenant, from, PAGE);
    if (rows.length === 0) return;
    const twins = await messages.findByIds(
      tenant,
      rows.flatMap((row) => underId(row, into) ?? []),
    );
    const { ended, moved } = settle(rows, new Map(twins.map((row) => [row._id, row])), into, now);
    await messages.apply(ended);
    await messages.giveTo(moved, into);
    // A full page is a way forward, not a lost race.
    if (rows.length === PAGE) tries = 0;
  }
  throw new Error(`rows were written by others ${TRIES} times in a row`);
}

/** What the same row would be called under another customer's id; null: it is not made of its customer's id. */
export function underId(
  { _id, customer }: Pick<MessageRow, '_id' | 'customer'>,
  into: string,
): string | null {
  const [tenant, who, ...rest] = _id.split('/');
  return who === encodeURIComponent(customer) ? [tenant, encodeURIComponent(into), ...rest].join('/') : null;
}

/** Which of them end, as their twins say the same, and which simply move. Those that end move in a pass of their own. */
function settle(
  rows: readonly MessageRow[],
  twins: ReadonlyMap<string, MessageRow>,
  into: string,
  now: Date,
): { ended: Transition[]; moved: MessageRow[] } {
  const ended: Transition[] = [];
  const moved: MessageRow[] = [];
  for (const row of rows) {
    const twin = twins.get(underId(row, into) ?? '');
    if (twin !== undefined && isOpen(row) && !UNSAID.has(twin.status)) ended.push(end(row, now));
    else {
      if (twin !== undefined && isOpen(twin) && !UNSAID.has(row.status)) ended.push(end(twin, now));
      moved.push(row);
    }
  }
  return { ended, moved };
}

const isOpen = ({ status }: MessageRow): boolean => OPEN.includes(status);
const end = (row: MessageRow, now: Date): Transition =>
  transition(row as MessageRow & { status: 'planned' }, 'cancelled', WHY, now);
