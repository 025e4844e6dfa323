import { z } from 'zod';
import { isPlainText } from '#platform/plain-text';

const NAME = 'expected a name of 1 to 100 characters';

/** What staff call a segment, a template or a campaign: one line. */
export const nameInput = z
  .string(NAME)
  .trim()
  .min(1, NAME)
  .max(100, NAME)
  .refine(
    (name) => isPlainText(name) && !/[\t\n\r]/.test(name),
    'expected one line without control characters',
  );
