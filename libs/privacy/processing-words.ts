import { ENGLISH } from './processing-words-en.js';
import { SWEDISH } from './processing-words-sv.js';
import type { ProcessingWords } from './processing-words.types.js';

const WORDS: Readonly<Record<string, ProcessingWords>> = { sv: SWEDISH, en: ENGLISH };

/** English where the language has none. */
export function processingWords(locale: string): ProcessingWords {
  return WORDS[locale] ?? ENGLISH;
}

/** A country by its name in a language. */
export function countryName(country: string, locale: string): string {
  return new Intl.DisplayNames([locale], { type: 'region' }).of(country) ?? country;
}
