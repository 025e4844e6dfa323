import type { HashRing } from '#consent/hash-ring';
import { personHashes } from './choice-journal.js';
import type { ErasureStore } from './erasure.store.js';

/** Which ids were erased, once nothing of them is left but a keyed hash: a backfill must not bring them back. */
export class GoneIds {
  constructor(
    private readonly erasures: Pick<ErasureStore, 'findGone'>,
    private readonly ring: HashRing,
  ) {}

  async of(tenant: string, customers: readonly string[]): Promise<Set<string>> {
    const hashes = customers.flatMap((customer) =>
      personHashes(this.ring, tenant, customer).map((hashed) => ({ customer, hashed })),
    );
    const gone = await this.erasures.findGone(
      tenant,
      hashes.map(({ hashed }) => hashed),
    );
    return new Set(hashes.flatMap(({ customer, hashed }) => (gone.has(hashed.hash) ? [customer] : [])));
  }
}
