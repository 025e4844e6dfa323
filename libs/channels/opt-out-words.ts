/** Twilio's words, and the Swedish ones. Whole messages only: "Stopp i trafiken, kommer sent" is no opt-out. */
const OPT_OUT = new Set([
  'STOP',
  'STOPALL',
  'UNSUBSCRIBE',
  'CANCEL',
  'END',
  'QUIT',
  'OPTOUT',
  'REVOKE',
  'STOPP',
  'AVSLUTA',
  'AVREGISTRERA',
  'SLUTA',
]);
const OPT_IN = new Set(['START', 'YES', 'UNSTOP', 'STARTA', 'BÖRJA']);
const HELP = new Set(['HELP', 'INFO', 'HJÄLP']);

/** Whether a reply is a STOP: the whole message is one of the words, in any case, spaces and punctuation around it aside. */
export function isOptOutWord(text: string): boolean {
  return OPT_OUT.has(bare(text));
}

/** Whether a reply lifts the provider's own block. It is no consent (PROTOCOL B6). */
export function isOptInWord(text: string): boolean {
  return OPT_IN.has(bare(text));
}

/** Whether a reply asks who we are and how to stop. */
export function isHelpWord(text: string): boolean {
  return HELP.has(bare(text));
}

function bare(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
    .toUpperCase();
}
