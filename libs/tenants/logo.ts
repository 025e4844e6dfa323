import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';

/** A tenant's logo as its mails carry it and its pages show it. Made at twice the size at which it is shown. */
export interface Logo {
  png: Buffer;
  /** The same in base64, once for all mails. */
  base64: string;
  /** As it is shown, in CSS pixels. */
  width: number;
  height: number;
  /** SHA-256, 12 hex digits: names it to caches. */
  version: string;
}

/** Every mail carries it. */
const MOST_BYTES = 24 * 1024;
const LEAST = { width: 40, height: 20 };
/** Fits beside the edges of a phone of 320 pixels, twice as fine. */
const MOST = { width: 520, height: 140 };
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const END = Buffer.from('0000000049454e44ae426082', 'hex');

/**
 * The logo that a tenant's file names: a PNG in the folder of that file, or where the samples have theirs, so that a
 * sample's file that was copied elsewhere still has its own. A text says what is wrong with it.
 */
export function readLogo(dir: string, name: string): Logo | string {
  const bytes = [dir, join(rootDir(), 'tenants')].map((folder) => bytesOf(join(folder, name)));
  const png = bytes.find((one) => one !== null);
  if (png === undefined || png === null) return 'names no file in the folder of this one';
  const isWhole = png.subarray(0, 8).equals(SIGNATURE) && png.subarray(-12).equals(END);
  if (!isWhole || png.toString('latin1', 12, 16) !== 'IHDR') return 'is no whole PNG';
  if (png.length > MOST_BYTES) return `has ${png.length} bytes: every mail carries it, at most ${MOST_BYTES}`;
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const fits = width >= LEAST.width && height >= LEAST.height && width <= MOST.width && height <= MOST.height;
  if (!fits) {
    const bounds = `from ${LEAST.width} × ${LEAST.height} to ${MOST.width} × ${MOST.height}`;
    return `is ${width} × ${height} pixels: ${bounds}, shown at half of it`;
  }
  return {
    ...{ png, base64: png.toString('base64'), width: Math.round(width / 2), height: Math.round(height / 2) },
    version: createHash('sha256').update(png).digest('hex').slice(0, 12),
  };
}

function bytesOf(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
