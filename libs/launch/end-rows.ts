import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import type { Transition } from '#messages/transition';

/**
 * Moves rows of a campaign out of where `find` finds them, a page after another; a crash in between leaves some to the next
 * pass. How many were moved, and whether none is left: what others write just now is looked for with the next pass.
 */
export async function endRows(
  messages: MessageStore,
  find: () => Promise<MessageRow[]>,
  move: (row: MessageRow) => Transition,
): Promise<{ count: number; isThrough: boolean }> {
  for (let count = 0; ;) {
    const rows = await find();
    if (rows.length === 0) return { count, isThrough: true };
    const won = await messages.apply(rows.map(move));
    count += won.size;
    if (won.size === 0) return { count, isThrough: false };
  }
}
