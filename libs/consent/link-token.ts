import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { type LinkPayload, packLink, unpackLink } from './link-payload.js';

/** What a link is for; a token of one use opens no other. */
export const LINK_USES = [
  'unsubscribe',
  'preferences',
  'survey',
  'confirm',
  'me',
  'session',
  'email',
  'undo',
] as const;
export type LinkUse = (typeof LINK_USES)[number];

/** Links that never run out: who may say no may say it for ever. */
const FOR_EVER: readonly LinkUse[] = ['unsubscribe', 'preferences'];

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Keys {
  seal: Buffer;
  iv: Buffer;
}

/**
 * The tokens in links: sealed, so that they tell a reader nothing and cannot be changed, and deterministic (the IV is a
 * MAC of the payload, in the manner of SIV), so that rendering a message again gives the same link.
 */
export class LinkTokens {
  private readonly keys: Record<LinkUse, readonly Keys[]>;

  /** @param secrets the first seals, all open: a secret that is replaced stays behind the new one */
  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new Error('link tokens need a secret');
    const keysOf = (use: LinkUse): Keys[] =>
      secrets.map((secret) => ({ seal: derive(secret, use, 'seal'), iv: derive(secret, use, 'iv') }));
    this.keys = Object.fromEntries(LINK_USES.map((use) => [use, keysOf(use)])) as Record<LinkUse, Keys[]>;
  }

  /** The token for a link. */
  seal(use: LinkUse, payload: LinkPayload): string {
    if (payload.expiresAt && FOR_EVER.includes(use)) throw new Error(`a link to ${use} never runs out`);
    const keys = this.keys[use][0]!;
    const plain = packLink(payload);
    const iv = createHmac('sha256', keys.iv).update(plain).digest().subarray(0, IV_BYTES);
    const cipher = createCipheriv(CIPHER, keys.seal, iv);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** What a token says; `forged` where it was cut, changed, or made for another use; `expired` from its end on. */
  open(use: LinkUse, token: string, now: Date): LinkPayload | 'forged' | 'expired' {
    const bytes = Buffer.from(token, 'base64url');
    // Node reads past what is not base64url and ignores spare bits: only the one spelling counts.
    if (bytes.toString('base64url') !== token || bytes.length <= IV_BYTES + TAG_BYTES) return 'forged';
    for (const keys of this.keys[use]) {
      const plain = decipher(bytes, keys.seal);
      const payload = plain && unpackLink(plain);
      if (!payload) continue;
      return payload.expiresAt && payload.expiresAt <= now ? 'expired' : payload;
    }
    return 'forged';
  }
}

function decipher(bytes: Buffer, key: Buffer): Buffer | null {
  const opening = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  opening.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([opening.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), opening.final()]);
  } catch {
    return null; // not sealed with this key
  }
}

function derive(secret: string, use: LinkUse, what: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `lagom link ${use} ${what}`, 32));
}
