import type { Suppression } from '#consent/suppression';
import type { SuppressionStore } from '#consent/suppression.store';
import { addressKey } from '#purposes/address';
import { suppressionEffect, type Settling } from '#privacy/effect';
import type { Withdraw } from '#privacy/withdraw';
import type { Tenant } from '#tenants/tenant';
import type { SpooledRow, SuppressionDefaults, Taken } from './import.types.js';
import { readSuppressionRow, type SuppressionRow } from './suppression-row.js';
import type { TakeOptions } from './take-customers.js';

type Said = SuppressionRow['suppressions'][number];

/**
 * Takes rows of suppressions (PROTOCOL B): the records first, as keyed hashes, then every holder of the addresses and
 * what is planned for them. They hold when it answers. One that is known already, under whichever key, changes nothing.
 */
export class TakeSuppressions {
  constructor(
    private readonly suppressions: SuppressionStore,
    private readonly withdraw: Withdraw,
  ) {}

  async take(
    tenant: Tenant,
    rows: readonly SpooledRow[],
    { now, since, dryRun, again }: TakeOptions,
    defaults: SuppressionDefaults,
  ): Promise<Taken[]> {
    const done: Taken[] = [];
    const read: { row: SpooledRow; said: Said[] }[] = [];
    for (const row of rows) {
      const one =
        'faults' in row
          ? ({ kind: 'refused', faults: row.faults } as const)
          : readSuppressionRow(row.data, { tenant, now }, defaults);
      if (one.kind === 'row') read.push({ row, said: one.value.suppressions });
      else done.push({ row, outcome: 'refused', faults: one.faults });
    }
    const all = read.flatMap(({ said }) => said);
    const known = await this.known(tenant, all);
    const fresh: Said[] = [];
    for (const { row, said } of read) {
      const missing = said.filter((one) => !known.has(keyOf(one)));
      for (const one of missing) known.add(keyOf(one));
      fresh.push(...missing);
      done.push({ row, outcome: missing.length > 0 ? 'created' : 'unchanged' });
    }
    if (dryRun) return done;
    await this.suppressions.suppress(
      tenant.id,
      fresh.map(({ at, ...said }) => ({ ...said, at: at ?? since, recordedAt: now })),
    );
    await this.withdraw.settleAll(tenant.id, settlings(again ? all : fresh));
    return done;
  }

  private async known(tenant: Tenant, all: readonly Said[]): Promise<Set<string>> {
    const found = await this.suppressions.findByAddresses(tenant.id, all);
    return new Set(
      all.flatMap((one) =>
        (found.get(one.address) ?? []).some((kept) => says(kept, one)) ? [keyOf(one)] : [],
      ),
    );
  }
}

const keyOf = ({ kind, address, channel, scope, cause }: Said): string =>
  [addressKey(kind, address), channel, scope, cause].join('/');

/** A STOP that came after the one that is known counts anew: its person may have taken that one back. */
const says = (kept: Suppression, { channel, scope, cause, at }: Said): boolean =>
  kept.kind === 'suppressed' &&
  kept.channel === channel &&
  kept.scope === scope &&
  kept.cause === cause &&
  (cause !== 'stop' || at === null || kept.at >= at);

/** Those that mean the same are one change. */
function settlings(said: readonly Said[]): Settling[] {
  const groups = new Map<string, Said[]>();
  for (const one of said) {
    const key = `${one.channel}/${one.scope}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => ({
    written: [],
    effect: suppressionEffect(group[0]!),
    addresses: group.map(({ kind, address }) => ({ kind, address })),
  }));
}
