import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { Hmac } from './hmac.js';
import { type LinkPayload, packLink, unpackLink } from './link-payload.js';
import { type MeasurePayload, packMeasure, unpackMeasure } from './measure-payload.js';

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

/** What was opened of a mail: its links and its picture. Neither runs out. */
const MEASURE_USES = ['click', 'open'] as const;
export type MeasureUse = (typeof MEASURE_USES)[number];

/** Links that never run out: who may say no may say it for ever. */
const FOR_EVER: readonly LinkUse[] = ['unsubscribe', 'preferences'];

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Keys {
  seal: Buffer;
  iv: Hmac;
}

/**
 * The tokens in links: sealed, so that they tell a reader nothing and cannot be changed, and deterministic (the IV is a
 * MAC of the payload, in the manner of SIV), so that rendering a message again gives the same link.
 */
export class LinkTokens {
  private readonly keys: Record<LinkUse | MeasureUse, readonly Keys[]>;

  /** @param secrets the first seals, all open: a secret that is replaced stays behind the new one */
  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new Error('link tokens need a secret');
    const keysOf = (use: LinkUse | MeasureUse): Keys[] =>
      secrets.map((secret) => ({
        seal: derive(secret, use, 'seal'),
        iv: new Hmac(derive(secret, use, 'iv')),
      }));
    const uses = [...LINK_USES, ...MEASURE_USES];
    this.keys = Object.fromEntries(uses.map((use) => [use, keysOf(use)])) as Record<
      LinkUse | MeasureUse,
      Keys[]
    >;
  }

  /** The token for a link. */
  seal(use: LinkUse, payload: LinkPayload): string {
    if (payload.expiresAt && FOR_EVER.includes(use)) throw new Error(`a link to ${use} never runs out`);
    return this.sealed(use, packLink(payload));
  }

  /** The token of a link or picture by which it is seen that a mail was opened. */
  sealMeasure(use: MeasureUse, payload: MeasurePayload): string {
    return this.sealed(use, packMeasure(payload));
  }

  /** Where such a token leads; null: forged, cut, or made for another use. */
  openMeasure(use: MeasureUse, token: string): MeasurePayload | null {
    return this.opened(use, token, unpackMeasure);
  }

  /** What a token says; `forged` where it was cut, changed, or made for another use; `expired` from its end on. */
  open(use: LinkUse, token: string, now: Date): LinkPayload | 'forged' | 'expired' {
    const payload = this.opened(use, token, unpackLink);
    if (payload === null) return 'forged';
    return payload.expiresAt && payload.expiresAt <= now ? 'expired' : payload;
  }

  private sealed(use: LinkUse | MeasureUse, plain: Buffer): string {
    const keys = this.keys[use][0]!;
    const iv = keys.iv.ofBytes(plain).subarray(0, IV_BYTES);
    const cipher = createCipheriv(CIPHER, keys.seal, iv);
    // In this order: there is a tag once it is final.
    const sealed = [iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64url');
  }

  private opened<T>(use: LinkUse | MeasureUse, token: string, unpack: (plain: Buffer) => T | null): T | null {
    const bytes = Buffer.from(token, 'base64url');
    // Node reads past what is not base64url and ignores spare bits: only the one spelling counts.
    if (bytes.toString('base64url') !== token || bytes.length <= IV_BYTES + TAG_BYTES) return null;
    for (const keys of this.keys[use]) {
      const plain = decipher(bytes, keys.seal);
      const payload = plain && unpack(plain);
      if (payload) return payload;
    }
    return null;
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

function derive(secret: string, use: LinkUse | MeasureUse, what: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `lagom link ${use} ${what}`, 32));
}
