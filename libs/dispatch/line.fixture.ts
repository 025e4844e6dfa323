import type mongoose from 'mongoose';
import type { Envelope, Outcome } from '#channels/outcome';
import { Sender } from '#channels/sender';
import { Senders } from '#channels/senders';
import { LinkTokens } from '#consent/link-token';
import { PauseStore } from '#consent/pause.store';
import { newCustomer } from '#customers/customer.types';
import type { Booking } from '#customers/booking.types';
import { bookingKey } from '#customers/booking.types';
import { openEmbeddedStore, type EmbeddedStore } from '#embedded/embedded-store';
import { Backlog, type Standing } from '#messaging/backlog';
import { EventSink, type OutRecord } from '#messaging/event-sink';
import { StoppedClock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import { connectMongo } from '#platform/mongo';
import { CLINIC, Ledger, NOW } from '#privacy/ledger.fixture';
import type { Channel } from '#purposes/channel';
import type { Stream } from '#purposes/stream';
import type { RenderInput } from '#rendering/rendered';
import type { Templates } from '#rendering/templates';
import { accountsOf, Tenants, type Tenant } from '#tenants/tenant';
import { ApplyReceipt } from './apply-receipt.js';
import { DispatchBatch } from './dispatch-batch.js';
import type { Due } from './due.types.js';
import { Links } from './links.js';
import { LateOutcomes } from './late-outcomes.js';
import { LoadFacts } from './load-facts.js';
import { MeansOfHouse } from './means.js';
import { ReleaseDue } from './release-due.js';
import { RepairStuck } from './repair-stuck.js';
import { Standings, type Script } from './standings.js';

/** The world outside: what was asked of the provider, whatever became of the process that asked. */
export class Provider {
  readonly calls: (Envelope & { begunMono: number })[] = [];
  /** What it answers; `accepted` if nothing else was said. A promise that never settles is a hang. */
  answer: (envelope: Envelope, call: number) => Outcome | Promise<Outcome> = (envelope) => accepted(envelope);
  /** What passes between the claim and the call: a slow process, no slot free. */
  queue: (envelope: Envelope) => Promise<void> = () => Promise.resolve();
  /** Which channels there are. */
  channels: readonly Channel[] = ['email', 'sms'];
  /** A sender's accounts, in order; null: as the tenant's file says. */
  accounts: readonly string[] | null = null;

  /** How often each message was taken. */
  accepted = new Map<string, number>();
}

export const accepted = (envelope: Envelope): Outcome => ({
  kind: 'accepted',
  providerId: `p-${envelope.ref}`,
});

/** A broker's topics, outliving the process that produced: messages wait until a test takes them. */
export class HeldTopics extends Backlog {
  private made = 0;
  readonly records: (Due & { topic: string; key: string | null; deliveries: number })[] = [];

  add(topic: string, key: string | null, due: Due): void {
    this.made += 1;
    this.records.push({ ...due, topic, key, deliveries: 1 });
  }

  take(most = 100): (Due & { deliveries: number })[] {
    return this.records.splice(0, most);
  }

  /** One partition for all of them. */
  override standing(): Promise<Standing> {
    const end = BigInt(this.made);
    return Promise.resolve(new Map([[0, { end, handledTo: end - BigInt(this.records.length) }]]));
  }
}

class HeldSink extends EventSink {
  constructor(
    private readonly topics: HeldTopics,
    private readonly ledger: Ledger,
  ) {
    super();
  }

  produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    return this.ledger.faults.call(async () => {
      for (const { key, value } of records) {
        const due = JSON.parse(value.toString()) as Due;
        this.topics.add(topic, key, due);
      }
    });
  }
}

class ScriptedSender extends Sender {
  constructor(
    private readonly provider: Provider,
    private readonly ledger: Ledger,
    account: string,
  ) {
    super({ account, clock: ledger.clock, slots: 256 });
  }

