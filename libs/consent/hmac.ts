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
 * addresses. `createHmac` makes an object for each text, which a finaliser has to take away again: that costs more than both
 * hashes.
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

  private padded(text: string): Uint8Array {
    // A character of UTF-16 is three bytes of UTF-8 at most.
    if (text.length * 3 > ROOM) return Buffer.concat([this.inner.subarray(0, BLOCK), Buffer.from(text)]);
    return this.inner.subarray(0, BLOCK + this.inner.write(text, BLOCK));
  }
}
