import type { Rendered } from './rendered.js';

/** How a mail's HTML is had as bytes; for the very objects that were rendered here. */
const encoders = new WeakMap<Rendered, () => Buffer>();

export function noteHtmlJson(content: Rendered, encode: () => Buffer): void {
  encoders.set(content, encode);
}

/**
 * A mail's HTML as a JSON string in UTF-8, with its quotes: most of a mail, the same for everybody but for a few words, and
 * so dear to write anew for each (bench/README.md). Null where it has none.
 */
export function htmlJson(content: Rendered): Buffer | null {
  const encode = encoders.get(content);
  if (encode) return Buffer.concat([QUOTE, encode(), QUOTE]);
  return content.html ? Buffer.from(JSON.stringify(content.html)) : null;
}

const QUOTE = Buffer.from('"');
