import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isPlainText } from '#platform/plain-text';

const text = (most: number) =>
  z
    .string(`expected a text of 1 to ${most} characters`)
    .trim()
    .min(1, `expected a text of 1 to ${most} characters`)
    .max(most, `expected a text of 1 to ${most} characters`)
    .refine(isPlainText, 'holds a control character');
const LINK = 'expected a link that begins with https://, mailto: or tel:';
const link = z
  .string(LINK)
  .max(2_000, LINK)
  .regex(/^(?:https:\/\/[^\s<>"{}\\]+|mailto:[^\s<>"{}\\]+|tel:\+?[\d-]+)$/, LINK)
  .refine((href) => isPlainText(href) && URL.canParse(href), LINK);
const PICTURE = 'expected the https address of a picture';
const picture = z
  .string(PICTURE)
  .max(2_000, PICTURE)
  .regex(/^https:\/\/[^\s<>"{}\\]+$/, PICTURE)
  .refine((url) => isPlainText(url) && URL.canParse(url), PICTURE);

const KINDS = 'expected one of heading, text, image, button, divider, offer';
const block = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('heading'), text: text(200) }),
    z.strictObject({ kind: z.literal('text'), text: text(5_000) }),
    z.strictObject({ kind: z.literal('image'), url: picture, alt: text(300), href: link.optional() }),
    z.strictObject({ kind: z.literal('button'), label: text(80), href: link }),
    z.strictObject({ kind: z.literal('divider') }),
    z.strictObject({
      kind: z.literal('offer'),
      title: text(200),
      text: text(1_000),
      code: text(40).optional(),
      until: z.iso.date('expected a date, like 2026-05-04').optional(),
      href: link.optional(),
    }),
  ],
  KINDS,
);

const email = z.strictObject({
  subject: text(200),
  preview: text(200),
  blocks: z
    .array(block, 'expected a list of blocks')
    .min(1, 'expected at least one block')
    .max(60, 'expected at most 60 blocks'),
});
const sms = z.strictObject({ text: text(1_000) });
const LANGUAGE = 'expected a language, like sv';
const MESSAGE = 'expected email, sms or both';

/** What is said, per language and channel. */
export const Content = z
  .record(
    z.string().regex(/^[a-z]{2,3}$/, LANGUAGE),
    z
      .strictObject({ email: email.optional(), sms: sms.optional() })
      .refine((message) => message.email !== undefined || message.sms !== undefined, MESSAGE),
    'expected an object of languages',
  )
  .refine((content) => Object.keys(content).length > 0, 'expected at least one language')
  .refine((content) => Object.keys(content).length <= 20, 'expected at most 20 languages');
export type Content = z.output<typeof Content>;
export type Block = z.output<typeof block>;

/** The same for the same content, however its members are ordered: what an approval covers. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 32);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}
