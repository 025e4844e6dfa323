import { FileFault } from './file-fault.js';

/** Which bytes a file is made of: as it was told or found out. */
export interface Encoding {
  name: 'utf-8' | 'windows-1252';
  /** Whether nobody said so: it was found out from the bytes. */
  guessed: boolean;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const WESTERN = new TextDecoder('windows-1252');
/** What no Windows-1252 text has, and other encodings (an old Mac's, DOS's) are full of. */
const UNLIKELY = /[\u0080-\u009f]/;
const WANTED = 'expected text in UTF-8 (in Excel: "CSV UTF-8") or Windows-1252';

const TOLD: Readonly<Record<string, Encoding['name']>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
};

/**
 * Bytes → text, chunk by chunk. Without a charset it is UTF-8 unless the first letter that is not ASCII is none; then it
 * is Windows-1252, as Excel writes it. A file that is neither is refused. `told` hears what it is as soon as it counts.
 */
export async function* decodeText(
  bytes: AsyncIterable<Buffer>,
  charset: string | null,
  told: (encoding: Encoding) => void,
): AsyncGenerator<string> {
  let name = nameOf(charset);
  if (name !== null) told({ name, guessed: false });
  let isFirst = true;
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  for await (const chunk of bytes) {
    let buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (isFirst) {
      if (buffer.length < 3 && chunk.length > 0) {
        // Too short to know a mark of its byte order by.
        rest = buffer;
        continue;
      }
      refuseUtf16(buffer);
      if (buffer.subarray(0, 3).equals(BOM)) {
        buffer = buffer.subarray(3);
        name = 'utf-8';
        told({ name, guessed: false });
      }
      isFirst = false;
    }
    const cut = name === 'windows-1252' ? buffer.length : wholeLetters(buffer);
    rest = buffer.subarray(cut);
    const text = decode(buffer.subarray(0, cut));
    line += linesIn(text);
    if (text !== '') yield text;
  }
  if (rest.length > 0) {
    if (isFirst) refuseUtf16(rest);
    yield decode(isFirst && rest.equals(BOM) ? Buffer.alloc(0) : rest);
  }
  if (name === null) told({ name: 'utf-8', guessed: true });

  function decode(buffer: Buffer): string {
    if (name === 'windows-1252') return western(buffer);
    if (name === null && isAscii(buffer)) return buffer.toString('latin1');
    try {
      const text = UTF8.decode(buffer);
      if (name === null) {
        name = 'utf-8';
        told({ name, guessed: true });
      }
      return text;
    } catch {
      if (name !== null) throw refusal(`${WANTED}, got bytes that are no UTF-8`);
      name = 'windows-1252';
      told({ name, guessed: true });
      return western(buffer);
    }
  }

  function western(buffer: Buffer): string {
    const text = WESTERN.decode(buffer);
    if (UNLIKELY.test(text)) throw refusal(`${WANTED}, got another encoding`);
    return text;
  }

  function refusal(detail: string): FileFault {
    return new FileFault(422, `${detail} (about line ${line})`, [{ pointer: '#', detail }]);
  }
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

function nameOf(charset: string | null): Encoding['name'] | null {
  if (charset === null) return null;
  const name = TOLD[charset.trim().toLowerCase()];
  if (name === undefined) {
    const detail = `${WANTED}, got another charset`;
    throw new FileFault(415, detail, [{ pointer: '#/charset', detail }]);
  }
  return name;
}

function refuseUtf16(buffer: Buffer): void {
  const [first, second] = buffer;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (!isMarked && !buffer.subarray(0, 64).includes(0)) return;
  const detail = `${WANTED}, got UTF-16 or a file that is no text`;
  throw new FileFault(422, detail, [{ pointer: '#', detail }]);
}

const isAscii = (buffer: Buffer): boolean => {
  for (const byte of buffer) if (byte > 0x7f) return false;
  return true;
};

/** How many bytes make whole letters: what is cut at the end of a chunk waits for its rest. */
function wholeLetters(buffer: Buffer): number {
  for (let back = 1; back <= Math.min(3, buffer.length); back += 1) {
    const byte = buffer[buffer.length - back] ?? 0;
    if (byte < 0x80) return buffer.length;
    if (byte >= 0xc0) {
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needs > back ? buffer.length - back : buffer.length;
    }
  }
  return buffer.length;
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
