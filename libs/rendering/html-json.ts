import type { Rendered } from './rendered.js';

/** How a mail's HTML is had as bytes; for the very objects that were rendered here. */
const encoders = new WeakMap<Rendered, () => Buffer[]>();

export function noteHtmlJson(content: Rendered, encode: () => Buffer[]): void {
  encoders.set(content, encode);
}

/**
 * A mail's HTML as a JSON string in UTF-8, with its quotes, in pieces: most of a mail, the same for everybody but for a few
 * words, and so dear to write anew for each, or to copy more than once (bench/README.md). Null where it has none.
 */
export function htmlJson(content: Rendered): readonly Buffer[] | null {
  const encode = encoders.get(content);
  if (encode) return [QUOTE, ...encode(), QUOTE];
  return content.html ? [Buffer.from(JSON.stringify(content.html))] : null;
}

const QUOTE = Buffer.from('"');
