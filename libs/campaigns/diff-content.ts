/** One difference between two versions, at a path; `undefined` where one of them has nothing there. */
export interface Difference {
  path: readonly (string | number)[];
  before?: unknown;
  after?: unknown;
}

/** What differs between two plain JSON values: the smallest parts that do, in the order in which they stand. */
export function differences(
  before: unknown,
  after: unknown,
  path: readonly (string | number)[] = [],
): Difference[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
      differences(before[index] as unknown, after[index] as unknown, [...path, index]),
    ).flat();
  }
  if (isShape(before) && isShape(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(before[key], after[key], [...path, key]),
    );
  }
  return [
    {
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

const isShape = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
