import type { SuppressionStore } from '#consent/suppression.store';
import { normaliseEmail, normalisePhone, type Normalised } from '#purposes/address';
import type { Tenant } from '#tenants/tenant';
import { isPast, type PersonEvent } from './consider.js';

/** Which addresses of backfilled or old events belonged to an erased person: those a backfill does not revive. */
export class ErasedAddresses {
  private constructor(private readonly erased: ReadonlySet<string>) {}

  /** Asks nothing where no event is a backfill or as old as one. */
  static async read(
    suppressions: SuppressionStore,
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
    if (named.length === 0) return new ErasedAddresses(new Set());
    const found = await suppressions.findByAddresses(tenant.id, named);
    return new ErasedAddresses(
      new Set(
        [...found]
          .filter(([, records]) =>
            records.some((one) => one.kind === 'suppressed' && one.cause === 'erasure'),
          )
          .map(([address]) => address),
      ),
    );
  }

  has(address: string): boolean {
    return this.erased.has(address);
  }
}

function wanted(
  kind: 'email' | 'phone',
  read: Normalised | null,
): { kind: 'email' | 'phone'; address: string }[] {
  return read?.kind === 'good' ? [{ kind, address: read.address }] : [];
}
