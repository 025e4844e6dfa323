import { hash } from 'node:crypto';
import type { RenderInput } from '#rendering/rendered';
import type { Tenant } from '#tenants/tenant';

/** What a message was said with, beside its template and the tenant's own facts; which links it had, never where they led. */
export interface SaidFacts {
  person: RenderInput['person'];
  booking: RenderInput['booking'];
  isLast: boolean;
  links: LinkName[];
  now: Date;
}
type LinkName = keyof RenderInput['links'];

/** As a row keeps it: one text, as nothing asks for a part of it. */
export function keptFacts({ person, booking, isLast, links, now }: RenderInput): string {
  // The address is the attendee of an invitation, and stands nowhere else in what is said.
  const { email: _email, ...who } = person;
  const named = Object.entries(links).flatMap(([name, url]) => (url === undefined ? [] : [name]));
  return JSON.stringify({ person: who, booking, isLast: isLast === true, links: named, now });
}

/** What was kept, its times as times. */
export function factsOf(kept: string): SaidFacts {
  const { booking, now, ...rest } = JSON.parse(kept) as Omit<SaidFacts, 'now'> & { now: string };
  const time = (at: Date | string | null): Date | null => (at === null ? null : new Date(at));
  return {
    ...rest,
    now: new Date(now),
    booking: booking && {
      ...booking,
      startsAt: time(booking.startsAt),
      endsAt: time(booking.endsAt),
      previousStartsAt: time(booking.previousStartsAt),
    },
  };
}

/** What stands in place of a link where somebody else reads the message: who has a link may use it. */
export function hiddenLink(name: string, tenant: Pick<Tenant, 'host'>): string {
  return `https://${tenant.host}/link-not-shown/${name}`;
}

/**
 * Tells whether a text is the one that was said, and nothing of what it says. Links and line ends are left out: links are
 * another's to see, and where a line ends depends on them.
 */
export function saidDigest(
  ref: string,
  text: string,
  links: Readonly<Record<string, string | undefined>>,
  tenant: Pick<Tenant, 'host'>,
): string {
  let plain = text;
  for (const [name, url] of Object.entries(links)) {
    if (url !== undefined) plain = plain.replaceAll(url, hiddenLink(name, tenant));
  }
  const said = JSON.stringify([ref, plain.replace(/\s+/g, ' ').trim()]);
  return hash('sha256', said, 'base64url').slice(0, 22);
}
