import type mongoose from 'mongoose';
import type { Envelope, Outcome } from '#channels/outcome';
import { WebhookStore } from '#channels/webhook.store';
import { newCustomer, type Customer } from '#customers/customer.types';
import { HeldTopics, Provider } from '#dispatch/line.fixture';
import { RELEASED_STUCK_MS, RepairStuck, SENDING_STUCK_MS } from '#dispatch/repair-stuck';
import type { Due } from '#dispatch/due.types';
import { ResolveUnknown } from '#dispatch/resolve-unknown';
import type { EmbeddedStore } from '#embedded/embedded-store';
import { Hearing } from '#ingest/hearing.fixture';
import { messageRow } from '#messages/message.fixture';
import type { MessageRow } from '#messages/message.types';
import type { EventSink } from '#messaging/event-sink';
import { StoppedClock } from '#platform/clock';
import { connectMongo } from '#platform/mongo';
import { CLINIC, NOW, said } from '#privacy/ledger.fixture';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';
import { actor, aside, StoppedStore, stop, type Actor, type Answer, type Missing } from './steps.fixture.js';

export const T = CLINIC.id;
/** Who shares an address shares this one. */
export const MAIL = 'anna@example.se';
export const PHONE = '+46701740605';

/** What a booking system tells. */
type News = Parameters<Hearing['one']>[0];

/** Somebody's no, and what may not be begun once it was answered. */
export interface No {
  isAnswered: boolean;
  concerns: (call: Envelope) => boolean;
  /** Rows that it may end, wherever they stand. */
  ends: (row: MessageRow) => boolean;
}

/** A record of a due topic. It is there until who took it commits. */
export interface DueRecord {
  due: Due;
  deliveries: number;
  isCommitted: boolean;
  holders: number;
}

/** The clock of all, bent for whom a part of the protocol is taken from. */
class SharedClock extends StoppedClock {
  bend: Missing['mono'];

  override mono(): number {
    const own = actor();
    return own === undefined || this.bend === undefined ? super.mono() : this.bend(own.role, super.mono());
  }
}

/**
 * The real code on a database of its own, with a stop before each call to the store, the topics and the provider, and
 * with what must hold looked at whenever a call begins and ends.
 */
export class World extends Hearing {
  readonly steps = new StoppedStore();
  readonly violations: string[] = [];
  readonly noes: No[] = [];
  readonly records: DueRecord[] = [];
  readonly badAddresses = new Set<string>();
  /** Rows that were answered for. */
  readonly promised = new Set<string>();
  /** What a booking system has told, each until it is committed. */
  readonly news: { event: News; isCommitted: boolean }[] = [];
  /** The newest version of the booking of the news that was ever told. */
  newest = 0;
  /** How often the provider has taken each message, whatever it answered. */
  readonly taken = new Map<string, number>();
  /** What happened, counted: a walk that never saw a thing has not shown anything about it. */
  readonly seen = new Map<string, number>();
  readonly resolve;
  tenant: Tenant = CLINIC;
  private readonly webhooks;
  private readonly claimed = new Map<string, boolean>();
  private readonly calling = new Map<Actor, Set<Envelope>>();

  private constructor(
    store: EmbeddedStore,
    connection: mongoose.Connection,
    private readonly shared: SharedClock,
  ) {
    super(store, connection, shared, new Provider(), new HeldTopics());
    this.webhooks = new WebhookStore(connection);
    this.resolve = new ResolveUnknown(
      this.messages,
      this.customers,
      this.webhooks,
      // Its provider has no list to be asked.
      { lookUp: () => Promise.resolve({ kind: 'cannot' }) } as never,
      this.tenants,
      this.applyReceipt,
      shared,
    );
  }

  /** One more world on the same store. */
  static async on(store: EmbeddedStore, database: string): Promise<World> {
    const connection = await connectMongo(store.uri.replace('/lagom?', `/${database}?`));
    const world = await new World(store, connection, new SharedClock(NOW)).first();
    world.steps.attach(connection);
    // What a journey plans for another day only makes the runs longer.
    const tenantOf = (id: string): Tenant | undefined => (id === T ? world.tenant : undefined);
    Object.assign(world.tenants, { get: tenantOf });
    const { sink } = world.releaseDue as unknown as { sink: EventSink };
    const produce = sink.produce.bind(sink);
    sink.produce = (topic, records) => stop('topic.produce', 'topic', () => produce(topic, records));
    // Nothing is counted here.
    Object.assign(world.dispatch, { metrics: new Proxy({}, { get: () => () => undefined }) });
    return world;
  }

