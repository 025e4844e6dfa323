import { randomBytes } from 'node:crypto';
import type { View } from './message-view.js';
import type { Rendered } from './rendered.js';

/** The use of a slot: what is written for one of them is written otherwise for another. */
export type SlotContext = 'subject' | 'text' | 'html' | 'url';

/** A place where mails of one template differ. */
export interface Slot {
  /** What the provider replaces: unguessable, of a fixed length, and nothing else in the body looks like it. */
  name: string;
  context: SlotContext;
  /** What this person's mail says there, escaped for the context. */
  value: (view: View) => string;
}

/** A mail as many have it, with a slot wherever they differ. One object for all of them: it is what tells them together. */
export interface SharedBody {
  subject: string;
  text: string;
  html: string;
  /** The HTML as a JSON string in UTF-8, with its quotes. */
  htmlJson: Buffer;
  slots: readonly Slot[];
  /** Every slot's name begins with it, and it stands nowhere else in the body. */
  mark: string;
}

/** What one mail has in common with others, and what is its own: the provider's substitutions. */
export interface Sharing {
  body: SharedBody;
  substitutions: Readonly<Record<string, string>>;
}

/** What can begin a slot's name; the first that a body has nowhere is taken. */
const MARKS = ['~', '^', '|', '`'] as const;
const NAME_BYTES = 12;
/** SendGrid's limit for one person's substitutions, names and all. */
const MOST_BYTES = 10_000;

/** A mark for a body that says this; null: it says all of them. */
export const markFor = (said: string): string | null => MARKS.find((mark) => !said.includes(mark)) ?? null;

/**
 * Drawn anew for each slot of each process, so that no content can foresee it. All are as long as each other and have the
 * mark at their beginning only: none is a part of another, nor of two that stand side by side.
 */
export const slotName = (mark: string): string => mark + randomBytes(NAME_BYTES).toString('hex');

/**
 * What the person's mail puts into the slots; null where it cannot share a body: a value could be read as a slot
 * (whatever the order in which the provider fills them), would change how the text around it is tidied, or is too long.
 */
export function substitutionsFor(body: SharedBody, view: View): Sharing | null {
  const substitutions: Record<string, string> = {};
  let bytes = 0;
  for (const { name, context, value: valueIn } of body.slots) {
    const value = valueIn(view);
    // Without the mark there is no beginning of a name in it, be it whole or in parts.
    if (value === '' || value.includes(body.mark)) return null;
    if (context !== 'html' && context !== 'url' && (value.includes('\n') || value.trim() !== value))
      return null;
    substitutions[name] = value;
    bytes += name.length + Buffer.byteLength(JSON.stringify(value)) + 4;
  }
  return bytes > MOST_BYTES ? null : { body, substitutions };
}

/** Fills the slots as the provider does: each name, wherever it stands, by the person's value. */
export function substitute(said: string, substitutions: Sharing['substitutions']): string {
  let filled = said;
  for (const [name, value] of Object.entries(substitutions)) filled = filled.replaceAll(name, () => value);
  return filled;
}

/** How a mail shares its body; for the very objects that were rendered here. */
const sharers = new WeakMap<Rendered, () => Sharing | null>();

export function noteSharing(content: Rendered, share: () => Sharing | null): void {
  let known: Sharing | null | undefined;
  sharers.set(content, () => (known === undefined ? (known = share()) : known));
}

/** What a rendered mail has in common with others of its template; null: nothing that may be used. */
export const sharingOf = (content: Rendered): Sharing | null => sharers.get(content)?.() ?? null;
