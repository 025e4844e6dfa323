import type { CompiledMessage } from './compile-message.js';
import type { Fill, Place } from './fill.js';
import type { View } from './message-view.js';
import {
  markFor,
  slotName,
  substitutionsFor,
  type SharedBody,
  type Sharing,
  type Slot,
  type SlotContext,
} from './shared-body.js';

type Mail = CompiledMessage & { channel: 'email' };

/** A template has few: one for each way in which it reads, and for each of its tenant's own facts as they change. */
const MOST_BODIES = 50;

const known = new WeakMap<Mail, Map<string, SharedBody | null>>();

/** How a mail shares the body of its template with others; null where it cannot. */
export function shareBody(mail: Mail, view: View): Sharing | null {
  let bodies = known.get(mail);
  if (bodies === undefined) known.set(mail, (bodies = new Map<string, SharedBody | null>()));
  const key = [mail.subject, mail.text, mail.html].map(({ parted }) => parted.key(view)).join('');
  let body = bodies.get(key);
  if (body === undefined) {
    if (bodies.size >= MOST_BODIES) bodies.clear();
    bodies.set(key, (body = bodyOf(mail, view)));
  }
  return body === null ? null : substitutionsFor(body, view);
}

function bodyOf({ subject, text, html }: Mail, view: View): SharedBody | null {
  const mark = markFor([subject, text, html].map(({ parted }) => parted.common(view, () => '')).join(''));
  if (mark === null) return null;
  const slots = new Map<string, Slot>();
  const filled = (fill: Fill, context: SlotContext): string =>
    fill.parted.common(view, ({ id, isUrl, value }: Place) => {
      const use = context === 'html' && isUrl ? 'url' : context;
      const key = `${use}/${id}`;
      const slot = slots.get(key) ?? { name: slotName(mark), context: use, value };
      slots.set(key, slot);
      return slot.name;
    });
  const markup = filled(html, 'html');
  return {
    subject: oneLine(filled(subject, 'subject')),
    text: tidy(filled(text, 'text')),
    html: markup,
    htmlJson: Buffer.from(JSON.stringify(markup)),
    slots: [...slots.values()],
    mark,
  };
}

/** What an optional part leaves behind where it is absent. */
const BLANK_LINES = /\n[ \t]*(?:\n[ \t]*)+\n/g;

/** A text without what absent parts left behind. A slot, or what fills one, is no space and holds no line break. */
export const tidy = (text: string): string => text.replace(BLANK_LINES, '\n\n').trim() + '\n';

/** A template may be written over several lines; what it says is one. */
export const oneLine = (text: string): string => text.replace(/[ \t]*\n[ \t\n]*/g, ' ').trim();