  mono(): number {
    return aside(() => this.shared.mono());
  }

  repairer(): RepairStuck {
    return new RepairStuck(this.messages, this.releaseDue, this.topics, this.clock);
  }

  note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  /** As new, with or without a part of the protocol. */
  async reset(missing: Missing = {}): Promise<void> {
    const { db } = this.connection;
    if (db === undefined) throw new Error('not connected');
    const used = ['messages', 'customers', 'bookings', 'suppressions', 'heard_events', 'short_codes'];
    await Promise.all([...used, 'webhook_accounts'].map((name) => db.collection(name).deleteMany({})));
    this.shared.set(NOW);
    this.shared.bend = missing.mono;
    this.steps.missing = missing;
    this.steps.forget();
    this.tenant = { ...CLINIC, journeys: {} };
    this.newest = 0;
    for (const one of [this.violations, this.noes, this.records, this.news, this.topics.records])
      one.length = 0;
    for (const one of [this.badAddresses, this.promised, this.taken, this.claimed, this.calling]) one.clear();
    (this.webhooks as unknown as { written: Map<string, number> }).written.clear();
    this.provider.calls.length = 0;
    this.provider.accepted.clear();
    this.provider.queue = (envelope) => this.beforeCall(envelope);
    this.provider.answer = (envelope) => this.begin(envelope, missing);
  }

  /** Someone whom marketing may reach by mail and by text. */
  async someone(id = 'anna'): Promise<Customer> {
    const known = await this.customers.find(T, id);
    if (known !== null) return known;
    const after = {
      ...newCustomer(T, id, NOW),
      ...{ email: MAIL, phone: id === 'anna' ? PHONE : null },
      softOptIns: [
        { channel: 'email' as const, address: MAIL, at: NOW },
        { channel: 'phone' as const, address: PHONE, at: NOW },
      ],
    };
    return (await this.customers.write([{ before: null, after }])).get(id)!;
  }

  /** Anna has chosen both by name: where the one goes, the other is left. */
  async agreed(): Promise<void> {
    await this.someone();
    const yes = (['email', 'sms'] as const).map((channel) => said({ state: 'given', channel }));
    const at = new Date(NOW.getTime() - 3_600_000);
    await this.withdraw.hearChoices(T, 'anna', yes, { id: 'yes', at, recordedAt: at, via: 'page' });
  }

  /** A cart that was left behind, to be spoken of now. */
  async marketing(n: number, customer = 'anna', cart = `c${n}`): Promise<MessageRow> {
    await this.someone(customer);
    const row = messageRow({
      ...{ _id: `${T}/${customer}/abandoned-booking/${n}`, customer, step: String(n) },
      ...{ journey: 'abandoned-booking', purpose: 'abandoned-booking', template: 'abandoned-booking' },
      ...{ stream: 'marketing', dueClass: 'marketing', booking: null, cart, gen: '0', generation: null },
      ...{ subject: { kind: 'cart', id: cart }, dueAt: NOW },
    });
    await this.messages.insertPlanned([row]);
    return row;
  }

  /** A booking that is confirmed, to be said now. */
  async service(n: number, customer = 'anna'): Promise<MessageRow> {
    await this.someone(customer);
    await this.booking({ booking: `b${n}`, customer });
    const row = messageRow({
      ...{ _id: `${T}/${customer}/confirmation/now/b${n}/v1`, customer },
      ...{ booking: `b${n}`, subject: { kind: 'booking', id: `b${n}` }, dueAt: NOW },
    });
    await this.messages.insertPlanned([row]);
    return row;
  }

  async release(rows: readonly MessageRow[]): Promise<void> {
    await this.releaseDue.release(rows, this.clock.now());
  }

  /** The records that are there, the new ones fetched. */
  due(): DueRecord[] {
    for (const { tenant, id, release } of this.topics.take()) {
      this.records.push({ due: { tenant, id, release }, deliveries: 1, isCommitted: false, holders: 0 });
    }
    return this.records.filter((record) => !record.isCommitted);
  }

