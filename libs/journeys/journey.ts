import { z } from 'zod';
import { EVENT_TYPES } from '#events/event';
import { PURPOSES } from '#purposes/purpose';
import { parseTiming, type Timing } from '#tenants/duration';
import type { Tenant } from '#tenants/tenant';

const eventType = z.enum(EVENT_TYPES);

const timing = z.string().transform((text, context) => {
  const parsed = parseTiming(text);
  if (parsed !== null) return parsed;
  context.addIssue({
    code: 'custom',
    message: `expected 24h, 2h before or 09:00 the day before, got ${text}`,
  });
  return z.NEVER;
});

/**
 * A journey, as data: which event starts which message, after how long, and what calls it off. One file a journey in
 * `definitions/`; its steps are the tenant's timings for it (or `now`).
 */
export const journeySchema = z.strictObject({
  journey: z.string().regex(/^[a-z][a-z-]*$/, 'expected a kebab-case word'),
  /** One sentence for people, drawn into docs/journeys.md. */
  about: z.string().min(1),
  purpose: z.enum(PURPOSES),
  /** A folder under `templates/email` and `templates/sms`. */
  template: z.string().min(1),
  /** The template in its place where the person has heard nothing of the booking yet: it overtook what should have come first. */
  opening: z.string().min(1).optional(),
  /** `booking`: one row per generation; `cart`: once per cart and step. */
  subject: z.enum(['booking', 'cart']),
  on: z.array(eventType).min(1),
  off: z.array(eventType).default([]),
  /** `now`, or which list of the tenant's `journeys.<journey>` file section gives the steps, with its default. */
  timing: z.union([
    z.literal('now'),
    z.strictObject({ key: z.string().min(1), default: z.array(timing).min(1) }),
  ]),
  /** What the timings count from. */
  anchor: z.enum(['event', 'startsAt', 'endsAt']).default('event'),
  /** `refuse`: a due time gone by at planning is too late; `send`: it is sent at once while of use. */
  late: z.enum(['refuse', 'send']).default('send'),
  /** After this point of the booking it is of no use any more; `expiry`: only the purpose's own expiry counts. */
  until: z.enum(['startsAt', 'expiry']).default('expiry'),
  /** Keep to the tenant's service hours, moved earlier. */
  hours: z.enum(['service', 'any']).default('any'),
});
export type Journey = z.infer<typeof journeySchema>;

/** When the steps of a journey are due with a tenant, in their order; `now`: at once, and only once. */
export function timingsOf(
  { journey, timing }: Journey,
  tenant: Pick<Tenant, 'journeys'>,
): 'now' | readonly Timing[] {
  return timing === 'now' ? 'now' : (tenant.journeys[journey]?.[timing.key] ?? timing.default);
}
