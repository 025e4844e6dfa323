import { z } from 'zod';
import { field } from './field.js';
import { isCalendarDate, isCountry, isCurrency, isHttpUrl, isTimeZone, toInstant } from './formats.js';

const CONTROL = /\p{Cc}/u;
/** Half of a pair: no UTF-8 says it, and stores would turn different ids into the same. */
const LONE_SURROGATE = /\p{Cs}/u;
/** What masking leaves of a card number: two customers could share it, so it is no id. */
export const MASKED_CARD = '••••';

/** An id as the booking system writes it: opaque, compared to the letter. */
export const id = (max = 128) =>
  field(
    z
      .string()
      .min(1)
      .max(max)
      .refine(
        (v) => !CONTROL.test(v) && !LONE_SURROGATE.test(v) && v.trim() !== '' && !v.includes(MASKED_CARD),
      ),
    `id of 1 to ${max} characters (no control characters, no card number)`,
  );

/** Text that people read, on one line. Line breaks and other control characters become spaces, all else stays. */
export const line = (max = 200) =>
  field(
    z
      .string()
      .min(1)
      .max(max)
      .refine((v) => !LONE_SURROGATE.test(v))
      .transform((v) => v.replace(/\p{Cc}+/gu, ' ')),
    `text of 1 to ${max} characters`,
  );

/** Text of several lines. */
export const prose = (max = 4000) =>
  field(
    z
      .string()
      .min(1)
      .max(max)
      .refine((v) => !LONE_SURROGATE.test(v) && !v.includes('\0')),
    `text of 1 to ${max} characters`,
  );

/** Tolerant on purpose: one @, no spaces, a dot in the domain. The provider has the last word. */
export const email = () =>
  field(
    z
      .string()
      .max(254)
      .regex(/^[^\s@\p{Cc}\p{Cs}<>(),;:"]{1,64}@[^\s@\p{Cc}\p{Cs}<>(),;:"]+\.[^\s@\p{Cc}\p{Cs}<>(),;:".]+$/u)
      .meta({ examples: ['anna@example.se'] }),
    'email address of at most 254 characters',
  );

export const phone = () =>
  field(
    z
      .string()
      .min(1)
      .max(40)
      .refine((v) => !LONE_SURROGATE.test(v))
      .meta({ examples: ['070-174 06 05', '+46701740605'] }),
    'phone number in any form of at most 40 characters',
  );

export const dateTime = () =>
  field(
    z
      .string()
      .meta({ format: 'date-time', examples: ['2026-05-04T09:00:00+02:00'] })
      .refine((v) => toInstant(v) !== null)
      .transform((v) => toInstant(v)!),
    'RFC 3339 date-time',
    { echo: true },
  );

export const calendarDate = () =>
  field(
    z
      .string()
      .meta({ format: 'date', examples: ['1984-02-29'] })
      .refine(isCalendarDate),
    'date YYYY-MM-DD',
  );

export const timeZone = () =>
  field(
    z
      .string()
      .max(64)
      .refine(isTimeZone)
      .meta({ examples: ['Europe/Stockholm'] }),
    'IANA time zone',
    { echo: true },
  );

/** Answers the canonical form: `sv-se` becomes `sv-SE`. */
export const language = () =>
  field(
    z
      .string()
      .max(35)
      .meta({ examples: ['sv', 'en-GB'] })
      .transform((v, context) => {
        try {
          return Intl.getCanonicalLocales(v)[0] ?? z.NEVER;
        } catch {
          context.addIssue({ code: 'custom' });
          return z.NEVER;
        }
      }),
    'BCP 47 language tag',
    { echo: true },
  );

export const country = () =>
  field(
    z
      .string()
      .regex(/^[A-Z]{2}$/)
      .refine(isCountry)
      .meta({ examples: ['SE'] }),
    'ISO 3166-1 alpha-2 country code',
  );

export const currency = () =>
  field(
    z
      .string()
      .regex(/^[A-Z]{3}$/)
      .refine(isCurrency)
      .meta({ examples: ['SEK'] }),
    'ISO 4217 currency code',
    { echo: true },
  );

/** A number, or decimal text (`"1250.50"`) from systems that keep money exact. Read as a number either way. */
export const amount = () =>
  field(
    z
      .union([z.number().min(0).max(999_999_999_999), z.string().regex(/^\d{1,12}(\.\d{1,4})?$/)])
      .meta({ examples: [1250, '1250.50'] })
      .transform(Number),
    'amount ≥ 0 as a number or decimal text',
    { echo: true },
  );

export const url = () =>
  field(
    z
      .string()
      .max(2000)
      .refine(isHttpUrl)
      .meta({ format: 'uri', examples: ['https://example.se/b/81'] }),
    'http or https URL of at most 2000 characters',
  );

export const version = () =>
  field(z.int().min(0), 'integer ≥ 0', { echo: true }).describe(
    'Rises with each change. A lower one than known is stale.',
  );

export const flag = () => field(z.boolean(), 'true or false', { echo: true });

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  field(z.enum(values), `one of ${values.join(', ')}`, { echo: true });

export const listOf = <S extends z.ZodType>(item: S, most: number, least = 0) =>
  field(z.array(item).min(least).max(most), `array of ${least} to ${most}`);

/** A kind of thing as the booking system calls it: `booking`, `purchase`, `ios`. */
export const kind = () =>
  field(z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,59}$/), 'word of letters, digits, -, _ and .');
