import { generationKey, isStale } from '#events/generation';
import type { CallOff } from '#journeys/plan';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition } from '#messages/transition';

/** How often rows that were moved meanwhile are looked at again. */
const TRIES = 20;

/**
 * Cancels what events call off (PROTOCOL D4): only rows of a lower generation, and carts that have led to a booking.
 * A row that is being sent already has left. The ids that were cancelled, by what called them off.
 */
export async function callOff(
  messages: MessageStore,
  tenant: string,
  callOffs: readonly CallOff[],
  now: Date,
): Promise<Map<CallOff, string[]>> {
  const cancelled = new Map<CallOff, string[]>();
  for (let tries = 0; callOffs.length > 0 && tries < TRIES; tries++) {
    const open = await messages.findOpenAbout(tenant, {
      bookings: callOffs.map(({ booking }) => booking),
      carts: callOffs.flatMap(({ cart }) => cart ?? []),
    });
    // By id, so that whatever the batch, the answer is the same.
    const inOrder = open.sort((one, other) => (one._id < other._id ? -1 : 1));
    const moves = inOrder.flatMap((row) => {
      const by = callOffs.find((one) => callsOff(one, row));
      if (by === undefined) return [];
      return [{ by, move: transition(row as MessageRow & { status: 'planned' }, 'cancelled', by.why, now) }];
    });
    const won = await messages.apply(moves.map(({ move }) => move));
    for (const { by, move } of moves) {
      if (won.has(move.after._id)) cancelled.set(by, [...(cancelled.get(by) ?? []), move.after._id]);
    }
    if (won.size === moves.length) return cancelled;
  }
  return cancelled;
}

/** Whether an event calls this open row off. */
export function callsOff(by: CallOff, row: MessageRow): boolean {
  if (row.subject.kind === 'cart') {
    const about = row.booking === by.booking || (by.cart !== null && row.cart === by.cart);
    return about && row.journey !== null && by.journeys.includes(row.journey);
  }
  if (row.booking !== by.booking || row.generation === null) return false;
  if (isStale(row.generation, by.gen)) return true;
  // Of equal rank, the one heard later has won: what was planned before it is nobody's, or no longer wanted.
  const isNewer = isStale(by.gen, row.generation);
  return !isNewer && (row.gen !== generationKey(by.gen) || by.journeys.includes(row.journey ?? ''));
}
