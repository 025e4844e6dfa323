import { measured, type Measure, type MeasuredMessage } from '#campaigns/measure';
import type { MeasureStore } from '#campaigns/measure.store';
import { mayMeasure } from '#consent/may-measure';
import type { SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { CampaignRows } from '#messages/campaign-rows';
import type { Clock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import type { VersionedChange } from '#platform/versioned';
import { addressOn, customerFacts } from '#privacy/person-facts';
import { addressesOf } from '#privacy/withdraw';
import type { Tenant, Tenants } from '#tenants/tenant';
import { tellApart, type Heard, type Machine } from './tell-machines.js';

/** A link or picture that was asked for, by the attempt that it stood in. */
export interface Opening extends Heard {
  tenant: string;
  ref: string;
}

/** So many wait at most: what comes then is led on, and not counted. */
const MOST_WAITING = 20_000;
/** And so many of one mail: who follows their own link again and again takes nobody else's place. */
const MOST_OF_A_MAIL = 100;
/** What came of one mail is looked at together once nothing more came for so long: a burst shows only then. */
const SETTLED_MS = 2_000;
/** But not later than this after the first of it. */
const LONGEST_MS = 10_000;
/** What no server could be found for is given up. */
const GIVEN_UP_MS = 15 * 60_000;
const MESSAGES_A_PASS = 500;
const TRIES = 3;

interface Waiting {
  tenant: string;
  ref: string;
  openings: Opening[];
  /** By this process's own clock. */
  firstMono: number;
  lastMono: number;
}

/** What is to be counted of a message, and what that was heard in. */
interface Told {
  message: MeasuredMessage;
  openings: Opening[];
  of: readonly Waiting[];
}

/**
 * Counts what was opened, after the person was led on: nobody waits for it. What cannot be written is tried again for a
 * while, then let go. Kept in the process only: what a crash loses was never promised.
 */
export class RecordMeasures {
  private readonly waiting = new Map<string, Waiting>();
  private count = 0;
  /** One pass at a time: who waits for theirs has seen what was taken before. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly measures: MeasureStore,
    private readonly rows: CampaignRows,
    private readonly customers: CustomerStore,
    private readonly suppressions: SuppressionStore,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
    private readonly metrics: Pick<Metrics, 'measured'>,
  ) {}

  /** Notes it in memory; never waits, never throws. */
  hear(opening: Opening): void {
    const key = `${opening.tenant}/${opening.ref}`;
    const ofIt = this.waiting.get(key)?.openings.length ?? 0;
    if (this.count >= MOST_WAITING || ofIt >= MOST_OF_A_MAIL) {
      this.drop([opening]);
      return;
    }
    const mono = this.clock.mono();
    const { tenant, ref } = opening;
    const known = this.waiting.get(key) ?? { tenant, ref, openings: [], firstMono: mono, lastMono: mono };
    known.openings.push(opening);
    known.lastMono = mono;
    this.waiting.set(key, known);
    this.count += 1;
  }

  /** Writes what has settled, or with `all` whatever there is; counts only. */
  runOnce(now: Date, all = false): Promise<{ measured: number }> {
    const pass = this.turn.then(() => this.pass(now, all));
    this.turn = pass.catch(() => undefined);
    return pass;
  }

  private async pass(now: Date, all: boolean): Promise<{ measured: number }> {
    let written = 0;
    for (;;) {
      const ready = this.take(all);
      if (ready.length === 0) return { measured: written };
      // What is counted leaves it at once: what fails after that brings back the others only.
      const left = new Set(ready);
      try {
        written += await this.write(left, now);
      } catch (error) {
        this.putBack(left);
        throw error;
      }
    }
  }

  private take(all: boolean): Waiting[] {
    const mono = this.clock.mono();
    const ready: Waiting[] = [];
    for (const [key, one] of this.waiting) {
      if (!all && mono - one.lastMono < SETTLED_MS && mono - one.firstMono < LONGEST_MS) continue;
      this.waiting.delete(key);
      this.count -= one.openings.length;
      ready.push(one);
      if (ready.length === MESSAGES_A_PASS) break;
    }
    return ready;
  }

  private putBack(ready: ReadonlySet<Waiting>): void {
    const mono = this.clock.mono();
    for (const one of ready) {
      if (mono - one.firstMono >= GIVEN_UP_MS) {
        this.drop(one.openings);
        continue;
      }
      const key = `${one.tenant}/${one.ref}`;
      const since = this.waiting.get(key)?.openings ?? [];
      const all = [...one.openings, ...since];
      const openings = all.slice(0, MOST_OF_A_MAIL);
      this.drop(all.slice(MOST_OF_A_MAIL));
      this.waiting.set(key, { ...one, openings });
      this.count += openings.length - since.length;
    }
  }

  private drop(openings: readonly Opening[]): void {
    for (const opening of openings) this.metrics.measured(kindOf(opening), 'dropped', 1);
  }

  /** Tenant by tenant; takes out of `left` what is done with. */
  private async write(left: Set<Waiting>, now: Date): Promise<number> {
    let written = 0;
    for (const id of new Set([...left].map(({ tenant }) => tenant))) {
      const tenant = this.tenants.get(id);
      const own = [...left].filter((one) => one.tenant === id);
      if (tenant !== undefined) written += await this.writeOf(tenant, own, left, now);
      for (const one of own) left.delete(one);
    }
    return written;
  }

  private async writeOf(
    tenant: Tenant,
    ready: readonly Waiting[],
    undone: Set<Waiting>,
    now: Date,
  ): Promise<number> {
    const opened = new Map(ready.map((one) => [one.ref, one]));
    const rows = await this.rows.findByRefs(tenant.id, [...opened.keys()]);
    const own = rows.filter(({ content }) => content?.measured === true);
    const people = await this.customers.findMany(
      tenant.id,
      own.map(({ customer }) => customer),
    );
    const suppressions = await this.suppressions.findByAddresses(
      tenant.id,
      [...people.values()].flatMap(addressesOf),
    );
    /** Of now, not of when it was sent: who has taken it back, was restricted or erased since is not counted. */
    const allows = (customer: Customer): boolean => {
      const address = addressOn('email', customer);
      const known = { customer: customerFacts(customer), address };
      const about = address === null ? [] : suppressions.get(address);
      return mayMeasure(tenant.id, { ...known, suppressions: about }, tenant.policy, now);
    };
    const told = new Map<string, Told>();
    for (const row of own) {
      const customer = people.get(row.customer);
      if (customer === undefined || !allows(customer)) continue;
      const of = row.attempts.flatMap(({ ref }) => opened.get(ref) ?? []);
      told.set(row._id, {
        message: messageOf(row, customer.customer),
        openings: tellApart(
          of.flatMap(({ openings }) => openings),
          handedOver(row),
        ),
        of,
      });
    }
    const counted = await this.add(tenant.id, told, undone, now);
    const taken = new Set([...told.values()].flatMap(({ openings }) => openings.map(({ ref }) => ref)));
    for (const opening of ready.flatMap(({ openings }) => openings)) {
      if (!taken.has(opening.ref)) this.metrics.measured(kindOf(opening), 'not-measured', 1);
    }
    return counted;
  }

  /** By compare-and-set; another process may count the same mail just now. What loses each time is let go. */
  private async add(
    tenant: string,
    told: ReadonlyMap<string, Told>,
    undone: Set<Waiting>,
    now: Date,
  ): Promise<number> {
    let left = [...told.keys()];
    for (let tries = 0; left.length > 0 && tries < TRIES; tries += 1) {
      const known = await this.measures.findMany(tenant, left);
      const changes: VersionedChange<Measure>[] = [];
      for (const id of left) {
        const { message, openings } = told.get(id)!;
        const hits = openings.map(({ link, at, machine }) => ({ link, at, by: byWhom(machine) }));
        changes.push(measured(known.get(id) ?? null, message, hits, now));
      }
      const won = await this.measures.write(changes);
      for (const id of won) {
        const { openings, of } = told.get(id)!;
        for (const one of of) undone.delete(one);
        for (const opening of openings)
          this.metrics.measured(kindOf(opening), opening.machine ?? 'person', 1);
      }
      left = left.filter((id) => !won.has(id));
    }
    for (const id of left) this.drop(told.get(id)!.openings);
    return told.size - left.length;
  }
}

const kindOf = ({ link }: Heard): 'open' | 'click' => (link === null ? 'open' : 'click');
const byWhom = (machine: Machine | null): 'person' | 'machine' => (machine === null ? 'person' : 'machine');

function messageOf(row: MessageRow, customer: string): MeasuredMessage {
  const { _id, tenant, campaign, purpose, variant, content, attempts, createdAt } = row;
  return {
    ...{ _id, tenant, customer, purpose, campaign: campaign ?? '', variant: variant ?? '' },
    locale: content?.locale ?? '',
    sentAt: attempts.at(-1)?.at ?? createdAt,
  };
}

/** When it left, and when its provider said that it had arrived. */
const handedOver = ({ attempts, history }: MessageRow): Date[] => [
  ...attempts.map(({ at }) => at),
  ...history.flatMap(({ status, at }) => (status === 'accepted' || status === 'delivered' ? [at] : [])),
];
