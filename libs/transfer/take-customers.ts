import type { SuppressionStore } from '#consent/suppression.store';
import { applyCustomer } from '#customers/apply-customer';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import { addressKey } from '#purposes/address';
import { isMinorOn } from '#purposes/age';
import type { Effect, Withdraw } from '#privacy/withdraw';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';
import { readCustomerRow, type CustomerRow } from './customer-row.js';
import type { RowFault, SpooledRow, Taken } from './import.types.js';

/** How often a customer that others write meanwhile is tried again. */
const TRIES = 20;

/** How a batch is taken. */
export interface TakeOptions {
  now: Date;
  /** When the import was asked for: what a row without a time counts from. */
  since: Date;
  /** Nothing is written. */
  dryRun: boolean;
  /** The batch may have been taken by a process that died: what was written is settled again. */
  again: boolean;
}

/** A changed address or age: nothing ends, all that is planned is asked about again. */
const ASKED_AGAIN: Effect = {
  ends: () => null,
  concerns: (row) => RULES[row.purpose].basis !== 'legal-duty',
};

interface Row {
  spooled: SpooledRow;
  value: CustomerRow;
  warnings: string[];
}

/** What is known of one person, and what the rows of a batch make of it. */
interface State {
  before: Customer | null;
  after: Customer | null;
  concerns: boolean;
  taken: Taken[];
}

/**
 * Takes rows of customers, as a backfill of events is taken: guarded by version, never reviving an erased person or
 * address, changing no choice. Idempotent; a crash between write and settling is mended by taking the batch again.
 */
export class TakeCustomers {
  constructor(
    private readonly customers: CustomerStore,
    private readonly suppressions: SuppressionStore,
    private readonly withdraw: Withdraw,
  ) {}

  async take(tenant: Tenant, rows: readonly SpooledRow[], options: TakeOptions): Promise<Taken[]> {
    const done: Taken[] = [];
    let open: Row[] = [];
    for (const spooled of rows) {
      if ('faults' in spooled) {
        done.push({ row: spooled, outcome: 'refused', faults: spooled.faults });
        continue;
      }
      const read = readCustomerRow(spooled.data, { tenant, now: options.now });
      if (read.kind === 'row') open.push({ spooled, value: read.value, warnings: read.warnings });
      else done.push({ row: spooled, outcome: 'refused', faults: read.faults });
    }
    const erased = await this.erasedAmong(tenant, open);
    for (let tries = 0; open.length > 0; tries += 1) {
      if (tries >= TRIES) throw new Error(`customers were written by others ${TRIES} times in a row`);
      const states = await this.consider(tenant, open, erased, options);
      const lost = options.dryRun ? new Set<string>() : await this.write(tenant, states, options);
      for (const [id, { taken }] of states) if (!lost.has(id)) done.push(...taken);
      open = open.filter(({ value }) => lost.has(value.part.id));
    }
    return done;
  }

  private async consider(
    tenant: Tenant,
    rows: readonly Row[],
    erased: ReadonlySet<string>,
    { now }: TakeOptions,
  ): Promise<Map<string, State>> {
    const known = await this.customers.findMany(
      tenant.id,
      rows.map(({ value }) => value.part.id),
    );
    const states = new Map<string, State>();
    for (const row of rows) {
      const { id } = row.value.part;
      let state = states.get(id);
      if (state === undefined) {
        const before = known.get(id) ?? null;
        state = { before, after: before, concerns: false, taken: [] };
        states.set(id, state);
      }
      state.taken.push(this.apply(row, state, tenant, erased, now));
    }
    return states;
  }

