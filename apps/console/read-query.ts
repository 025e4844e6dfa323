import type { z } from 'zod';
import { maskCardsDeep } from '#platform/masking';
import { Problem } from './problem.js';

/** A query or body through its schema; a 422 names each fault and what would be right. */
export function readInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  // A card number anywhere is masked before anything is stored (CONTRACTS).
  const read = schema.safeParse(maskCardsDeep(input ?? {}).value);
  if (read.success) return read.data;
  throw new Problem(
    422,
    'some members are not as they should be',
    read.error.issues.flatMap((issue) => {
      // A member that is not known is pointed at itself.
      const paths =
        issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return paths.map((path) => ({
        pointer: pointerOf(path),
        detail: detailOf(issue),
      }));
    }),
  );
}

/** A path as a JSON pointer in a fragment: `#/data/booking`. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return `#${path.map((part) => `/${escapePointer(String(part))}`).join('')}`;
}

function detailOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'is not a member that is known here';
  const isWhole = issue.code === 'invalid_type' && issue.expected === 'object' && issue.path.length === 0;
  return isWhole ? 'expected a JSON object' : issue.message;
}

/** RFC 6901, section 3. */
function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
