import { setTimeout as pause } from 'node:timers/promises';
import { channelsFor } from '#consent/choose-channel';
import { covers, hear, isNo, standing, type Hearing } from '#consent/choices';
import type { SuppressedAddress } from '#consent/suppression';
import type { OptOutSaid, SuppressionStore, Target } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import { newCustomer, type Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition } from '#messages/transition';
import type { Clock } from '#platform/clock';
import { ADDRESS_KIND, CHANNELS, type Channel } from '#purposes/channel';
import type { Choice, ChoiceStatement } from '#purposes/choice';
import { RULES } from '#purposes/purposes';
import {
  addressesOf,
  reaching,
  suppressionEffect,
  type Address,
  type Effect,
  type Settling,
} from './effect.js';

/** A provider call begins within W of its pass (PROTOCOL, W): no wait needs to be longer. */
const W_MS = 5_000;
const POLL_MS = 20;
/** Reservations older than this have long ended or are `unknown`. */
const IN_FLIGHT_MS = 600_000;
/** How often a lost race for a document is tried again at once before the caller is told. */
const TRIES = 20;

export { addressesOf } from './effect.js';
export type { Address, Effect, Settling } from './effect.js';

/**
 * Changes a fact about a person so that after the answer no call begins that it concerns (PROTOCOL B):
 * 1 suppressions, 2 customers and everyone who holds the address, 3 their open rows, 4 a short wait for what is in
 * flight, 5 the answer. A crash before the answer leaves less than was promised to nobody; asked again, it goes on.
 */
