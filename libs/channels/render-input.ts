import type { Booking } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { RenderInput } from '#rendering/rendered';
import type { Tenant } from '#tenants/tenant';

/** The facts of a message as a template is given them. */
export function renderInput(
  tenant: Tenant,
  { template, isLast }: { template: string; isLast: boolean },
  channel: 'email' | 'sms',
  customer: Pick<Customer, 'name' | 'locale' | 'timeZone' | 'address' | 'email'>,
  booking: Booking | null,
  links: RenderInput['links'],
  now: Date,
): RenderInput {
  return {
    template,
    channel,
    locale: customer.locale,
    tenant: tenantFacts(tenant),
    person: {
      name: customer.name,
      timeZone: customer.timeZone,
      country: customer.address?.country ?? null,
      email: customer.email,
    },
    booking:
      booking === null
        ? null
        : {
            id: booking.booking,
            service: booking.service ?? '',
            startsAt: booking.startsAt,
            endsAt: booking.endsAt,
            timeZone: booking.timeZone,
            location: booking.location,
            practitioner: booking.practitioner,
            price:
              booking.price === null
                ? null
                : { amount: String(booking.price.amount), currency: booking.price.currency },
            url: booking.url,
            previousStartsAt: booking.previousStartsAt,
            sequence: booking.sequence,
            status: booking.status,
            cancelReason: booking.cancelReason,
          },
    links,
    isLast,
    now,
  };
}

/** What a template may say of the tenant. */
export function tenantFacts(tenant: Tenant): RenderInput['tenant'] {
  return {
    id: tenant.id,
    name: tenant.name,
    legalName: tenant.legalName,
    email: tenant.email,
    phone: tenant.phone,
    addressLines: [...tenant.address.lines, `${tenant.address.postalCode} ${tenant.address.city}`],
    country: tenant.country,
    host: tenant.host,
    locales: tenant.locales,
    timeZone: tenant.timeZone,
    colour: tenant.look.colour,
    logo: tenant.look.logo,
    showServiceNames: tenant.policy.showServiceNames,
  };
}
