import { z } from 'zod';

const LOCALE = 'expected a language, like sv or sv-SE';

/** A language, with or without its country (BCP 47). */
export const localeInput = z.string(LOCALE).regex(/^[a-z]{2,3}(?:[-_][a-z\d]{2,8})*$/i, LOCALE);
