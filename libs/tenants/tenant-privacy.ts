import { isSupportedCountry } from 'libphonenumber-js/min';
import { z } from 'zod';

/** Whom a tenant hands personal data to, beside the accounts that send for it. */
export const RECIPIENT_KINDS = [
  'transport', // logistics and forwarding agents
  'payment', // card acquirers, banks, payment services
  'print', // print houses and distribution
  'social-media',
  'agency', // media and advertising agencies
  'it', // operation, support and maintenance of its systems
  'analysis', // measuring and improving its services
  'health', // care providers that a booking is handed to
  'travel', // travel providers likewise
] as const;
export type RecipientKind = (typeof RECIPIENT_KINDS)[number];

/** What makes a transfer out of the EEA lawful (GDPR 45, 46(2)(c), 47). */
export const SAFEGUARDS = ['adequacy', 'standard-clauses', 'binding-rules'] as const;
export type Safeguard = (typeof SAFEGUARDS)[number];

/** What a tenant does with personal data beside the purposes of the table: its notice and its record name it too. */
export const OWN_PROCESSING = [
  'online-account', // logging in where one books
  'payment',
  'credit-check',
  'identity-check', // who somebody is, and how old
  'address-check',
  'notes', // pictures and notes that the person chose to leave
  'legal-duty', // bookkeeping, money laundering, judgments
  'fraud-prevention',
  'service-improvement',
  'website', // its own site, with its cookies
] as const;
export type OwnProcessing = (typeof OWN_PROCESSING)[number];

/** One recipient, or a category of them where it has no name. */
export interface Recipient {
  kind: RecipientKind;
  name?: string | undefined;
  /** ISO 3166-1 alpha-2; absent: within the EEA. */
  country?: string | undefined;
  safeguard?: Safeguard | undefined;
  /** In the words of each language (`sv`, `en`); absent: what its kind does. */
  purpose?: Record<string, string> | undefined;
}

/** The part of a tenant's file that the privacy notice and the record of processing say beside what the house knows. */
export interface TenantPrivacy {
  /** Data protection officer (GDPR 37). */
  officer?: { name?: string | undefined; email: string; phone?: string | undefined } | undefined;
  website?: string | undefined;
  recipients: Recipient[];
  processing: OwnProcessing[];
}

/** EU, Iceland, Liechtenstein, Norway. */
const EEA = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' '),
);

/** Whether data that goes there leaves the EEA (GDPR chapter V). */
export const isThirdCountry = (country: string): boolean => !EEA.has(country);

const say = (problem: string, example: string): string => `${problem}\u0000${example}`;
const line = (example: string, most: number) =>
  z
    .string({ error: () => say(`must be a text of 1 to ${most} characters`, example) })
    .trim()
    .regex(
      new RegExp(`^[^\\p{C}\\p{Z}](?:[^\\p{C}]{0,${most - 1}})$`, 'u'),
      say(`is not a text of 1 to ${most} characters`, example),
    );
const email = z
  .string({ error: () => say('is missing: an email address', 'dso@example.se') })
  .trim()
  .regex(
    /^[^\s@,;:<>()"]+@[^\s@,;:<>()"]+\.[^\s@,;:<>()".]{2,}$/u,
    say('is not an email address', 'dso@example.se'),
  );
const oneOf = <Word extends string>(words: readonly [Word, ...Word[]]) =>
  z.enum(words, { error: () => say(`is none of ${words.join(', ')}`, words[0]) });

const recipient = z
  .strictObject({
    kind: oneOf(RECIPIENT_KINDS),
    name: line('PostNord Sverige AB', 100).optional(),
    country: z
      .string({ error: () => say('is not an ISO 3166-1 country of two capital letters', 'SE') })
      .refine(isSupportedCountry, say('is not an ISO 3166-1 country of two capital letters', 'SE'))
      .optional(),
    safeguard: oneOf(SAFEGUARDS).optional(),
    purpose: z
      .record(
        z.string().regex(/^[a-z]{2}$/, say('is not a language', 'sv')),
        line('Kör ut det du har köpt', 200),
      )
      .optional(),
  })
  .superRefine(({ country, safeguard }, context) => {
    // What is no country was told already.
    if (country !== undefined && !isSupportedCountry(country)) return;
    const leaves = country !== undefined && isThirdCountry(country);
    if (leaves === (safeguard !== undefined)) return;
    context.addIssue({
      code: 'custom',
      path: ['safeguard'],
      message: leaves
        ? say('is missing: the country lies outside the EEA (GDPR 46)', SAFEGUARDS.join(', '))
        : say('is of no use: nothing leaves the EEA', 'leave it out'),
    });
  });

/** The schema of `privacy` in a tenant's file. */
export const privacy = z
  .strictObject({
    officer: z
      .strictObject({
        name: line('Anna Svensson', 100).optional(),
        email,
        phone: line('"063-10 20 00"', 25).optional(),
      })
      .optional(),
    website: z
      .string({ error: () => say('is not an https URL', 'https://www.example.se') })
      .regex(
        /^https:\/\/[a-z0-9.-]+\.[a-z]{2,}(?:\/[\w./-]*)?$/,
        say('is not an https URL', 'https://www.example.se'),
      )
      .optional(),
    recipients: z.array(recipient).max(50, say('names more than 50', '[{kind: transport}]')).default([]),
    processing: z
      .array(oneOf(OWN_PROCESSING))
      .refine((all) => new Set(all).size === all.length, say('names one twice', '[payment]'))
      .default([]),
  })
  .superRefine(({ website, processing }, context) => {
    if (website !== undefined || !processing.includes('website')) return;
    context.addIssue({
      code: 'custom',
      path: ['website'],
      message: say('is missing: processing names it', 'https://www.example.se'),
    });
  })
  .optional();
