import { z } from 'zod';
import { cursorOf } from './cursor.js';
import type { Page } from './list-as-csv.js';
import { pageQuery } from './page-query.js';

/** The query of a list that is asked for nothing but its pages. */
export const wholeQuery = z.strictObject(pageQuery);

/**
 * A page of a list that is read whole, as it is short by its nature: keys, senders. Its order is kept; the cursor names the
 * last one that was answered, and one that has gone meanwhile begins anew.
 */
export function pageOfWhole<Item>(
  all: readonly Item[],
  { cursor, limit }: z.output<typeof wholeQuery>,
  idOf: (item: Item) => string,
): Page<Item> {
  const from = cursor === undefined ? 0 : all.findIndex((item) => idOf(item) === cursor.id) + 1;
  const items = all.slice(from, from + limit);
  const last = items.at(-1);
  const isMore = from + limit < all.length;
  return {
    items,
    ...(isMore && last !== undefined ? { next: cursorOf({ createdAt: new Date(0), _id: idOf(last) }) } : {}),
  };
}