  protected override deliver(envelope: Envelope): Promise<Outcome> {
    const { provider } = this;
    return this.ledger.faults.call(async () => {
      provider.calls.push({ ...envelope, begunMono: this.clock.mono() });
      const outcome = await provider.answer(envelope, provider.calls.length);
      if (outcome.kind === 'accepted') {
        provider.accepted.set(envelope.message, (provider.accepted.get(envelope.message) ?? 0) + 1);
      }
      return outcome;
    });
  }
}

/** Real permits, real slots, real breakers, the real choice of an account; only the provider is played. */
class ScriptedSenders extends Senders {
  private readonly byName = new Map<string, ScriptedSender>();

  constructor(
    private readonly provider: Provider,
    private readonly ledger: Ledger,
  ) {
    super({ tenants: new Tenants([]), clock: ledger.clock, mode: { mode: 'capture' }, inbox: ledger.inbox });
  }

  override allowed(): boolean {
    return true;
  }

  override async send(...[permit, envelope]: Parameters<Senders['send']>): Promise<Outcome> {
    await this.provider.queue(envelope);
    return super.send(permit, envelope);
  }

  /** Breakers as of a new process. */
  forget(): void {
    this.byName.clear();
  }

  protected override sendersFor(tenant: string, stream: Stream, channel: Channel): Sender[] {
    if (!this.provider.channels.includes(channel)) return [];
    const senders =
      channel === 'email' || channel === 'sms' ? this.ledger.tenants.get(tenant)?.senders : undefined;
    const named = accountsOf(senders?.[stream][channel as 'email' | 'sms']);
    const accounts = this.provider.accounts ?? (named.length > 0 ? named : ['scripted']);
    return accounts.map((name) => {
      const sender = this.byName.get(name) ?? new ScriptedSender(this.provider, this.ledger, name);
      this.byName.set(name, sender);
      return sender;
    });
  }
}

const NAMES = [
  'booking-confirmation',
  'booking-change',
  'booking-cancellation',
  'booking-reminder',
  'abandoned-booking',
  'survey',
];

/** What the definitions of the journeys say. */
const SCRIPTS: Record<string, Script> = {
  change: { steps: 1, opening: 'booking-confirmation' },
  'abandoned-booking': { steps: 2, opening: null },
};

/** Says which template and for which time: enough to tell what went out. */
const templates = {
  names: () => NAMES,
  render: ({ template, channel, booking, isLast }: RenderInput) => ({
    kind: 'rendered',
    content: {
      ...(channel === 'email' ? { subject: template } : {}),
      text: `${template} ${booking?.startsAt?.toISOString() ?? ''}${isLast === true ? ' last' : ''}`,
      attachments: [],
      template,
      version: '0123456789ab',
      locale: 'sv',
    },
  }),
} as unknown as Templates;

/** The dispatcher and the scheduler of one process, on a ledger; provider and topics outlive it. */
export class Line extends Ledger {
  readonly releaseDue;
  readonly repairStuck;
  readonly applyReceipt;
  readonly facts;
  readonly pauses;
  readonly means;
  readonly dispatch;
  readonly late;
  private readonly senders: ScriptedSenders;

  protected constructor(
    store: EmbeddedStore,
    connection: mongoose.Connection,
    clock: StoppedClock,
    readonly provider: Provider,
    readonly topics: HeldTopics,
  ) {
    super(store, connection, clock);
    const senders = new ScriptedSenders(provider, this);
    this.senders = senders;
    const links = new Links(
      new LinkTokens(['a secret of thirty-two characters']),
      this.codes,
      this.ring,
      () => 'https://m.example.se',
    );
    this.releaseDue = new ReleaseDue(this.messages, new HeldSink(topics, this), this.tenants);
    this.repairStuck = new RepairStuck(this.messages, this.releaseDue, topics, clock);
    this.applyReceipt = new ApplyReceipt(this.messages, this.withdraw, this.campaignRows, clock);
    this.pauses = new PauseStore(connection);
    this.facts = new LoadFacts(this.customers, this.bookings, this.suppressions, this.messages, this.pauses);
    this.means = new MeansOfHouse(senders, templates);
    this.late = new LateOutcomes(this.messages);
    this.dispatch = new DispatchBatch(
      this.messages,
      this.customers,
      this.facts,
      templates,
      links,
      new Standings(this.messages, (journey) => SCRIPTS[journey] ?? null),
      senders,
      this.withdraw,
      this.means,
      clock,
      { lateness: () => undefined } as unknown as Metrics,
      this.late,
    );
  }