export class Withdraw {
  constructor(
    private readonly suppressions: SuppressionStore,
    private readonly customers: CustomerStore,
    private readonly messages: MessageStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes what a person said. A marketing no holds for everyone of the tenant with the address. `null`: nobody is
   * known by this id; `changed`: `onlyAt` no longer holds, and nothing was taken.
   */
  async hearChoices(
    tenant: string,
    customerId: string,
    statements: readonly ChoiceStatement[],
    how: Hearing,
    {
      onlyAt,
      beforeAll = false,
    }: {
      onlyAt?: ((current: Customer) => boolean) | undefined;
      /** Of one who is not known yet it is kept: the first event about them finds it. */
      beforeAll?: boolean | undefined;
    } = {},
  ): Promise<Customer | null | 'changed'> {
    let known = await this.customers.find(tenant, customerId);
    if (known === null && beforeAll) {
      const after = newCustomer(tenant, customerId, this.clock.now());
      await this.customers.write([{ before: null, after }]);
      known = await this.customers.find(tenant, customerId);
    }
    // A tombstone holds nothing about what the person chose.
    if (known === null || known.erasedAt !== null) return null;
    if (onlyAt?.(known) === false) return 'changed';
    const about = addressesOf(known);
    const noes = statements.filter((said) => said.state !== 'given');
    const giver = known.customer;
    await this.suppressions.optOut(tenant, optOutsFor(giver, noes, about, how));
    const after = await this.edit(tenant, customerId, (customer) =>
      onlyAt?.(customer) === false || customer.erasedAt !== null
        ? null
        : {
            ...customer,
            choiceLog: statements.reduce(
              (log, said, index) => hear(log, said, { ...how, id: `${how.id}#${index}` }).log,
              customer.choiceLog,
            ),
          },
    );
    if (after === null || after === 'unchanged') return after === null ? null : 'changed';
    if (noes.length > 0) {
      await this.settle(tenant, [after], effectOf(noes, giver, after.choiceLog), {
        addresses: noes.some((no) => isShared(no)) ? about : [],
      });
    }
    return after;
  }

  /** Noes about an address, by whoever it was sent to (empty: nobody knows): they hold for everyone who has it now. */
  async hearAbout(
    tenant: string,
    about: Address,
    noes: readonly ChoiceStatement[],
    { by, ...how }: Pick<Hearing, 'at' | 'recordedAt' | 'via'> & { by: string },
  ): Promise<void> {
    await this.suppressions.optOut(tenant, optOutsFor(by, noes, [about], how));
    await this.settle(tenant, [], effectOf(noes, by), { addresses: [about] });
  }

  /** An address must not be used any more: a bounce, a complaint, a STOP. */
  async suppressAddress(
    tenant: string,
    said: Address & {
      channel: Channel;
      scope: SuppressedAddress['scope'];
      cause: SuppressedAddress['cause'];
      /** A row that tells us this itself, and so is not waited for. */
      except?: string;
      /** Nobody is answered, so nothing in flight is waited for: a dispatcher would wait for itself. */
      answers?: false;
    },
  ): Promise<void> {
    const { kind, address, channel, scope, cause, except, answers = true } = said;
    const at = this.clock.now();
    await this.suppressions.suppress(tenant, [{ kind, address, channel, scope, cause, at, recordedAt: at }]);
    const effect = suppressionEffect({ channel, scope });
    await this.settle(
      tenant,
      [],
      { ...effect, concerns: (row) => answers && effect.concerns(row) && row._id !== except },
      { addresses: [{ kind, address }] },
    );
  }

  /**
   * A change of any other fact: the edit, everyone's open rows, the wait; with `addresses` their other holders' too.
   * `null` where nobody is known.
   */
  async change(
    tenant: string,
    customerId: string,
    edit: (customer: Customer) => Customer,
    effect: Effect,
    { addresses = [] }: { addresses?: readonly Address[] } = {},
  ): Promise<Customer | null> {
    const after = await this.edit(tenant, customerId, edit);
    if (after === 'unchanged') throw new Error('an edit that cannot refuse has refused');
    if (after !== null) await this.settle(tenant, [after], effect, { addresses });
    return after;
  }

  /**
   * B2 for the other holders, B3 and B4, for customers that are written already. `written` were returned by the write
   * that changed them: their `sends` tell what may be in flight.
   */
  settle(
    tenant: string,
    written: readonly Customer[],
    effect: Effect,
    { addresses }: { addresses: readonly Address[] },
  ): Promise<void> {
    return this.settleAll(tenant, [{ written, effect, addresses }]);
  }

  /** The same for many changes at once, each with what it means: one pass over people, rows and what is in flight. */
  async settleAll(tenant: string, changes: readonly Settling[]): Promise<void> {
    const people = new Map(
      changes.flatMap(({ written }) => written.map((customer) => [customer.customer, customer] as const)),
    );
    const addresses = changes.flatMap((change) => change.addresses);
    const holders = await this.touchHolders(tenant, addresses, people);
    const acknowledged = this.clock.mono();
    for (const holder of holders) people.set(holder.customer, holder);
    // A row may still bear the id of one who was merged: it is its survivor's.
    const survivors = new Map(
      [...people.values()].flatMap(({ customer, formerIds = [] }) => formerIds.map((id) => [id, customer])),
    );
    const as = (row: MessageRow): MessageRow => {
      const survivor = survivors.get(row.customer);
      return survivor === undefined ? row : { ...row, customer: survivor };
    };
    const meant = reaching(changes, people);
    const reached: Effect = {
      ends: (row) => meant.ends(as(row)),
      concerns: (row) => meant.concerns(as(row)),
    };
    await this.endOrTouch(tenant, [...people.keys(), ...survivors.keys()], reached);
    await this.awaitInFlight(tenant, [...people.values()], reached, acknowledged);
  }

  /** B2: one customer, by compare-and-set, as often as it takes. An edit that answers null leaves everything. */
  private async edit(
    tenant: string,
    customerId: string,
    edit: (customer: Customer) => Customer | null,
  ): Promise<Customer | null | 'unchanged'> {
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await this.customers.find(tenant, customerId);
      if (before === null) return null;
      const edited = edit(before);
      if (edited === null) return 'unchanged';
      const won = await this.customers.write([{ before, after: { ...edited, updatedAt: this.clock.now() } }]);
      // Of one who was merged it is who goes on for them.
      const after = won.get(before.customer);
      if (after !== undefined) return after;
    }
    throw new Error(`the customer was written by others ${TRIES} times in a row`);
  }

  /** B2 for an address: a new `rev` for every holder, until a pass finds none that still has the old one. */
  private async touchHolders(
    tenant: string,
    addresses: readonly Address[],
    done: ReadonlyMap<string, Customer>,
  ): Promise<Customer[]> {
    const touched = new Map<string, Customer>();
    for (let tries = 0; tries < TRIES; tries++) {
      const holders = await this.customers.findHoldersOf(tenant, addresses);
      const left = new Map(
        holders
          .filter((holder) => !done.has(holder.customer) && !touched.has(holder.customer))
          .map((holder) => [holder.customer, holder]),
      );
      if (left.size === 0) return [...touched.values()];
      const won = await this.customers.write([...left.values()].map((before) => ({ before, after: before })));
      for (const [id, customer] of won) touched.set(id, customer);
    }
    throw new Error(`the holders of an address were written by others ${TRIES} times in a row`);
  }

