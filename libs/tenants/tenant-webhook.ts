import { z } from 'zod';
import { isLoopback } from './webhook-address.js';

/** A tenant's own address that hears what becomes of its messages, signed after Standard Webhooks. */
export interface TenantWebhook {
  url: string;
  /** Absent where its variable is: nothing is delivered, and `live` refuses it. */
  secret?: string | undefined;
  /** Which types of events; absent: all. */
  types?: string[] | undefined;
}

/** Events out (CONTRACTS). */
const TYPES = [
  ...['planned', 'refused', 'held', 'accepted', 'delivered', 'bounced', 'complained', 'failed'],
  ...['cancelled', 'opened', 'clicked', 'replied'],
]
  .map((word) => `message.${word}.v1`)
  .concat(
    ...['choice.changed.v1', 'survey.answered.v1', 'task.opened.v1', 'customer.erased.v1'],
    'event.rejected.v1',
  );

const say = (problem: string, example: string): string => `${problem}\u0000${example}`;
const URL_EXAMPLE = 'https://hooks.example.se/lagom';
const SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;

/** The schema of `webhooks` in a tenant's file. A secret is not repeated in a fault. */
export const webhooks = z
  .array(
    z.strictObject({
      url: z
        .string({ error: () => say('is missing: an https URL', URL_EXAMPLE) })
        .refine(isAddress, say('is no https URL (http on this machine only) without a user', URL_EXAMPLE)),
      secret: z
        .string({ error: () => say('must be a text', `\${WELLBE_WEBHOOK_SECRET}`) })
        .refine(
          (text) => SECRET.test(text) && keyBytes(text) >= 24 && keyBytes(text) <= 64,
          say(
            'is no secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64',
            `\${WELLBE_WEBHOOK_SECRET}`,
          ),
        )
        .optional(),
      types: z
        .array(z.enum(TYPES, { error: () => say(`is none of ${TYPES.join(', ')}`, 'message.failed.v1') }))
        .min(1, say('is empty: leave it out to hear all', '[message.failed.v1]'))
        .optional(),
    }),
  )
  .max(5, say('names more than 5 addresses', `[{url: ${URL_EXAMPLE}}]`))
  .refine((all) => new Set(all.map(({ url }) => url)).size === all.length, say('names an address twice', ''))
  .optional();

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const keyBytes = (secret: string): number => Buffer.from(secret.slice('whsec_'.length), 'base64').length;
