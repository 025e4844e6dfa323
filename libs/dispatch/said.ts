import { hash } from 'node:crypto';
import type { RenderInput } from '#rendering/rendered';
import type { SharedBody, Sharing } from '#rendering/shared-body';
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

type SaidLinks = Readonly<Record<string, string | undefined>>;
type Host = Pick<Tenant, 'host'>;

/**
 * Tells whether a text is the one that was said, and nothing of what it says. Links and line ends are left out: links are
 * another's to see, and where a line ends depends on them.
 */
export const saidDigest = (ref: string, text: string, links: SaidLinks, tenant: Host): string =>
  digestOf(ref, plainOf(text, links, tenant));

/** What the texts of a body have in common, without links and line ends, and the slots between. */
const plainParts = new WeakMap<SharedBody, { fixed: string; slot: string }[]>();

/** The same digest, of a mail's text that is never written, as many share its body: what they have in common is looked at once. */
export function sharedDigest(
  ref: string,
  { body, substitutions }: Sharing,
  links: SaidLinks,
  tenant: Host,
): string {
  let parts = plainParts.get(body);
  if (parts === undefined) {
    parts = partsOf(body).map(({ fixed, slot }) => ({ fixed: plainOf(fixed, links, tenant), slot }));
    plainParts.set(body, parts);
  }
  let said = '';
  // Nothing that fills a slot has space around it (`substitutionsFor`): part by part is as good as all at once.
  for (const { fixed, slot } of parts)
    said += fixed + (slot === '' ? '' : plainOf(substitutions[slot] ?? '', links, tenant));
  return digestOf(ref, said);
}

/** A body's text, taken apart: what stands before each slot; after the last one no slot follows. */
function partsOf({ text, mark, slots }: SharedBody): { fixed: string; slot: string }[] {
  const size = (slots[0]?.name.length ?? 0) - mark.length;
  const [first = '', ...others] = text.split(mark);
  const fixed = [first, ...others.map((part) => part.slice(size))];
  return fixed.map((part, at) => {
    const next = others[at];
    return { fixed: part, slot: next === undefined ? '' : mark + next.slice(0, size) };
  });
}

function plainOf(text: string, links: SaidLinks, tenant: Host): string {
  let plain = text;
  for (const [name, url] of Object.entries(links)) {
    if (url !== undefined) plain = plain.replaceAll(url, hiddenLink(name, tenant));
  }
  return plain.replace(SPACING, ' ');
}

const digestOf = (ref: string, plain: string): string =>
  hash('sha256', JSON.stringify([ref, plain.trim()]), 'base64url').slice(0, 22);
