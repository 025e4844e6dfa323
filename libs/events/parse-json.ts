/** Deeper than any schema of ours; what is deeper would only overflow the stack of somebody downstream. */
const DEEPEST = 16;

export type Parsed = { ok: true; value: unknown } | { ok: false; expected: string };

/** UTF-8 JSON, or what it should have been. Never throws. */
export function parseJson(bytes: Buffer): Parsed {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, expected: 'JSON in UTF-8' };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, expected: 'JSON' };
  }
}

/**
 * Makes parsed JSON safe to walk: takes away `__proto__` members, whose number it answers, and answers null where it
 * is too deep. Iterative, since a hostile depth would overflow a recursive walk.
 */
export function tame(value: unknown): number | null {
  const open: { node: object; depth: number }[] = [];
  const push = (node: unknown, depth: number) => {
    if (typeof node === 'object' && node !== null) open.push({ node, depth });
  };
  let dropped = 0;
  push(value, 1);
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, depth } = next;
    if (depth > DEEPEST) return null;
    if (Object.hasOwn(node, '__proto__')) {
      delete (node as Record<string, unknown>)['__proto__'];
      dropped += 1;
    }
    for (const child of Object.values(node)) push(child, depth + 1);
  }
  return dropped;
}
