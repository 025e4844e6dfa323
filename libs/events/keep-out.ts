import { pathTo } from './explain-fault.js';

/** How many paths are listed: enough to mend a producer by, too few to drown a log. */
const LISTED_MOST = 100;

/**
 * Lists what the schema kept out of `output`, and takes away members that are there without a value
 * (a store would write them as null, which means cleared).
 */
export function keptOut(
  input: unknown,
  output: unknown,
  at: readonly PropertyKey[],
  found: string[] = [],
): string[] {
  if (Array.isArray(input) && Array.isArray(output)) {
    input.forEach((item, i) => keptOut(item, output[i], [...at, i], found));
  } else if (isPlain(input) && isPlain(output)) {
    for (const key of Object.keys(input)) {
      const path = [...at, key];
      if (!Object.hasOwn(output, key)) {
        if (found.length < LISTED_MOST) found.push(pathTo(path));
      } else if (output[key] === undefined) delete output[key];
      else keptOut(input[key], output[key], path, found);
    }
  }
  return found;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
