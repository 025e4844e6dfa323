/** What an SMS of one gateway may hold at most. */
export const MAX_SMS_LENGTH = 1600;

export type SmsEncoding = 'GSM-7' | 'UCS-2';

/** A text as it goes out, and what it costs. */
export interface SmsText {
  text: string;
  encoding: SmsEncoding;
  segments: number;
}

/** 3GPP TS 23.038, the default alphabet (without escape). */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿' +
    'abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Its extension: each of these is an escape and a character, two septets that stay together. */
const EXTENDED = new Set('\f^{}\\[~]|€');

/** Typography with an equal in GSM-7. Letters are never replaced: a name is written as it is. */
const EQUALS: Record<string, string> = {
  '“': '"',
  '”': '"',
  '„': '"',
  '‟': '"',
  '«': '"',
  '»': '"',
  '″': '"',
  '‘': "'",
  '’': "'",
  '‚': "'",
  '‛': "'",
  '′': "'",
  '´': "'",
  '`': "'",
  '‹': "'",
  '›': "'",
  '‐': '-',
  '‑': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
  '―': '-',
  '−': '-',
  '…': '...',
  '·': '-',
  '•': '-',
  '\u00a0': ' ',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2007': ' ',
  '\u2009': ' ',
  '\u200a': ' ',
  '\u202f': ' ',
  '\t': ' ',
  '\u00ad': '',
  '\u200b': '',
  '\u2060': '',
  '\ufeff': '',
};

/** Whether a character can be said in GSM-7 as it is. */
export const isGsm7 = (char: string): boolean => BASIC.has(char) || EXTENDED.has(char);

/**
 * Makes GSM-7 of a text where nothing is lost by it; else leaves it whole, in UCS-2 (where typography costs nothing
 * more and joiners may belong to a letter or an emoji).
 */
export function fitSms(written: string): SmsText {
  const text = written.normalize('NFC');
  let gsm = '';
  let all = true;
  for (const char of text) {
    const said = isGsm7(char) ? char : EQUALS[char];
    if (said === undefined) {
      all = false;
      break;
    }
    gsm += said;
  }
  return all
    ? { text: gsm, encoding: 'GSM-7', segments: countGsm7(gsm) }
    : { text, encoding: 'UCS-2', segments: countUcs2(text) };
}

/** 160 septets alone, else 153 a segment. */
const countGsm7 = (text: string): number => pack(text, 160, 153, (char) => (EXTENDED.has(char) ? 2 : 1));

/** 70 UTF-16 units alone, else 67 a segment. */
const countUcs2 = (text: string): number => pack(text, 70, 67, (char) => char.length);

/** Fills segments one after the other; an escape or a surrogate pair never straddles two. */
function pack(text: string, alone: number, each: number, sizeOf: (char: string) => number): number {
  let total = 0;
  let segments = 1;
  let filled = 0;
  for (const char of text) {
    const size = sizeOf(char);
    total += size;
    if (filled + size > each) {
      segments++;
      filled = 0;
    }
    filled += size;
  }
  return total <= alone ? 1 : segments;
}