  static override async open(): Promise<Line> {
    const store = await openEmbeddedStore({ dataDir: 'memory' });
    const connection = await connectMongo(store.uri);
    return new Line(store, connection, new StoppedClock(NOW), new Provider(), new HeldTopics()).first();
  }

  override async another(): Promise<Line> {
    const connection = await connectMongo(this.store.uri);
    return new Line(this.store, connection, this.clock, this.provider, this.topics).ready();
  }

  override async clear(): Promise<void> {
    await super.clear();
    this.topics.records.length = 0;
    this.provider.calls.length = 0;
    this.provider.accepted.clear();
    this.provider.answer = accepted;
    this.provider.queue = () => Promise.resolve();
    this.provider.channels = ['email', 'sms'];
    this.provider.accounts = null;
    this.senders.forget();
  }

  tenantOf(id: string): Tenant {
    const tenant = this.tenants.get(id);
    if (tenant === undefined) throw new Error(`no tenant ${id}`);
    return tenant;
  }

  /** Hands over what is on the due topics until nothing is; as the lanes do, which repeat what is to be retried. */
  async drain(): Promise<void> {
    for (let taken = this.topics.take(); taken.length > 0; taken = this.topics.take()) {
      for (const id of new Set(taken.map((due) => due.tenant))) {
        const own = taken.filter((due) => due.tenant === id);
        const verdicts = await this.dispatch.run(this.tenantOf(id), own).catch((error: unknown) => {
          // What a lost process held comes again.
          this.topics.records.unshift(...own.map((due) => ({ ...due, topic: '', key: null })));
          throw error;
        });
        own.forEach((due, index) => {
          if (verdicts[index]?.kind === 'retry-at' && due.deliveries < 3) {
            this.topics.records.push({ ...due, topic: '', key: null, deliveries: due.deliveries + 1 });
          }
        });
      }
    }
  }

  /** Releases what is due by now and sees it through. */
  async runDue(): Promise<void> {
    await this.releaseDue.runOnce(this.clock.now());
    await this.drain();
  }

  /** A confirmed booking of tomorrow, as the ledger keeps it. */
  async booking(changes: Partial<Booking> = {}, tenant = CLINIC.id): Promise<Booking> {
    const id = changes.booking ?? 'b1';
    const after: Booking = {
      _id: bookingKey(tenant, id),
      tenant,
      booking: id,
      customer: 'anna',
      rev: '',
      gen: { version: 1, time: NOW, event: 'e1' },
      status: 'confirmed',
      service: 'Massage',
      startsAt: new Date(NOW.getTime() + 26 * 3_600_000),
      endsAt: null,
      timeZone: null,
      location: null,
      practitioner: null,
      price: null,
      url: null,
      cart: null,
      previousStartsAt: null,
      cancelReason: null,
      sequence: 0,
      createdAt: NOW,
      updatedAt: NOW,
      ...changes,
    };
    await this.bookings.write([{ before: null, after }]);
    return after;
  }

  /** A person with a booking and a confirmation that is due. */
  async confirmation(id = 'anna', changes: Parameters<Line['row']>[0] = {}): Promise<string> {
    const known = await this.customers.find(CLINIC.id, id);
    if (known === null) {
      const after = { ...newCustomer(CLINIC.id, id, NOW), email: `${id}@example.se`, phone: '+46701740605' };
      await this.customers.write([{ before: null, after }]);
    }
    await this.booking({ booking: `b-${id}`, customer: id });
    const row = await this.row({
      customer: id,
      booking: `b-${id}`,
      subject: { kind: 'booking', id: `b-${id}` },
      ...changes,
    });
    return row._id;
  }
}
