import { isSupportedCountry } from 'libphonenumber-js/min';
import { z } from 'zod';
import { normalisePhone } from '#purposes/address';
import { PURPOSES, type Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { parseDuration, parseHours, parseMonths, parseTiming } from './duration.js';
import { privacy } from './tenant-privacy.js';
import { webhooks } from './tenant-webhook.js';
import { STAFF_ROLES } from './tenant.js';
import { readWebhookKey } from './webhook-key.js';

/** Separates what is wrong from what would be right in an issue's message. */
export const EXAMPLE_MARK = '\u0000';

const say = (problem: string, example: string): string => `${problem}${EXAMPLE_MARK}${example}`;

/** A text, read by `read`; null is what it refuses. A `secret` one is not repeated in the fault. */
const text = <T>(expected: string, example: string, read: (value: string) => T | null, secret = false) =>
  z
    .string({ error: (issue) => say(wrongType(expected, issue.input), example) })
    .transform((value, context) => {
      const result = read(value.trim());
      if (result !== null) return result;
      const shown = secret ? '' : `: ${JSON.stringify(value)}`;
      context.addIssue({ code: 'custom', message: say(`is not ${expected}${shown}`, example) });
      return z.NEVER;
    });

function wrongType(expected: string, input: unknown): string {
  if (input === undefined) return `is missing: ${expected}`;
  // 063102000 without quotes is a number, and has lost its zero.
  if (typeof input === 'number' || typeof input === 'boolean')
    return `must be a text: put it in quotes (${expected})`;
  return `must be a text: ${expected}`;
}

const matching = (expected: string, example: string, pattern: RegExp) =>
  text(expected, example, (value) => (pattern.test(value) ? value : null));

const name = (example: string) => matching('a text of 1 to 100 characters', example, /^[^\r\n]{1,100}$/u);
const email = (example: string) =>
  text('an email address', example, (value) =>
    /^[^\s@,;:<>()"]+@[^\s@,;:<>()"]+\.[^\s@,;:<>()".]{2,}$/u.test(value) ? value.normalize('NFC') : null,
  );
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const slug = (example: string) => matching('lower-case letters, digits and dashes', example, SLUG);
const duration = (example: string) => text('a duration', example, parseDuration);
const hours = (example: string) => text('hours of the day', example, parseHours);
const whole = (most: number, example: string) =>
  z
    .int({ error: () => say(`is not a whole number from 1 to ${most}`, example) })
    .min(1, say(`is not a whole number from 1 to ${most}`, example))
    .max(most, say(`is not a whole number from 1 to ${most}`, example));
const yesOrNo = z.boolean({ error: () => say('is neither true nor false', 'false') });

const locale = text('a language (BCP 47)', 'sv', (value) => {
  try {
    return Intl.getCanonicalLocales(value)[0] ?? null;
  } catch {
    return null;
  }
});
const timeZone = text('an IANA time zone', 'Europe/Stockholm', (value) => {
  if (!/^[A-Z][\w+-]*(?:\/[\w+-]+)*$/.test(value)) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone && value;
  } catch {
    return null;
  }
});
const country = text('an ISO 3166-1 country of two capital letters', 'SE', (value) =>
  isSupportedCountry(value) ? value : null,
);
const host = matching(
  'a host name without scheme, port or path',
  'messages.example.se',
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
);

// Filled in from the environment: what is absent there is absent here, and none of it is repeated in a fault.
const credential = text('a text', `\${VARIABLE}`, (value) => (value === '' ? null : value), true).optional();
const url = (expected: string, example: string, protocol: RegExp) =>
  text(
    expected,
    example,
    (value) =>
      URL.canParse(value) && protocol.test(new URL(value).protocol) ? value.replace(/\/+$/, '') : null,
    true,
  ).optional();
const accountOf = {
  sendgrid: z.strictObject({
    kind: z.literal('sendgrid'),
    apiKey: credential,
    baseUrl: url('an http or https URL', `\${SENDGRID_BASE_URL}`, /^https?:$/),
    webhookPublicKey: text(
      'the verification key that SendGrid shows: base64 of a P-256 public key',
      `\${SENDGRID_WEBHOOK_PUBLIC_KEY}`,
      (value) => (readWebhookKey(value) === null ? null : value),
      true,
    ).optional(),
  }),
  twilio: z.strictObject({
    kind: z.literal('twilio'),
    accountSid: credential,
    authToken: credential,
    baseUrl: url('an http or https URL', `\${TWILIO_BASE_URL}`, /^https?:$/),
    messagingServiceSid: credential,
  }),
  smtp: z.strictObject({
    kind: z.literal('smtp'),
    url: url('a URL that begins with smtp:// or smtps://', `\${SMTP_URL}`, /^smtps?:$/),
  }),
};
const account = z.discriminatedUnion('kind', [accountOf.sendgrid, accountOf.twilio, accountOf.smtp], {
  error: (issue) =>
    issue.code === 'invalid_union' ? say('is none of sendgrid, twilio, smtp', 'sendgrid') : undefined,
});

const pace = z
  .number({ error: () => say('is not a number above 0', '10') })
  .positive(say('is not a number above 0', '10'))
  .max(10_000, say('is more than 10000', '10'))
  .optional();
const smsFrom = text('a number in E.164 or a name of at most 11 letters and digits', 'Wellbe', (value) =>
  /^\+[1-9]\d{6,14}$/.test(value) || (/^[A-Za-z0-9 ]{1,11}$/.test(value) && /[A-Za-z]/.test(value))
    ? value
    : null,
);
const fallback = (example: string) =>
  z
    .array(slug(example))
    .min(1, say('is empty', `[${example}]`))
    .max(5, say('names more than 5 accounts', `[${example}]`))
    .optional();
const streamSenders = z.strictObject({
  email: z
    .strictObject({
      from: email('bokning@example.se'),
      fromName: name('Kliniken').optional(),
      replyTo: email('info@example.se').optional(),
      account: slug('kliniken-email'),
      fallback: fallback('kliniken-email-2'),
      listId: matching('a list id (RFC 2919)', 'nyheter.example.se', /^[a-z0-9.-]{3,200}$/i).optional(),
      perSecond: pace,
    })
    .optional(),
  sms: z
    .strictObject({
      from: smsFrom,
      account: slug('kliniken-sms'),
      fallback: fallback('kliniken-sms-2'),
      perSecond: pace,
      pricePerSegment: z
        .strictObject({
          amount: z.number().positive().max(1_000),
          currency: matching('a currency of three capital letters', 'SEK', /^[A-Z]{3}$/),
        })
        .optional(),
    })
    .optional(),
});

const DAY = 86_400_000;
const mayNameAssessment = PURPOSES.filter((purpose) => RULES[purpose].mayUseLegitimateInterest);
const assessment = z.strictObject({
  assessment: name('LIA 2025-03, https://intranet.example.se/lia-2025-03'),
});
const policy = z
  .strictObject({
    retention: text('a number of months or years', '36 months', parseMonths).default(36),
    caps: z
      .strictObject({
        marketing: z.strictObject({ max: whole(100, '5'), within: duration('7 days') }),
      })
      .transform(({ marketing }) => ({ marketing: { max: marketing.max, withinMs: marketing.within } }))
      .default({ marketing: { max: 5, withinMs: 7 * DAY } }),
    quietHours: hours('21:00-08:00').default({ from: '21:00', to: '08:00' }),
    serviceHours: hours('08:00-20:00').default({ from: '08:00', to: '20:00' }),
    maxEventAge: duration('72h').default(3 * DAY),
    softOptIn: yesOrNo.default(false),
    legitimateInterest: z
      .partialRecord(z.enum(mayNameAssessment as [Purpose, ...Purpose[]]), assessment)
      .default({}),
    showServiceNames: yesOrNo.default(false),
    segmentServices: z
      .union([z.enum(['none', 'all']), z.array(z.string().min(1).max(200)).max(500)], {
        error: () => say('is neither none, all nor a list of services', '[Klippning]'),
      })
      .default('none'),
    unknownAge: z
      .enum(['adult', 'minor'], { error: () => say('is neither adult nor minor', 'adult') })
      .default('adult'),
    minors: z
      .strictObject({ deleteAfter: duration('30d') })
      .transform(({ deleteAfter }) => ({ deleteAfterMs: deleteAfter }))
      .default({ deleteAfterMs: 30 * DAY }),
  })
  .superRefine(({ serviceHours }, context) => {
    if (serviceHours.from < serviceHours.to) return;
    context.addIssue({
      code: 'custom',
      path: ['serviceHours'],
      message: say('ends before it begins: service hours lie within one day', '08:00-20:00'),
    });
  });

const timing = text('a duration or a time before', '24h, 2h before, or 09:00 the day before', parseTiming);
const timings = z.preprocess(
  // One needs no list.
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(timing).min(1, say('is empty', '[1h, 24h]')).max(20, say('has more than 20 times', '[1h, 24h]')),
);

/** The longest warm-up that anybody runs is a matter of weeks. */
const MOST_DAYS = 120;
const domain = matching(
  'a domain in lower case',
  'nyheter.example.se',
  /^(?=.{1,253}$)(?:[\p{Ll}\d](?:[\p{Ll}\d-]{0,61}[\p{Ll}\d])?\.)+[\p{Ll}\d-]{2,63}$/u,
);
const date = text('a date', '2026-12-01', (value) => {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : null;
  return at !== null && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value) ? value : null;
});
const ramp = z.strictObject({
  from: date,
  days: z
    .array(whole(10_000_000, '200'))
    .min(1, say('is empty', '[200, 500, 1000]'))
    .max(MOST_DAYS, say(`has more than ${MOST_DAYS} days`, '[200, 500, 1000]'))
    // What a day has not ended goes on in the next one: that has to have room for it.
    .refine(
      (all) => all.every((count, index) => index === 0 || count >= all[index - 1]!),
      say('falls: no day may send less than the one before it', '[200, 500, 1000]'),
    ),
});

