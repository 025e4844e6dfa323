import { z } from 'zod';
import { readCursor } from './cursor.js';

const MOST = 500;
const LIMIT = `expected a number from 1 to ${MOST}`;

/** What every list is asked with beside its filters: spread into its query. */
export const pageQuery = {
  cursor: z
    .string()
    .transform((text, context) => {
      const cursor = readCursor(text);
      if (cursor !== null) return cursor;
      context.addIssue({ code: 'custom', message: 'expected the `next` of the page before' });
      return z.NEVER;
    })
    .optional(),
  limit: z.coerce.number({ error: LIMIT }).int(LIMIT).min(1, LIMIT).max(MOST, LIMIT).default(50),
};

/** A time in a query or body. */
export const time = z.iso
  .datetime({ offset: true, error: 'expected an RFC 3339 date-time' })
  .transform((text) => new Date(text));
