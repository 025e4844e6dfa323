import { EN } from './my-data-words-en.js';
import { SV } from './my-data-words-sv.js';
import type { MyDataWords } from './my-data-words.types.js';

/** The words of a language; English where it has none. */
export function myDataWords(locale: string): MyDataWords {
  return locale === 'sv' ? SV : EN;
}