  /** B3: what the change ends is cancelled; every other open row gets a new `rev`, so that an old pass cannot claim it. */
  private async endOrTouch(tenant: string, customers: readonly string[], effect: Effect): Promise<void> {
    let left: ReadonlySet<string> | null = null;
    for (let tries = 0; tries < TRIES; tries++) {
      const open = await this.messages.findOpenOf(tenant, customers);
      const rows: MessageRow[] = left === null ? open : open.filter((row) => left?.has(row._id));
      if (rows.length === 0) return;
      const now = this.clock.now();
      const ending = rows.flatMap((row) => {
        const reason = effect.ends(row);
        if (reason === null || (reason !== 'erased' && waitsForCampaign(row))) return [];
        return [transition(row as MessageRow & { status: 'planned' }, 'cancelled', reason, now, { reason })];
      });
      const ended = new Set(ending.map((move) => move.after._id));
      const [cancelled, touched] = await Promise.all([
        this.messages.apply(ending),
        this.messages.touch(rows.filter((row) => !ended.has(row._id))),
      ]);
      left = new Set(rows.map((row) => row._id).filter((id) => !cancelled.has(id) && !touched.has(id)));
      if (left.size === 0) return;
    }
    throw new Error(`open rows were written by others ${TRIES} times in a row`);
  }

  /** B4: what was reserved before the change and is being sent now; at most W after the acknowledgement. */
  private async awaitInFlight(
    tenant: string,
    people: readonly Customer[],
    effect: Effect,
    acknowledged: number,
  ): Promise<void> {
    const oldest = this.clock.now().getTime() - IN_FLIGHT_MS;
    let ids = people.flatMap((customer) =>
      customer.sends.flatMap((send) => (send.at.getTime() >= oldest ? [send.id] : [])),
    );
    while (ids.length > 0) {
      const rows = await this.messages.findByIds(tenant, ids);
      ids = rows.filter((row) => row.status === 'sending' && effect.concerns(row)).map((row) => row._id);
      if (ids.length === 0 || this.clock.mono() - acknowledged >= W_MS) return;
      await pause(POLL_MS);
    }
  }
}

/**
 * What some noes mean for rows: those they cover end, the rest is asked about again. With `by`, a no that is the
 * person's own (about a service purpose) ends no row of anybody else with the address; with that person's `log`, none of
 * their own rows ends for which something that they gave since is what stands.
 */
export function effectOf(noes: readonly ChoiceStatement[], by?: string, log?: readonly Choice[]): Effect {
  const covering = (row: MessageRow): ChoiceStatement | undefined =>
    noes.find(
      (no) =>
        covers(no, row.purpose, row.channel) && (by === undefined || row.customer === by || isShared(no)),
    );
  return {
    ends: (row) => {
      if (!RULES[row.purpose].stoppedByChoice) return null;
      const said = covering(row);
      if (log === undefined || row.customer !== by) return said === undefined ? null : reasonOf(said);
      // B3: a row ends when no channel is left, that is when the gate would hear a no on the one it asks first.
      const first = channelsFor(row.purpose, { choices: log }, [])[0]?.channel ?? row.channel;
      const no = said ?? noes.find((one) => covers(one, row.purpose, first));
      return no === undefined || !isNo(standing(log, row.purpose, first)) ? null : reasonOf(no);
    },
    concerns: (row) => covering(row) !== undefined && RULES[row.purpose].basis !== 'legal-duty',
  };
}

function reasonOf({ state }: ChoiceStatement): 'objected' | 'withdrawn' {
  return state === 'objected' ? 'objected' : 'withdrawn';
}

/** A marketing no holds for everyone with the address; one about a service purpose is the person's own. */
export function isShared(no: Pick<ChoiceStatement, 'purpose'>): boolean {
  return no.purpose === 'marketing' || RULES[no.purpose].stream === 'marketing';
}

/** B1: the noes as records about the addresses that they reach. */
export function optOutsFor(
  by: string,
  noes: readonly ChoiceStatement[],
  addresses: readonly Target[],
  how: Pick<Hearing, 'at' | 'recordedAt' | 'via' | 'version'>,
): OptOutSaid[] {
  return noes.filter(isShared).flatMap((no) =>
    addresses
      .filter(({ kind }) =>
        no.channel === 'all'
          ? CHANNELS.some((channel) => ADDRESS_KIND[channel] === kind)
          : ADDRESS_KIND[no.channel] === kind,
      )
      .map((target) => ({
        ...target,
        channel: no.channel,
        purpose: no.purpose,
        state: no.state === 'objected' ? ('objected' as const) : ('withdrawn' as const),
        by,
        at: how.at,
        recordedAt: how.recordedAt,
        via: how.via,
        ...(how.version === undefined ? {} : { version: how.version }),
      })),
  );
}

/** It is not due before its campaign pulls it: the gate says no to it then, with all that it saw, in that campaign's report. */
const waitsForCampaign = ({ campaign, status, dueAt }: MessageRow): boolean =>
  campaign !== null && status === 'planned' && dueAt === null;
