import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Texts that wait in the database for one use and are nobody's to read meanwhile. */
export class SealedText {
  private readonly keys: readonly Buffer[];

  /** @param secrets the first seals, all open */
  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new Error('sealed texts need a secret');
    this.keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'lagom sealed text', 32)));
  }

  seal(text: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.keys[0]!, iv);
    return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
      'base64url',
    );
  }

  /** null: sealed with a secret that is not here any more. */
  open(sealed: string): string | null {
    const bytes = Buffer.from(sealed, 'base64url');
    for (const key of this.keys) {
      try {
        const opening = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        });
        opening.setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([
          opening.update(bytes.subarray(IV_BYTES, -TAG_BYTES)),
          opening.final(),
        ]).toString('utf8');
      } catch {
        // Not sealed with this key.
      }
    }
    return null;
  }
}
