import type { AddressKind } from '#purposes/channel';
import { Hmac } from './hmac.js';

/** An address as it is kept: which key made the hash, and the hash. */
export interface HashedAddress {
  keyId: string;
  hash: string;
}

/** What is kept as a hash only. */
type HashedKind = AddressKind | 'person' | 'network';

/** 128 bits: short enough to stand whole in a link, long enough that two addresses never share one. */
export const HASH_BYTES = 16;

/** As many as the passes under way ask about, each several times: suppressions, doubles, the claim, two links. */
const MOST_KNOWN = 4_096;

/**
 * The keys under which suppressed addresses are hashed. Append-only: new records take the current key, a look-up asks
 * under every key, since an old hash cannot be made again under a new one.
 */
export class HashRing {
  readonly ids: readonly string[];
  private readonly hmacs: readonly Hmac[];
  /** What was hashed lately: a hash takes longer than finding it again. */
  private readonly known = new Map<string, readonly HashedAddress[]>();

  /** @param keys the first is the current one */
  constructor(keys: readonly { id: string; key: Buffer }[]) {
    this.ids = keys.map((key) => key.id);
    this.hmacs = keys.map(({ key }) => new Hmac(key));
    if (keys.length === 0) throw new Error('a hash ring needs a key');
    if (new Set(this.ids).size < keys.length) throw new Error('a hash ring names each key once');
  }

  /** The hash for a new record. The tenant is part of it: one tenant's records tell nothing about another's. */
  current(kind: AddressKind, address: string, tenant: string): Readonly<HashedAddress> {
    return this.every(kind, address, tenant)[0]!;
  }

  /**
   * The hashes by which an address (or, for the journal of choices, a person, and for counts of forms, a network) may be
   * known.
   */
  every(kind: HashedKind, address: string, tenant: string): readonly Readonly<HashedAddress>[] {
    const said = saidOf(kind, address, tenant);
    let all = this.known.get(said);
    if (all === undefined) {
      all = this.digested(said).map((digest, index) => ({
        keyId: this.ids[index]!,
        hash: Buffer.from(digest, 'latin1').toString('base64url'),
      }));
      if (this.known.size >= MOST_KNOWN) this.known.clear();
      this.known.set(said, all);
    }
    return all;
  }

  /**
   * The same, a character for each byte (latin1), in the order of `ids`: for who compares a million and writes none. A
   * text is collected at half the cost of a buffer.
   */
  digests(kind: HashedKind, address: string, tenant: string): string[] {
    return this.digested(saidOf(kind, address, tenant));
  }

  private digested(said: string): string[] {
    return this.hmacs.map((hmac) => hmac.of(said).slice(0, HASH_BYTES));
  }

  /** Whether a hash that was kept, under whichever key, is this address's. */
  isOf({ keyId, hash }: HashedAddress, kind: AddressKind, address: string, tenant: string): boolean {
    return this.every(kind, address, tenant).some((one) => one.keyId === keyId && one.hash === hash);
  }

  /** The key ids that are named somewhere and lacking here: while there is one, the gate stays closed. */
  missing(used: readonly string[]): string[] {
    return used.filter((id) => !this.ids.includes(id));
  }
}

const saidOf = (kind: HashedKind, address: string, tenant: string): string =>
  JSON.stringify([tenant, kind, address]);

/**
 * The database names a hash key that this process lacks, so that an address might be suppressed unseen: its gate is
 * closed until it has the key (PROTOCOL F4). Nothing is refused or lost meanwhile.
 */
export class MissingHashKey extends Error {
  override readonly name = 'MissingHashKey';

  constructor(readonly keyIds: readonly string[]) {
    super(`LAGOM_HASH_KEY lacks ${keyIds.join(', ')}, which the database names`);
  }
}

/** Told by its name: realms break `instanceof`. */
export function isMissingHashKey(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'MissingHashKey';
}
