import { hash } from 'node:crypto';

/** Bytes of a block of SHA-256, and of what it gives. */
const BLOCK = 64;
const DIGEST = 32;
/** Texts up to so many bytes find room in what is laid out once. */
const ROOM = 1_024;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

type Block = Buffer & { latin1Write(text: string, at: number): number };

/**
 * HMAC-SHA-256 (RFC 2104, section 2) of many short texts under one key, in Node's own hash: for who hashes a million
 * addresses, or seals each mail's links. `createHmac` makes an object for each text, which a finaliser has to take away again:
 * that costs more than both hashes.
 */
export class Hmac {
  private readonly inner = Buffer.alloc(BLOCK + ROOM);
  private readonly outer = Buffer.alloc(BLOCK + DIGEST) as Block;

  constructor(key: Uint8Array) {
    const block = Buffer.alloc(BLOCK);
    block.set(key.length > BLOCK ? hash('sha256', key, 'buffer') : key);
    for (let at = 0; at < BLOCK; at += 1) {
      this.inner[at] = block[at]! ^ INNER_PAD;
      this.outer[at] = block[at]! ^ OUTER_PAD;
    }
  }

  /** Its 32 bytes, a character for each (latin1). */
  of(text: string): string {
    this.outer.latin1Write(hash('sha256', this.padded(text), 'binary'), BLOCK);
    return hash('sha256', this.outer, 'binary');
  }

  /** The 32 bytes of bytes. */
  ofBytes(bytes: Uint8Array): Buffer {
    this.outer.set(hash('sha256', this.padded(bytes), 'buffer'), BLOCK);
    return hash('sha256', this.outer, 'buffer');
  }

  private padded(said: string | Uint8Array): Uint8Array {
    const isText = typeof said === 'string';
    // A character of UTF-16 is three bytes of UTF-8 at most.
    if ((isText ? said.length * 3 : said.length) > ROOM)
      return Buffer.concat([this.inner.subarray(0, BLOCK), isText ? Buffer.from(said) : said]);
    if (isText) return this.inner.subarray(0, BLOCK + this.inner.write(said, BLOCK));
    this.inner.set(said, BLOCK);
    return this.inner.subarray(0, BLOCK + said.length);
  }
}
