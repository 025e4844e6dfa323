import { Duration } from 'luxon';
import { z } from 'zod';
import { toInstant } from '#events/formats';
import type { Purpose } from '#purposes/purpose';
import { localeInput } from './locale-input.js';
import { nameInput } from './name-input.js';

/** What a campaign may be for: what can be said no to, and is said to many. */
export const CAMPAIGN_PURPOSES = [
  'newsletter',
  'offers',
  'news',
  'inspiration',
  'benefits',
  'recommendations',
  'market-research',
  'survey',
] as const satisfies readonly Purpose[];

const whole = (least: number, most: number) => {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.int(error).min(least, error).max(most, error);
};
const share = z
  .number('expected a share from 0 to 1')
  .min(0, 'expected a share from 0 to 1')
  .max(1, 'expected a share from 0 to 1');

const variant = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Z]$/, 'expected a capital letter')
    .optional(),
  template: z
    .string('expected the id of a template')
    .regex(/^t-[a-z0-9]{1,40}$/, 'expected the id of a template'),
  version: whole(1, 1_000_000),
  weight: whole(1, 100).default(1),
});
const variants = z
  .array(variant, 'expected a list of variants')
  .max(4, 'expected at most 4 variants')
  .transform((all) => all.map((one, index) => ({ ...one, name: one.name ?? 'ABCD'.charAt(index) })))
  .refine(
    (all) => new Set(all.map((one) => one.name)).size === all.length,
    'expected variants of different names',
  );

/** What stands in an address is read by whoever looks over a shoulder, and kept by whoever it leads to. */
const UTM = 'expected 1 to 100 letters, digits, spaces or any of . _ ~ + -';
const utmValue = z
  .string(UTM)
  .trim()
  .min(1, UTM)
  .max(100, UTM)
  .refine((value) => !/[{}]/.test(value), 'holds a variable: it is the same for everybody')
  .refine((value) => !namesSomebody(value), 'looks like an address or a number of somebody')
  .refine((value) => /^[\p{L}\p{N} ._~+-]*$/u.test(value) || /[{}@]/.test(value), UTM);
const utm = z
  .strictObject(
    { source: utmValue, medium: utmValue, campaign: utmValue, content: utmValue.optional() },
    'expected source, medium, campaign and perhaps content',
  )
  .nullable();

/** An e-mail address, a phone or personal number; a date is none. */
const namesSomebody = (value: string): boolean =>
  value.includes('@') || (/^[+\d][\d .+-]{6,}$/.test(value) && !/^\d{4}-\d{2}(?:-\d{2})?$/.test(value));

const AFTER = 'expected an ISO 8601 duration from a minute to 30 days, as in PT4H';
const duration = z.string(AFTER).refine((text) => {
  const ms = Duration.fromISO(text).toMillis();
  return ms >= 60_000 && ms <= 30 * 86_400_000;
}, AFTER);

const plan = {
  name: nameInput,
  purpose: z.enum(CAMPAIGN_PURPOSES, { error: `expected one of ${CAMPAIGN_PURPOSES.join(', ')}` }),
  channel: z.enum(['email', 'sms'], { error: 'expected email or sms' }),
  segment: z
    .string('expected the id of a segment')
    .regex(/^s-[a-z0-9]{1,40}$/, 'expected the id of a segment')
    .nullable(),
  variants,
  holdOut: whole(0, 50),
  testShare: whole(1, 100),
  winnerRule: z
    .strictObject({
      by: z.enum(['clicks', 'bookings'], { error: 'expected clicks or bookings' }),
      after: duration,
      least: whole(1, 1_000_000).default(100),
    })
    .nullable(),
  graceMinutes: whole(0, 24 * 60),
  pace: z.strictObject({ perHour: whole(1, 1_000_000) }, 'expected perHour, or null for at once').nullable(),
  utm,
  limits: z.strictObject({ complaints: share, bounces: share, errors: share, least: whole(1, 1_000_000) }),
};

export const planBody = z.strictObject({
  ...plan,
  segment: plan.segment.default(null),
  variants: variants.default([]),
  holdOut: plan.holdOut.default(0),
  testShare: plan.testShare.default(100),
  winnerRule: plan.winnerRule.default(null),
  graceMinutes: plan.graceMinutes.default(0),
  pace: plan.pace.default(null),
  limits: plan.limits.optional(),
  utm: plan.utm.default(null),
});
/** What is absent stays. */
export const planChanges = z
  .strictObject(plan)
  .partial()
  .transform((changes) =>
    Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  );

const TIME = 'expected a local time without a zone, like 2026-12-01T09:00';
export const scheduleBody = z.strictObject({
  at: z
    .string(TIME)
    .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/, TIME)
    .refine((text) => toInstant(`${text}:00Z`) !== null, 'is no day or hour of the calendar, from 1970 on')
    .nullable()
    .default(null),
  zone: z.enum(['recipient', 'tenant'], { error: 'expected recipient or tenant' }).default('tenant'),
  ifPassed: z
    .enum(['send', 'next-day', 'skip'], { error: 'expected send, next-day or skip' })
    .default('send'),
});

const REASON = 'expected a reason of 1 to 500 characters';
export const reasonBody = z.strictObject({ reason: z.string(REASON).trim().min(1, REASON).max(500, REASON) });
export const pauseBody = reasonBody.partial();

const VARIANT = 'expected the name of one of its variants';
export const winnerBody = z.strictObject({ variant: z.string(VARIANT).min(1, VARIANT).max(20, VARIANT) });

const TO = 'expected a list of 1 to 10 addresses or numbers of staff';
export const testBody = z.strictObject({
  to: z.array(z.string('expected an address or a number'), TO).min(1, TO).max(10, TO),
  locale: localeInput.optional(),
});
