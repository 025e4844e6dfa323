import type { CustomerPart } from '#events/event';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import { withoutCorrected } from './correction.js';
import { newCustomer, type Customer } from './customer.types.js';
import { isSame, isStale, type Generation } from '#events/generation';

export interface CustomerContext {
  tenant: string;
  /** ISO 3166-1 alpha-2: how a phone number without a country code is read. */
  country: string;
  now: Date;
  /** The attributes that the tenant's file declares; others are kept out. */
  attributes: Readonly<Record<string, { type: 'string' | 'number' | 'boolean' | 'date' }>>;
  /** Addresses that must not come back: a backfill never revives an erased one. */
  isErasedAddress?: (address: string) => boolean;
}

export type Applied =
  /** The event is older than the erasure, or a backfill would revive the person: nothing of it is taken. */
  | { kind: 'erased' }
  | {
      kind: 'applied';
      after: Customer;
      /** The facts were older than those known, and were left alone. */
      stale: boolean;
      /** An address or the age changed: what was decided on the old ones must not be sent (PROTOCOL B). */
      concerns: boolean;
      warnings: { path: string; detail: string }[];
    };

/**
 * The customer after an event, guarded by generation and by erasure. Absent fields stay, `null` clears. Choices are not
 * taken here: the version guards facts only.
 */
export function applyCustomer(
  known: Customer | null,
  told: CustomerPart,
  gen: Generation,
  /** A backfill, or older than the tenant's `maxEventAge`: it revives nobody. */
  past: boolean,
  context: CustomerContext,
): Applied {
  const erased = known?.erasedAt ?? known?.erasedBefore ?? null;
  if (erased !== null && gen.time.getTime() <= erased.getTime()) return { kind: 'erased' };
  if (known?.erasedAt && past) return { kind: 'erased' };
  const fresh = newCustomer(context.tenant, told.id, context.now);
  const before =
    known === null
      ? fresh
      : known.erasedAt
        ? { ...fresh, rev: known.rev, sends: known.sends, erasedBefore: known.erasedAt }
        : known;
  if (isStale(gen, before.gen)) {
    return { kind: 'applied', after: before, stale: true, concerns: false, warnings: [] };
  }
  const { part, corrected } = withoutCorrected(before, told, context.country);
  const warnings: { path: string; detail: string }[] = [];
  const email = address('email', part.email, before.email);
  const phone = address('phone', part.phone, before.phone);
  const after: Customer = {
    ...before,
    gen,
    email,
    phone,
    name: taken(part.name, before.name),
    // What the person told us themselves stands before what the booking system guesses.
    locale: before.localeChosenAt ? before.locale : taken(part.locale, before.locale),
    timeZone: taken(part.timeZone, before.timeZone),
    birthDate: taken(part.birthDate, before.birthDate),
    guardianConsent:
      part.guardianConsent === undefined || part.guardianConsent === null
        ? taken(part.guardianConsent, before.guardianConsent)
        : { ...part.guardianConsent, evidence: part.guardianConsent.evidence ?? null },
    address: taken(part.address, before.address),
    devices: taken(part.devices, before.devices) ?? [],
    ...(corrected === undefined ? {} : { corrected }),
    attributes: part.attributes === null ? {} : attributes(part.attributes ?? {}),
    updatedAt: isSame(gen, before.gen) ? before.updatedAt : context.now,
  };
  // Heard again after a crash, it cannot be told what had been changed: then all that was named may have.
  const named = [part.email, part.phone, part.birthDate, part.guardianConsent].some(
    (fact) => fact !== undefined,
  );
  const concerns =
    known !== null &&
    ((isSame(gen, before.gen) && gen.event === before.gen?.event && named) ||
      after.email !== before.email ||
      after.phone !== before.phone ||
      after.birthDate !== before.birthDate ||
      after.guardianConsent?.at.getTime() !== before.guardianConsent?.at.getTime());
  return { kind: 'applied', after, stale: false, concerns, warnings };

  function attributes(
    told: Readonly<Record<string, string | number | boolean | null | undefined>>,
  ): Customer['attributes'] {
    const next = { ...before.attributes };
    for (const [name, value] of Object.entries(told)) {
      const declared = context.attributes[name];
      const fits =
        declared && (declared.type === 'date' ? typeof value === 'string' : typeof value === declared.type);
      if (value === null) delete next[name];
      else if (fits && value !== undefined) next[name] = value;
      else {
        warnings.push({
          path: `data.customer.attributes.${name}`,
          detail: declared
            ? `expected ${declared.type}; kept out`
            : "not declared in the tenant's file; kept out",
        });
      }
    }
    return next;
  }

  function address(
    kind: 'email' | 'phone',
    told: string | null | undefined,
    old: string | null,
  ): string | null {
    if (told === undefined || told === null) return taken(told, old);
    const read = kind === 'email' ? normaliseEmail(told) : normalisePhone(told, context.country);
    if (read.kind === 'bad') {
      warnings.push({
        path: `data.customer.${kind}`,
        detail: `${read.reason}; kept out, and the one before is cleared`,
      });
      return null;
    }
    if (read.address === old) return old;
    if (context.isErasedAddress?.(read.address) === true) {
      warnings.push({
        path: `data.customer.${kind}`,
        detail: 'a backfill does not revive an erased address; kept out',
      });
      return old;
    }
    return read.address;
  }
}

/** Absent = unchanged, `null` = cleared. */
export function taken<T>(told: T | null | undefined, old: T | null): T | null {
  return told === undefined ? old : told;
}