const member = z.strictObject({
  name: name('Anna Svensson'),
  email: email('anna@example.se'),
  phone: text('a phone number in E.164', '"+46701740605"', (value) => {
    const read = value.startsWith('+') ? normalisePhone(value, 'SE') : null;
    return read?.kind === 'good' && read.address === value ? value : null;
  }).optional(),
  roles: z
    .array(z.enum(STAFF_ROLES, { error: () => say(`is none of ${STAFF_ROLES.join(', ')}`, 'marketer') }))
    .min(1),
});

const share = z
  .number({ error: () => say('is not a share from 0 to 1', '0.003') })
  .min(0, say('is not a share from 0 to 1', '0.003'))
  .max(1, say('is not a share from 0 to 1', '0.003'));
const campaigns = z
  .strictObject({
    limits: z.strictObject({
      ...{ complaints: share, bounces: share, errors: share },
      least: whole(1_000_000, '100'),
    }),
  })
  .optional();

const ATTRIBUTE_TYPES = ['string', 'number', 'boolean', 'date'] as const;

/** The schema of one file in `tenants/` (CONTRACTS "A tenant's file"), after `${VARIABLE}`s were filled in. */
export const TenantFile = z.strictObject({
  id: slug('wellbe'),
  name: name('Wellbe'),
  legalName: name('Wellbe AB'),
  email: email('info@example.se'),
  phone: matching('a phone number', '"063-10 20 00"', /^\+?[\d][\d ()-]{4,24}$/),
  address: z.strictObject({
    lines: z.array(name('Prästgatan 31')).min(1, say('is empty', '[Prästgatan 31]')).max(4),
    postalCode: matching('a postal code', '"831 31"', /^[\p{L}\d][\p{L}\d -]{1,11}$/u),
    city: name('Östersund'),
  }),
  country,
  locales: z
    .array(locale)
    .min(1, say('is empty', '[sv, en]'))
    .refine((all) => new Set(all).size === all.length, say('names a language twice', '[sv, en]')),
  timeZone,
  host,
  look: z.strictObject({
    colour: matching('a colour of six hexadecimal digits', '"#2f6f62"', /^#[0-9a-f]{6}$/i),
    logo: matching('a PNG beside this file', 'wellbe.png', /^[\w-][\w.-]*\.png$/).optional(),
  }),
  accounts: z.record(slug('kliniken-email'), account),
  inbound: z.strictObject({ email: email('svar@in.example.se') }).optional(),
  senders: z.strictObject({ service: streamSenders.default({}), marketing: streamSenders.default({}) }),
  ramp: z.record(domain, ramp).default({}),
  policy: policy.default(() => policy.parse({})),
  journeys: z.record(slug('reminder'), z.record(slug('after'), timings)).default({}),
  attributes: z
    .record(
      matching('letters, digits, dashes and underscores', 'memberSince', /^[A-Za-z][\w-]{0,63}$/),
      z.strictObject({
        type: z.enum(ATTRIBUTE_TYPES, {
          error: () => say(`is none of ${ATTRIBUTE_TYPES.join(', ')}`, 'date'),
        }),
      }),
    )
    .default({}),
  webhooks,
  privacy,
  campaigns,
  approval: z.strictObject({ people: z.array(member).default([]) }).default({ people: [] }),
});
export type TenantFile = z.output<typeof TenantFile>;
