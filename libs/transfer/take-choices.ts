import { hear, isNo, standing, covers, type Hearing } from '#consent/choices';
import { optOutsOnly, type OptOut } from '#consent/suppression';
import type { OptOutSaid, SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import { newCustomer, type Customer } from '#customers/customer.types';
import { CHANNELS } from '#purposes/channel';
import type { Choice, ChoiceStatement } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';
import {
  addressesOf,
  effectOf,
  isShared,
  optOutsFor,
  type Address,
  type Settling,
  type Withdraw,
} from '#privacy/withdraw';
import type { Tenant } from '#tenants/tenant';
import { readChoiceRow, type ChoiceRow } from './choice-row.js';
import type { RowFault, SpooledRow, Taken } from './import.types.js';
import type { TakeOptions } from './take-customers.js';

const TRIES = 20;

interface Row {
  spooled: SpooledRow;
  value: ChoiceRow;
}

/** What is known of one person, and what the rows of a batch say. */
interface State {
  before: Customer | null;
  after: Customer | null;
  noes: { statement: ChoiceStatement; how: Hearing; addresses: Address[] }[];
  rows: Row[];
  taken: Taken[];
}

/**
 * Takes rows of choices (PROTOCOL B, tightening only): a no holds at once, for everybody with the address where it is
 * about marketing; a given is added with its proof and lifts nothing. Kept entries are named by what they say, so the
 * same row again adds nothing.
 */
export class TakeChoices {
  constructor(
    private readonly customers: CustomerStore,
    private readonly suppressions: SuppressionStore,
    private readonly withdraw: Withdraw,
  ) {}

  async take(tenant: Tenant, rows: readonly SpooledRow[], options: TakeOptions): Promise<Taken[]> {
    const done: Taken[] = [];
    let open: Row[] = [];
    const nameless: Row[] = [];
    for (const spooled of rows) {
      const read =
        'faults' in spooled
          ? ({ kind: 'refused', faults: spooled.faults } as const)
          : readChoiceRow(spooled.data, { tenant, now: options.now });
      if (read.kind === 'refused') done.push({ row: spooled, outcome: 'refused', faults: read.faults });
      else (read.value.customer === null ? nameless : open).push({ spooled, value: read.value });
    }
    done.push(...(await this.takeNameless(tenant, nameless, options)));
    for (let tries = 0; open.length > 0; tries += 1) {
      if (tries >= TRIES) throw new Error(`customers were written by others ${TRIES} times in a row`);
      const states = await this.consider(tenant, open, options);
      const lost = options.dryRun ? new Set<string>() : await this.write(tenant, states);
      for (const [id, { taken }] of states) if (!lost.has(id)) done.push(...taken);
      open = [...states].flatMap(([id, state]) => (lost.has(id) ? state.rows : []));
    }
    return done;
  }

  private async consider(
    tenant: Tenant,
    rows: readonly Row[],
    options: TakeOptions,
  ): Promise<Map<string, State>> {
    const known = await this.customers.findMany(
      tenant.id,
      rows.flatMap(({ value }) => value.customer ?? []),
    );
    const records = await this.suppressions.findByAddresses(
      tenant.id,
      [...known.values()].flatMap(addressesOf),
    );
    const states = new Map<string, State>();
    for (const row of rows) {
      const before = known.get(row.value.customer ?? '') ?? null;
      // Of one who was merged it is who goes on for them that has said it.
      const id = before?.customer ?? row.value.customer ?? '';
      let state = states.get(id);
      if (state === undefined) {
        state = { before, after: before, noes: [], rows: [], taken: [] };
        states.set(id, state);
      }
      state.rows.push(row);
      const optOuts = (state.before === null ? [] : addressesOf(state.before)).flatMap(({ address }) =>
        optOutsOnly(records.get(address) ?? []),
      );
      state.taken.push(
        row.value.statement.state === 'given'
          ? takeGiven(row, state, optOuts, options)
          : takeNo(row, state, tenant, options),
      );
    }
    return states;
  }

  /** B1 to B4 for all of them at once; the ids whose write was lost to somebody else's. */
  private async write(tenant: Tenant, states: ReadonlyMap<string, State>): Promise<Set<string>> {
    await this.suppressions.optOut(
      tenant.id,
      [...states].flatMap(([id, { noes }]) =>
        noes.flatMap(({ statement, how, addresses }) => optOutsFor(id, [statement], addresses, how)),
      ),
    );
    const changes = [...states.values()].flatMap(({ before, after }) =>
      after === null || after === before ? [] : [{ before, after }],
    );
    const won = await this.customers.write(changes);
    const lost = new Set(changes.flatMap(({ after: { customer } }) => (won.has(customer) ? [] : [customer])));
    const settling = [...states].flatMap(([id, { after, noes }]): Settling[] => {
      if (after === null || noes.length === 0 || lost.has(id)) return [];
      return [
        {
          written: [won.get(id) ?? after],
          effect: effectOf(
            noes.map(({ statement }) => statement),
            id,
            after.choiceLog,
          ),
          addresses: noes.flatMap(({ statement, addresses }) => (isShared(statement) ? addresses : [])),
        },
      ];
    });
    if (settling.length > 0) await this.withdraw.settleAll(tenant.id, settling);
    return lost;
  }

  /** Noes about addresses of which no customer is named. One that an import has said before is not said again. */
  private async takeNameless(
    tenant: Tenant,
    rows: readonly Row[],
    { now, since, dryRun, again }: TakeOptions,
  ): Promise<Taken[]> {
    if (rows.length === 0) return [];
    const addresses = rows.flatMap(({ value }) => value.addresses);
    const found = await this.suppressions.findByAddresses(tenant.id, addresses);
    const said: OptOutSaid[] = [];
    const settling: Settling[] = [];
    const seen = new Set<string>();
    const taken = rows.map(({ spooled, value }): Taken => {
      const { statement, at } = value;
      const fresh = optOutsFor('', [statement], value.addresses, {
        at: at ?? since,
        recordedAt: now,
        via: 'import',
      }).filter(
        (one) =>
          'address' in one &&
          !seen.has(`${value.id}/${one.address}`) &&
          !optOutsOnly(found.get(one.address) ?? []).some((kept) => isSameNo(kept, statement, at)),
      );
      for (const one of fresh) if ('address' in one) seen.add(`${value.id}/${one.address}`);
      said.push(...fresh);
      if (fresh.length > 0 || again) {
        settling.push({ written: [], effect: effectOf([statement], ''), addresses: value.addresses });
      }
      return { row: spooled, outcome: fresh.length > 0 ? 'created' : 'unchanged' };
    });
    if (dryRun) return taken;
    await this.suppressions.optOut(tenant.id, said);
    if (settling.length > 0) await this.withdraw.settleAll(tenant.id, settling);
    return taken;
  }
}

const hearingOf = ({ value }: Row, { now, since }: TakeOptions): Hearing => ({
  id: value.id,
  at: value.at ?? since,
  recordedAt: now,
  via: 'import',
});

/** A given with its proof: added where something of it stands then, never lifting a no. */
function takeGiven(row: Row, state: State, optOuts: readonly OptOut[], options: TakeOptions): Taken {
  const { spooled, value } = row;
  const refused = (fault: RowFault): Taken => ({ row: spooled, outcome: 'refused', faults: [fault] });
  const { after } = state;
  if (after === null) {
    return refused({ field: 'customer', detail: 'expected a customer who is known; import customers first' });
  }
  const how = hearingOf(row, options);
  const gone = after.erasedAt ?? after.erasedBefore;
  if (after.erasedAt !== null || (gone !== null && how.at <= gone)) return refused(ERASED);
  const about = { customer: after.customer, optOuts };
  const heard = hear(after.choiceLog, value.statement, { ...how, mayLift: false, about });
  if (!heard.added) return { row: spooled, outcome: 'unchanged' };
  if (!heard.decides) {
    // Somebody said no since, or before; or a later yes is known.
    return heard.refusedGiven ? refused(NO_STANDS) : { row: spooled, outcome: 'older' };
  }
  state.after = { ...after, choiceLog: heard.log };
  const warnings = heard.refusedGiven ? ['state: a given was taken except where a no stands'] : [];
  return { row: spooled, outcome: 'created', ...(warnings.length === 0 ? {} : { warnings }) };
}

/** A no of a person; of one who is not known yet it is kept, and what is heard of them first finds it. */
function takeNo(row: Row, state: State, tenant: Tenant, options: TakeOptions): Taken {
  const { spooled, value } = row;
  if (state.after?.erasedAt != null) return { row: spooled, outcome: 'refused', faults: [ERASED] };
  const before = state.after ?? newCustomer(tenant.id, value.customer ?? '', options.now);
  const how = hearingOf(row, options);
  const heard = hear(before.choiceLog, value.statement, how);
  const addresses = unique([...addressesOf(before), ...value.addresses]);
  if (!heard.added) {
    // It may have been written by a process that died before the rest of B.
    if (options.again && stands(value.statement, before.choiceLog)) {
      state.noes.push({ statement: value.statement, how, addresses });
    }
    return { row: spooled, outcome: 'unchanged' };
  }
  if (!stands(value.statement, heard.log)) return { row: spooled, outcome: 'older' };
  state.after = { ...before, choiceLog: heard.log, updatedAt: options.now };
  state.noes.push({ statement: value.statement, how, addresses });
  return { row: spooled, outcome: 'created' };
}

const ERASED: RowFault = {
  field: 'customer',
  detail: 'expected a person who is not erased: an import brings nobody back',
};
const NO_STANDS: RowFault = {
  field: 'state',
  detail: 'expected a person of whom no withdrawal or objection stands: only they can lift one, on our pages',
};

/** Whether a no decides anything: for some purpose and channel that it covers, a no is what stands. */
function stands(said: ChoiceStatement, log: readonly Choice[]): boolean {
  return PURPOSES.some((purpose) =>
    CHANNELS.some((channel) => covers(said, purpose, channel) && isNo(standing(log, purpose, channel))),
  );
}

function isSameNo(kept: OptOut, { purpose, channel, state }: ChoiceStatement, at: Date | null): boolean {
  return (
    kept.via === 'import' &&
    kept.by === '' &&
    kept.purpose === purpose &&
    kept.channel === channel &&
    kept.state === state &&
    (at === null || kept.at.getTime() === at.getTime())
  );
}

function unique(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((one) => [`${one.kind}:${one.address}`, one])).values()];
}
