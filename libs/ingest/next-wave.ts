import { emailNamed } from './ask-again.js';
import { bookingIdOf, type PersonEvent } from './consider.js';

/**
 * The events of a batch that can be taken together: no two of them are about the same person or booking, name the same
 * email address (what was said on our own page goes over to the first who names it), or are one event told twice, so that each sees what those before it in the batch have written. What waits holds back what comes after it.
 */
export function nextWave<T extends { event: PersonEvent }>(open: readonly T[]): T[] {
  const busy = new Set<string>();
  return open.filter(({ event }) => {
    const about = aboutOf(event);
    const isFree = !about.some((one) => busy.has(one));
    for (const one of about) busy.add(one);
    return isFree;
  });
}

/** By event: what waits is asked about with each wave, and an address takes its time to be brought to its one form. */
const KNOWN = new WeakMap<PersonEvent, readonly string[]>();

/** Whom and what an event is about, each as one text. */
function aboutOf(event: PersonEvent): readonly string[] {
  const known = KNOWN.get(event);
  if (known !== undefined) return known;
  const { tenant, data } = event;
  const booking = bookingIdOf(event);
  const email = emailNamed(event);
  const about = [
    JSON.stringify(['event', tenant, event.id]),
    JSON.stringify(['customer', tenant, data.customer.id]),
    ...(event.type === 'customer.merged.v1' ? [JSON.stringify(['customer', tenant, event.data.into])] : []),
    ...(email === null ? [] : [JSON.stringify(['email', tenant, email])]),
    ...(booking === null ? [] : [JSON.stringify(['booking', tenant, booking])]),
  ];
  KNOWN.set(event, about);
  return about;
}

/** What is taken together is of one tenant. */
export function byTenant<T extends { event: PersonEvent }>(
  items: readonly T[],
): { tenant: string; items: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    groups.set(item.event.tenant, [...(groups.get(item.event.tenant) ?? []), item]);
  }
  return [...groups].map(([tenant, group]) => ({ tenant, items: group }));
}
