/** RFC 5545 3.1: no line above 75 octets, without its line break. */
const MAX_OCTETS = 75;

/** Folds content lines (CRLF between them) by octets of UTF-8, never inside a character. */
export function foldLines(text: string): string {
  return text.split('\r\n').map(foldLine).join('\r\n');
}

function foldLine(line: string): string {
  // A UTF-16 unit is at most three octets.
  if (line.length * 3 <= MAX_OCTETS || Buffer.byteLength(line) <= MAX_OCTETS) return line;
  const pieces: string[] = [];
  let begin = 0;
  let octets = 0;
  for (let at = 0; at < line.length;) {
    const code = line.codePointAt(at) ?? 0;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (octets + size > MAX_OCTETS) {
      pieces.push(line.slice(begin, at));
      begin = at;
      octets = 1; // the space that continues a line
    }
    octets += size;
    at += code < 0x10000 ? 1 : 2;
  }
  pieces.push(line.slice(begin));
  return pieces.join('\r\n ');
}
