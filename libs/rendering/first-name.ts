/** Titles as they are written without a point, of our languages and their neighbours, and what joins two of them. */
const TITLES = new Set(
  (
    'dr doktor prof professor docent herr hr fru fröken frk och & mr mrs ms miss mx sir and ' +
    'herra rouva neiti frøken og frau und'
  ).split(' '),
);
/** Of a script that has capitals: a Chinese name may be one letter. */
const INITIAL = /^[\p{Lu}\p{Ll}]\p{M}*$/u;

/**
 * What somebody is called by: the first word of their name that is neither a title nor an initial nor short for something;
 * null where that leaves nothing but what is a surname as a rule (`Dr. Berg`, `P. Berg`). A greeting does without, then.
 */
export function firstNameOf(name: string | null): string | null {
  const words = name?.match(/[^\s.]+\.?/g) ?? [];
  const first = words.findIndex((word) => !isBefore(word));
  return first === -1 || (first > 0 && first === words.length - 1) ? null : words[first]!;
}

const isBefore = (word: string): boolean =>
  word.endsWith('.') || INITIAL.test(word) || TITLES.has(word.normalize('NFC').toLowerCase());
