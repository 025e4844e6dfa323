import { DateTime } from 'luxon';
import type { Campaign } from '#campaigns/campaign.types';
import { RULES } from '#purposes/purposes';
import { domainOf, type Ramp, type Tenant } from '#tenants/tenant';

/** A sending domain that is warmed up, and by whose clock its days go. */
export interface RampedDomain {
  tenant: string;
  domain: string;
  ramp: Ramp;
  zone: string;
}

/** The domain from which a campaign's mails go, where the tenant warms it up; null: no day bounds it. */
export function rampedDomain(
  tenant: Tenant | undefined,
  { channel, purpose }: Pick<Campaign, 'channel' | 'purpose'>,
): RampedDomain | null {
  const from = channel === 'email' ? tenant?.senders[RULES[purpose].stream].email?.from : undefined;
  return from === undefined ? null : rampOf(tenant, domainOf(from));
}

/** How a tenant warms up a domain; null: it does not. */
export function rampOf(tenant: Tenant | undefined, domain: string): RampedDomain | null {
  if (tenant === undefined) return null;
  const ramp = Object.hasOwn(tenant.ramp ?? {}, domain) ? tenant.ramp?.[domain] : undefined;
  return ramp === undefined ? null : { tenant: tenant.id, domain, ramp, zone: tenant.timeZone };
}

/** The day on a zone's calendar, `2026-12-01`. */
export const dayIn = (zone: string, at: Date): string => DateTime.fromJSDate(at, { zone }).toISODate()!;

/** When a domain's next day begins; before its ramp: the first day of that. */
export function nextDay({ ramp, zone }: RampedDomain, at: Date): Date {
  const first = DateTime.fromISO(ramp.from, { zone }).startOf('day').toJSDate();
  return first > at ? first : DateTime.fromJSDate(at, { zone }).plus({ days: 1 }).startOf('day').toJSDate();
}

/** How many mails of campaigns a domain may send on a day: none before the ramp, any number (null) after it. */
export function boundOn({ from, days }: Ramp, day: string): number | null {
  const index = DateTime.fromISO(day, { zone: 'utc' }).diff(
    DateTime.fromISO(from, { zone: 'utc' }),
    'days',
  ).days;
  return index < 0 ? 0 : (days[index] ?? null);
}
