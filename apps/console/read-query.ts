import type { z } from 'zod';
import { Problem } from './problem.js';

/** A query or body through its schema; a 422 names each fault and what would be right. */
export function readInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const read = schema.safeParse(input ?? {});
  if (read.success) return read.data;
  throw new Problem(
    422,
    'some members are not as they should be',
    read.error.issues.flatMap((issue) => {
      // A member that is not known is pointed at itself.
      const paths =
        issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return paths.map((path) => ({
        pointer: `#${path.map((part) => `/${escapePointer(String(part))}`).join('')}`,
        detail: issue.code === 'unrecognized_keys' ? 'is not a member that is known here' : issue.message,
      }));
    }),
  );
}

/** RFC 6901, section 3. */
function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