  /** One delivery: the dispatcher's part, then the commit. */
  async deliver(batch: readonly DueRecord[]): Promise<void> {
    for (const record of batch) record.holders += 1;
    const verdicts = await this.dispatch.run(
      this.tenant,
      batch.map(({ due, deliveries }) => ({ ...due, deliveries })),
    );
    await stop('topic.commit', 'topic', () => Promise.resolve());
    batch.forEach((record, index) => {
      if (verdicts[index]?.kind === 'done') record.isCommitted = true;
      else record.deliveries += 1;
    });
  }

  /** The account's webhooks flow, as of now: what is in doubt and may be said twice is said again. */
  async resolveUnknown(now = this.clock.now()): Promise<void> {
    for (const account of ['mail', 'sms']) await this.webhooks.noteLast(T, account, now);
    if ((await this.resolve.runOnce(now)).resent > 0) this.note('sent once more');
  }

  /** Nothing goes wrong any more: what is open is seen to its end. */
  async settleAll(): Promise<void> {
    const repair = this.repairer();
    for (let round = 0; round < 8; round++) {
      await this.releaseDue.runOnce(this.clock.now());
      for (let left = this.due(); left.length > 0; left = this.due()) await this.deliver(left);
      if ((await this.rowsOfAll()).every((row) => !this.isOpen(row))) return;
      await repair.runOnce(this.clock.now());
      this.clock.pass(Math.max(SENDING_STUCK_MS, RELEASED_STUCK_MS));
      await repair.runOnce(this.clock.now());
    }
  }

  /** What a booking system tells; what it is answered for must be there. */
  async tell(news: News): Promise<void> {
    this.newest = Math.max(
      this.newest,
      (news.data as { booking?: { version?: number } }).booking?.version ?? 0,
    );
    for (const id of (await this.one(news)).planned) this.promised.add(id);
  }

  /** One delivery of what was told: it is heard, then committed. */
  async consume(): Promise<void> {
    const record = this.news.find(({ isCommitted }) => !isCommitted);
    if (record === undefined) return;
    const commit = (): Promise<void> =>
      stop('topic.commit', 'topic', () => {
        record.isCommitted = true;
        return Promise.resolve();
      });
    const isFirst = this.steps.missing.commitsFirst === true;
    if (isFirst) await commit();
    await this.tell(record.event);
    if (!isFirst) await commit();
  }

  /** What must hold at the end, whatever happened. */
  async checkEnds(): Promise<void> {
    const rows = await this.rowsOfAll();
    for (const id of this.promised) {
      if (!rows.some(({ _id }) => _id === id)) this.violations.push(`lost: promised and not there: ${id}`);
    }
    for (const row of rows) {
      const { _id, status, reason } = row;
      const times = this.taken.get(_id) ?? 0;
      const resent = resends(row);
      this.note(`ends ${status}${reason === null ? '' : ` (${reason})`}`);
      const wrong = (what: string): number => this.violations.push(`${what}: ${_id} ${status} ${reason}`);
      if (status === 'accepted' && times === 0) wrong('lost: nobody has it');
      if (times > 0 && resent === 0 && !['accepted', 'delivered', 'unknown'].includes(status))
        wrong('sent, and not said so');
      if (status === 'accepted' && row.history.some((step) => step.status === 'delivered'))
        wrong('moved back');
      if (status === 'unknown' && row.attempts.length === 0) wrong('unknown without a try');
      if (this.isOpen(row)) wrong('does not end');
      if (status === 'expired') wrong('lost: it expired');
      if ((status === 'cancelled' || status === 'refused') && !this.mayEnd(row))
        wrong('lost: ended without a cause');
      const told = row.attempts.map(({ outcome }) => outcome);
      if (status === 'failed' && !told.some((one) => one === 'rejected' || one === 'bad-address')) {
        wrong('lost: failed without a cause');
      }
    }
  }

  private async rowsOfAll(): Promise<MessageRow[]> {
    const of = (customer: string): Promise<MessageRow[]> => this.messages.findOfCustomer(T, customer, 100);
    return [...(await of('anna')), ...(await of('bo'))];
  }

  /** Something is still to happen to it by now. */
  private isOpen({ status, dueAt }: MessageRow): boolean {
    if (status === 'planned') return dueAt !== null && dueAt <= this.clock.now();
    return status === 'released' || status === 'sending';
  }

