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

/** As a row keeps it: one text, as nothing asks for a part of it, its times in milliseconds, which are quickly written. */
export function keptFacts({ person, booking, isLast, links, now }: RenderInput): string {
  return JSON.stringify({
    // The address is the attendee of an invitation, and stands nowhere else in what is said.
    person: { ...person, email: undefined },
    booking: booking && {
      ...booking,
      startsAt: booking.startsAt?.getTime() ?? null,
      endsAt: booking.endsAt?.getTime() ?? null,
      previousStartsAt: booking.previousStartsAt?.getTime() ?? null,
    },
    isLast: isLast === true,
    links: (Object.keys(links) as LinkName[]).filter((name) => links[name] !== undefined),
    now: now.getTime(),
  });
}

/** What was kept, its times as times; an earlier version kept them as texts. */
export function factsOf(kept: string): SaidFacts {
  const { booking, now, ...rest } = JSON.parse(kept) as Omit<SaidFacts, 'now'> & { now: number | string };
  const time = (at: Date | number | string | null): Date | null => (at === null ? null : new Date(at));
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

/** Whatever is not one plain space already, as most of a text's are. */
const SPACING = /\s{2,}|[^\S ]/g;

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
  const said = JSON.stringify([ref, plain.replace(SPACING, ' ').trim()]);
  return hash('sha256', said, 'base64url').slice(0, 22);
}
