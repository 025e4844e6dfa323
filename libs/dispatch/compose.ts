import { envelopeFor } from '#channels/envelope';
import type { Envelope } from '#channels/outcome';
import type { Booking } from '#customers/booking.types';
import type { Customer } from '#customers/customer.types';
import type { RenderInput } from '#rendering/rendered';
import type { Templates } from '#rendering/templates';
import type { Tenant } from '#tenants/tenant';
import type { Decided } from './decide.js';
import type { MessageLinks } from './links.js';
import type { Standing } from './standings.js';

export type Permitted = Extract<Decided, { kind: 'send' }>;

export interface Composed {
  permitted: Permitted;
  envelope: Envelope;
  content: { template: string; version: string; locale: string };
}

/** Renders what the gate permitted; what would leave a gap is `invalid`, by name. */
export function compose(
  templates: Templates,
  tenant: Tenant,
  permitted: Permitted,
  links: MessageLinks,
  standing: Standing,
  now: Date,
): { kind: 'composed'; composed: Composed } | { kind: 'invalid'; problem: string } {
  const { row, channel, address, ref, customer, booking } = permitted;
  if (channel !== 'email' && channel !== 'sms')
    return { kind: 'invalid', problem: `no template for ${channel}` };
  const result = templates.render(renderInput(tenant, standing, channel, customer, booking, links, now));
  if (result.kind === 'invalid') return result;
  const { template, version, locale } = result.content;
  return {
    kind: 'composed',
    composed: {
      permitted,
      content: { template, version, locale },
      envelope: envelopeFor({
        tenant,
        row: { id: row._id, ref, purpose: row.purpose, channel },
        rendered: result.content,
        links,
        to: address,
        account: permitted.account ?? undefined,
      }),
    },
  };
}

/** The facts of a message as a template is given them. */
export function renderInput(
  tenant: Tenant,
  { template, isLast }: Standing,
  channel: 'email' | 'sms',
  customer: Customer,
  booking: Booking | null,
  links: MessageLinks,
  now: Date,
): RenderInput {
  return {
    template,
    channel,
    locale: customer.locale,
    tenant: {
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
    },
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
