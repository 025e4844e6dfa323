import { withCorrection, type Correction } from '#customers/correction';
import { CORRECTABLE, type CorrectableField, type Customer } from '#customers/customer.types';
import type { Clock } from '#platform/clock';
import { maskCardsDeep } from '#platform/masking';
import { RULES } from '#purposes/purposes';
import type { Effect, Withdraw } from './withdraw.js';

export type Rectified =
  | { kind: 'rectified'; customer: Customer; fields: CorrectableField[] }
  | { kind: 'unknown' }
  | { kind: 'erased' }
  /** What it was to be changed from is not there any more. */
  | { kind: 'changed' };

/** What was decided on an address or an age that was wrong must not be sent. */
const DECIDES: readonly CorrectableField[] = ['email', 'phone', 'birthDate'];

/**
 * Corrects facts about a person (GDPR 16), by PROTOCOL B: after the answer no call begins that was decided on what was
 * wrong. Choices are the person's and stay; a soft opt-in was met for the address that it names, and stays with that. The
 * booking system is not told by us: until it has heard, its events cannot bring back what was corrected (correction.ts).
 */
export class Rectify {
  constructor(
    private readonly withdraw: Withdraw,
    private readonly clock: Clock,
  ) {}

  async rectify(
    tenant: string,
    customer: string,
    told: Correction,
    { onlyAt }: { onlyAt?: ((current: Customer) => boolean) | undefined } = {},
  ): Promise<Rectified> {
    const facts = maskCardsDeep(told).value;
    const named = CORRECTABLE.filter((field) => facts[field] !== undefined);
    const stopped: { by: 'erased' | 'changed' | null } = { by: null };
    const after = await this.withdraw.change(
      tenant,
      customer,
      (before) => {
        stopped.by = before.erasedAt !== null ? 'erased' : onlyAt?.(before) === false ? 'changed' : null;
        return stopped.by === null ? withCorrection(before, facts, this.clock.now()) : before;
      },
      effectOf(named),
    );
    if (after === null) return { kind: 'unknown' };
    return stopped.by === null ? { kind: 'rectified', customer: after, fields: named } : { kind: stopped.by };
  }
}

/** No row ends: each is asked about again with what is right now. */
function effectOf(fields: readonly CorrectableField[]): Effect {
  const decides = fields.some((field) => DECIDES.includes(field));
  return { ends: () => null, concerns: (row) => decides && RULES[row.purpose].basis !== 'legal-duty' };
}
