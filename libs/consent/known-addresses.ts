import type { AddressKind } from '#purposes/channel';
import type { DigestSet } from './digest-set.js';
import type { HashRing } from './hash-ring.js';

/** Of which addresses of a tenant there is any record: for who asks about a million, of whom few have one. */
export class KnownAddresses {
  constructor(
    private readonly tenant: string,
    private readonly ring: HashRing,
    private readonly recorded: DigestSet,
  ) {}

  /** An address by its hash under the current key, and whether a record names it under any. */
  look(kind: AddressKind, address: string): { digest: string; isRecorded: boolean } {
    const digests = this.ring.digests(kind, address, this.tenant);
    return { digest: digests[0]!, isRecorded: digests.some((digest) => this.recorded.has(digest)) };
  }
}
