import { normaliseEmail, normalisePhone } from '#purposes/address';
import type { Staff, Tenant } from './tenant.js';

/** Who of `approval.people` in the tenant's file has this address, in whatever form; null: nobody. */
export function staffOf(
  { approval }: Pick<Tenant, 'approval'>,
  asked: string,
): (Staff & { address: string }) | null {
  const wanted = normaliseEmail(asked);
  if (wanted.kind === 'bad') return null;
  const found = approval.people.find(({ email }) => {
    const own = normaliseEmail(email);
    return own.kind === 'good' && own.address === wanted.address;
  });
  return found === undefined ? null : { ...found, address: wanted.address };
}

/** The same by their number: one without a country is read as one of the tenant's. */
export function staffByNumber(
  { approval, country }: Pick<Tenant, 'approval' | 'country'>,
  asked: string,
): (Staff & { address: string }) | null {
  const wanted = normalisePhone(asked, country);
  if (wanted.kind === 'bad') return null;
  const found = approval.people.find(({ phone }) => phone === wanted.address);
  return found === undefined ? null : { ...found, address: wanted.address };
}
