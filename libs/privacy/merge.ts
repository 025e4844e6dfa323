import type { SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import { newCustomer, type Customer } from '#customers/customer.types';
import type { DeriveDealings } from '#customers/derive-dealings';
import type { MessageStore } from '#messages/message.store';
import { readdress } from '#messages/readdress';
import type { Clock } from '#platform/clock';
import { RULES } from '#purposes/purposes';
import type { Erase } from './erase.js';
import type { MergeRecord, MergeStore } from './merge.store.js';
import { mergedAway, mergedCustomer, standingNoes } from './merged-customer.js';
import { addressesOf, effectOf, optOutsFor, type Withdraw } from './withdraw.js';

/** Whatever keeps things by their customer: all of it goes over to who goes on. */
export interface Movable {
  /** Nothing the second time. */
  moveCustomer(tenant: string, from: string, into: string): Promise<void>;
}

/** How often a lost race for one of the two is tried again. */
const TRIES = 20;
const MINUTE_MS = 60_000;
/** After a merge it is looked again for what was written behind it, until no event of before can come (Kafka's 7 days). */
const SWEEPS_MS = [MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS, 7 * 24 * 60 * MINUTE_MS];
const AT_ONCE = 100;

/**
 * Makes one of two people who turned out to be the same (`customer.merged.v1`). The request is noted; suppressions; who
 * goes on takes facts, choices and places of both, by compare-and-set; the other becomes a pointer, by compare-and-set on
 * what was taken, so that nothing written in between is lost; then everything of theirs is moved. From the pointer on every
 * look-up by the old id (a row, a link, an event, a request) finds who goes on. A crash in between is taken up by `resume`,
 * or by the event heard again.
 */
export class Merge {
  constructor(
    private readonly merges: MergeStore,
    private readonly customers: CustomerStore,
    private readonly messages: MessageStore,
    private readonly suppressions: SuppressionStore,
    private readonly movables: readonly Movable[],
    private readonly withdraw: Withdraw,
    private readonly erase: Erase,
    private readonly dealings: DeriveDealings,
    private readonly clock: Clock,
  ) {}

  /** `from` and `into` as the event names them; each may have been merged before. Resolves once nothing is left behind. */
  async merge(tenant: string, from: string, into: string, said: { event: string; at: Date }): Promise<void> {
    const found = await this.customers.findMany(tenant, [from, into]);
    const away = found.get(from)?.customer ?? from;
    const onward = found.get(into)?.customer ?? into;
    if (away === onward) {
      // They are one already, or a crash left them half-way.
      for (const open of await this.merges.findInto(tenant, onward)) {
        if (open.doneAt === null) await this.finish(open);
      }
      return;
    }
    await this.merges.open({ tenant, from: away, into: onward, event: said.event, at: said.at });
    const record = await this.merges.find(tenant, away);
    if (record !== null) await this.finish(record);
  }

  /** Whether this very event has merged them: heard again it only goes on, and tells nothing new of who goes on. */
  async isBy(tenant: string, from: string, event: string): Promise<boolean> {
    return (await this.merges.find(tenant, from))?.event === event;
  }

  /** Takes up what a crash broke off, and looks behind the others for what came late; how many of each. */
  async runOnce(now: Date): Promise<{ merged: number; swept: number }> {
    const open = await this.merges.findOpen(AT_ONCE);
    for (const record of open) await this.finish(record);
    const due = await this.merges.findSweepable(now, AT_ONCE);
    for (const record of due) {
      await this.move(record.tenant, record.from, record.into);
      const wait = SWEEPS_MS[record.sweeps + 1];
      await this.merges.swept(record, wait === undefined ? null : new Date(now.getTime() + wait));
    }
    return { merged: open.length, swept: due.length };
  }

  /** Everything that is kept under an id that was merged goes to who goes on. */
  async move(tenant: string, from: string, into: string): Promise<void> {
    await readdress(this.messages, tenant, from, into, this.clock.now());
    for (const movable of this.movables) await movable.moveCustomer(tenant, from, into);
    await this.merges.moveCustomer(tenant, from, into);
    await this.dealings.of(tenant, { bookings: [into], purchases: [into] }, this.clock.now());
  }

  private async finish(record: MergeRecord): Promise<void> {
    const { tenant, from, into } = record;
    const after = await this.join(record);
    if (after === 'erased') return;
    await this.move(tenant, from, into);
    await this.settle(tenant, into);
    const now = this.clock.now();
    await this.merges.done(record, now, new Date(now.getTime() + (SWEEPS_MS[0] ?? 0)));
  }

  /** The two documents. `erased`: who was to go on has asked for an erasure since; then it holds for both. */
  private async join(record: MergeRecord): Promise<'joined' | 'erased'> {
    const { tenant, from: fromId, into: intoId } = record;
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await this.customers.findExact(tenant, [fromId, intoId]);
      const from = found.find(({ customer }) => customer === fromId) ?? null;
      const into = found.find(({ customer }) => customer === intoId) ?? null;
      const now = this.clock.now();
      if (from?.mergedInto === intoId) return 'joined';
      if (into !== null && into.erasedAt !== null && record.at <= into.erasedAt) {
        await this.erase.erase(tenant, fromId, 'booking-system', record.at);
        await this.merges.drop(record);
        return 'erased';
      }
      const taken = await this.take(record, from, into, now);
      if (!taken) continue;
      const pointer = mergedAway(from ?? newCustomer(tenant, fromId, now), intoId, now);
      const won = await this.customers.write([{ before: from, after: pointer }]);
      if (won.has(fromId)) return 'joined';
    }
    throw new Error(`two people who are one were written by others ${TRIES} times in a row`);
  }

  /** B1, then who goes on with all of the other; false: somebody else has written them. */
  private async take(
    { tenant, into: intoId, event }: MergeRecord,
    from: Customer | null,
    into: Customer | null,
    now: Date,
  ): Promise<boolean> {
    const fresh = newCustomer(tenant, intoId, now);
    const base =
      into === null
        ? fresh
        : into.erasedAt === null
          ? into
          : { ...fresh, rev: into.rev, sends: into.sends, erasedBefore: into.erasedAt };
    if (from === null) {
      return into !== null || (await this.customers.write([{ before: null, after: fresh }])).size > 0;
    }
    const after = mergedCustomer(base, from, { id: `${event}#merge`, now });
    // The noes of the one hold for the addresses of both; those of who goes on for the addresses that they take.
    const own = new Set(addressesOf(base).map(({ address }) => address));
    const all = addressesOf(after);
    const how = { at: now, recordedAt: now, via: 'merge' as const };
    await this.suppressions.optOut(tenant, [
      ...optOutsFor(intoId, standingNoes(from.choiceLog), all, how),
      ...optOutsFor(
        intoId,
        standingNoes(base.choiceLog),
        all.filter(({ address }) => !own.has(address)),
        how,
      ),
    ]);
    return (await this.customers.write([{ before: into, after }])).has(intoId);
  }

  /** B3 and B4: what the noes of the one mean for the rows of the other; all rows are asked about again. */
  private async settle(tenant: string, into: string): Promise<void> {
    const [customer] = await this.customers.findExact(tenant, [into]);
    if (customer === undefined) return;
    const noes = standingNoes(customer.choiceLog);
    const effect = effectOf(noes, into, customer.choiceLog);
    await this.withdraw.settle(
      tenant,
      [customer],
      { ends: (row) => effect.ends(row), concerns: (row) => RULES[row.purpose].basis !== 'legal-duty' },
      { addresses: addressesOf(customer) },
    );
  }
}
