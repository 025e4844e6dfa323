import type { Customer } from '#customers/customer.types';
import type { Clock } from '#platform/clock';
import { RULES } from '#purposes/purposes';
import type { Withdraw } from './withdraw.js';

/**
 * Restriction of processing (GDPR 18): nothing but a legal duty is sent until it is lifted. Planned messages stay and
 * are refused when their time comes, so that lifting it in time lets them go. `null`: nobody is known by this id.
 */
export class Restrict {
  constructor(
    private readonly withdraw: Withdraw,
    private readonly clock: Clock,
  ) {}

  async restrict(tenant: string, customer: string): Promise<Customer | null> {
    return this.withdraw.change(
      tenant,
      customer,
      (before) => ({ ...before, restrictedAt: before.restrictedAt ?? this.clock.now() }),
      { ends: () => null, concerns: (row) => RULES[row.purpose].basis !== 'legal-duty' },
    );
  }

  async unrestrict(tenant: string, customer: string): Promise<Customer | null> {
    return this.withdraw.change(tenant, customer, (before) => ({ ...before, restrictedAt: null }), {
      ends: () => null,
      concerns: () => false,
    });
  }
}