  private apply(
    { spooled, value, warnings }: Row,
    state: State,
    tenant: Tenant,
    erased: ReadonlySet<string>,
    now: Date,
  ): Taken {
    const refused = (...faults: RowFault[]): Taken => ({ row: spooled, outcome: 'refused', faults });
    const before = state.after;
    if (before !== null && before.customer !== value.part.id) {
      return { row: spooled, outcome: 'older', warnings: [MERGED] };
    }
    const isErased = value.addresses.find(({ kind, address }) => erased.has(addressKey(kind, address)));
    if (before === null && isErased !== undefined) return refused(erasedFault(isErased.kind));
    const grown = grownUp(before, value, now);
    if (grown !== null) return refused(grown);
    const applied = applyCustomer(before, value.part, value.gen, true, {
      tenant: tenant.id,
      country: tenant.country,
      attributes: tenant.attributes,
      now,
      isErasedAddress: (address) =>
        erased.has(addressKey('email', address)) || erased.has(addressKey('phone', address)),
    });
    if (applied.kind === 'erased') return refused(erasedFault('id'));
    const told = [...warnings, ...applied.warnings.map(({ path, detail }) => `${bare(path)}: ${detail}`)];
    const taken = { row: spooled, ...(told.length === 0 ? {} : { warnings: told }) };
    if (applied.stale) return { ...taken, outcome: 'older' };
    state.concerns ||= applied.concerns;
    if (before !== null && isSameFact(before, applied.after)) return { ...taken, outcome: 'unchanged' };
    state.after = applied.after;
    return { ...taken, outcome: before === null ? 'created' : 'updated' };
  }

  /** The ids whose write was lost to somebody else's. */
  private async write(
    tenant: Tenant,
    states: ReadonlyMap<string, State>,
    { again }: TakeOptions,
  ): Promise<Set<string>> {
    const changes = [...states.values()].flatMap(({ before, after }) =>
      after === null || after === before ? [] : [{ before, after }],
    );
    const won = await this.customers.write(changes);
    const lost = new Set(changes.flatMap(({ after: { customer } }) => (won.has(customer) ? [] : [customer])));
    const concerned = [...states.values()].flatMap(({ before, after, concerns }) => {
      if (before === null || after === null || !concerns || lost.has(after.customer)) return [];
      const written = won.get(after.customer);
      // Left as it was, unless a process died between this write and the settling.
      return written !== undefined ? [written] : again ? [after] : [];
    });
    if (concerned.length > 0)
      await this.withdraw.settle(tenant.id, concerned, ASKED_AGAIN, { addresses: [] });
    return lost;
  }

  /** Which of the rows' addresses belonged to a person who was erased. */
  private async erasedAmong(tenant: Tenant, rows: readonly Row[]): Promise<Set<string>> {
    const wanted = rows.flatMap(({ value }) => value.addresses);
    if (wanted.length === 0) return new Set();
    const found = await this.suppressions.findByAddresses(tenant.id, wanted);
    return new Set(
      wanted.flatMap(({ kind, address }) =>
        (found.get(address) ?? []).some((one) => one.kind === 'suppressed' && one.cause === 'erasure')
          ? [addressKey(kind, address)]
          : [],
      ),
    );
  }
}

/** Whoever goes on for them has facts of their own, which a list of the old id does not know better. */
const MERGED = 'id: of a customer who was merged into another; left alone';

const erasedFault = (field: string): RowFault => ({
  field,
  detail: 'expected a person who is not erased: an import brings nobody back',
});

/** Who is known to be a minor does not come of age by a list. */
function grownUp(known: Customer | null, { part }: CustomerRow, now: Date): RowFault | null {
  const [before, told] = [known?.birthDate ?? null, part.birthDate ?? null];
  if (before === null || told === null || told >= before) return null;
  const today = now.toISOString().slice(0, 10);
  if (!isMinorOn(before, today) || isMinorOn(told, today)) return null;
  return { field: 'birthDate', detail: 'expected what is known: a minor does not come of age by an import' };
}

/** Whether nothing but the hour of writing differs: the row's own name is no fact. */
function isSameFact(before: Customer, after: Customer): boolean {
  const bareOf = ({ gen, ...rest }: Customer): string =>
    JSON.stringify({ ...rest, updatedAt: null, gen: gen && { version: gen.version, time: gen.time } });
  return bareOf(before) === bareOf(after);
}

const bare = (path: string): string => path.replace(/^data\.customer\./, '');
