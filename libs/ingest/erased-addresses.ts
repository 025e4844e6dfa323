import type { SuppressionStore } from '#consent/suppression.store';
import { normaliseEmail, normalisePhone, type Normalised } from '#purposes/address';
import type { GoneIds } from '#privacy/gone-ids';
import type { Tenant } from '#tenants/tenant';
import { isPast, type PersonEvent } from './consider.js';

/** Which addresses of backfilled or old events belonged to an erased person: those a backfill does not revive. */
export class ErasedAddresses {
  private constructor(
    private readonly erased: ReadonlySet<string>,
    private readonly ids: ReadonlySet<string> = new Set(),
  ) {}

  /** Asks nothing where no event is a backfill or as old as one. */
  static async read(
    suppressions: SuppressionStore,
    gone: GoneIds | null,
    tenant: Tenant,
    events: readonly PersonEvent[],
    now: Date,
  ): Promise<ErasedAddresses> {
    const named = events.flatMap((event) => {
      if (!isPast(event, tenant, now)) return [];
      const { email, phone } = event.data.customer;
      return [
        ...wanted('email', email ? normaliseEmail(email) : null),
        ...wanted('phone', phone ? normalisePhone(phone, tenant.country) : null),
      ];
    });
    const past = events.filter((event) => isPast(event, tenant, now));
    const ids =
      (await gone?.of(
        tenant.id,
        past.map(({ data }) => data.customer.id),
      )) ?? new Set<string>();
    if (named.length === 0) return new ErasedAddresses(new Set(), ids);
    const found = await suppressions.findByAddresses(tenant.id, named);
    return new ErasedAddresses(
      new Set(
        [...found]
          .filter(([, records]) =>
            records.some((one) => one.kind === 'suppressed' && one.cause === 'erasure'),
          )
          .map(([address]) => address),
      ),
      ids,
    );
  }

  has(address: string): boolean {
    return this.erased.has(address);
  }

  /** Whether it is the id of one who was erased so long ago that not even a tombstone is left. */
  hasId(customer: string): boolean {
    return this.ids.has(customer);
  }
}

function wanted(
  kind: 'email' | 'phone',
  read: Normalised | null,
): { kind: 'email' | 'phone'; address: string }[] {
  return read?.kind === 'good' ? [{ kind, address: read.address }] : [];
}