  private mayEnd(row: MessageRow): boolean {
    if (this.noes.some((no) => no.ends(row))) return true;
    if (row.booking === 'n9' && row.gen !== `v${this.newest}`) return true;
    // What asks back has no text here.
    if (row.journey === 'double-opt-in') return true;
    if (row.reason === 'capped') {
      return row.stream === 'marketing' && this.tenant.policy.caps.marketing.max < 5;
    }
    return row.reason === 'suppressed' && this.badAddresses.size > 0;
  }

  /** The last moment before the permit is looked at: whether the row says that it is being sent. */
  private beforeCall({ message, ref }: Envelope): Promise<void> {
    return stop('provider.call', 'call', async () => {
      const row = await aside(() => this.rowOf(message));
      this.claimed.set(ref, row.status === 'sending' && row.attempts.at(-1)?.ref === ref);
    });
  }

  private async begin(envelope: Envelope, missing: Missing): Promise<Outcome> {
    const { message, ref, purpose } = envelope;
    this.note('a call');
    if (this.claimed.get(ref) !== true) this.violations.push(`a call without its claim: ${message}`);
    if (this.noes.some((no) => no.isAnswered && no.concerns(envelope))) {
      this.violations.push(`a call after the answered no: ${message}`);
    }
    const own = actor();
    const calls = own === undefined ? null : (this.calling.get(own) ?? new Set());
    if (own !== undefined && calls !== null) this.calling.set(own, calls.add(envelope));
    const { answer, isStill } = await stop('provider.answer', 'answer', async (how) => {
      const told: Answer =
        how === 'go' || how === 'hold' || how === 'lost' || how === 'stale' ? 'accepted' : how;
      if (own?.state !== 'dead') await aside(() => this.take(envelope, told));
      return { answer: told, isStill: own?.state !== 'dead' };
    });
    calls?.delete(envelope);
    if (!isStill) return { kind: 'unknown', reason: 'its process is no more' };
    if (RULES[purpose].stream === 'marketing') this.checkCap(envelope);
    return outcomeOf(missing.hears?.(answer) ?? answer, envelope);
  }

  /** What a provider has in hand from whoever dies now. */
  callsOf(one: Actor): readonly Envelope[] {
    return [...(this.calling.get(one) ?? [])];
  }

  /** From now on a primary that is none any more may answer as things stand now. */
  async rememberNow(): Promise<void> {
    if (this.steps.remembers) return;
    await this.steps.remember(this.connection);
  }

  /** It is with the provider now, or not. */
  async take({ message, to }: Pick<Envelope, 'message' | 'to'>, answer: Answer): Promise<void> {
    this.note(`the provider says ${answer}`);
    if (answer === 'bad-address') this.badAddresses.add(to);
    if (answer !== 'accepted' && answer !== 'timeout-sent') return;
    const times = (this.taken.get(message) ?? 0) + 1;
    this.taken.set(message, times);
    const row = await this.rowOf(message);
    const allowed = RULES[row.purpose].unknown === 'resend' ? 1 + resends(row) : 1;
    if (times > allowed) this.violations.push(`sent ${times} times: ${message}`);
  }

  private checkCap({ message }: Envelope): void {
    const [tenant, customer] = message.split('/');
    const own = [...this.taken].filter(([id]) => id.startsWith(`${tenant}/${customer}/abandoned-booking/`));
    const count = own.reduce((sum, [, times]) => sum + times, 0);
    if (count > this.tenant.policy.caps.marketing.max)
      this.violations.push(`over the cap: ${count} to ${customer}`);
  }
}

/** How often it went out again because nobody knew. */
const resends = ({ history }: MessageRow): number =>
  history.filter(({ why }) => why?.endsWith('once more') === true).length;

function outcomeOf(answer: Answer, { ref }: Envelope): Outcome {
  switch (answer) {
    case 'accepted':
      return { kind: 'accepted', providerId: `p-${ref}` };
    case 'try-later':
      return { kind: 'retry-at', afterMs: 0, reason: '429' };
    case 'timeout-sent':
    case 'timeout-unsent':
      return { kind: 'unknown', reason: 'timeout' };
    case 'rejected':
    case 'bad-address':
      return { kind: answer, reason: answer };
  }
}
