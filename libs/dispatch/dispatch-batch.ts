import type { Outcome } from '#channels/outcome';
import type { Senders } from '#channels/senders';
import type { CustomerStore } from '#customers/customer.store';
import { digestOf } from '#messages/in-doubt';
import type { Attempt, MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition, type Transition } from '#messages/transition';
import type { Verdict } from '#messaging/event-source';
import type { Clock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import { isLostServer } from '#platform/mongo';
import type { Withdraw } from '#privacy/withdraw';
import { ADDRESS_KIND } from '#purposes/channel';
import { RULES } from '#purposes/purposes';
import type { Templates } from '#rendering/templates';
import type { Tenant } from '#tenants/tenant';
import { compose, type Composed, type Permitted } from './compose.js';
import { decide, type Decided, type Means } from './decide.js';
import type { Due, DueHeard } from './due.types.js';
import type { Links } from './links.js';
import { type LoadFacts, missingFact } from './load-facts.js';
import { type InDoubt, type Late, type LateOutcomes, neverCalled } from './late-outcomes.js';
import { placesOf } from './places.js';
import { partsOf, portionOf, withoutHeirs, withRoom } from './portion.js';
import { outcomeMove, type Sending } from './record-outcome.js';
import { Recorder } from './recorder.js';
import type { Standings } from './standings.js';
import { stopMove } from './stop-move.js';
import { callTrace } from './trace-due.js';

/** How often one call starts over for what lost a race, before the rest waits for its lane to come round. */
const PASSES = 3;
/** How long a row waits that lost all of them. */
const RACE_WAIT_MS = 2_000;
/** A missing fact is looked for this often before the gate decides without it. */
const FACT_TRIES = 3;

/** A message on its way: permitted, rendered, reserved and claimed. */
interface Ready extends Composed {
  claimed: Sending;
}

/**
 * The line's last part (PROTOCOL A): load, ask, render, reserve, claim, send, record. The caller commits afterwards.
 * Nothing here is remembered between passes; a crash anywhere leaves rows that repair or the next delivery takes up. Where
 * the ledger is lost, what this process knows of a call is kept and written later (LateOutcomes).
 */
export class DispatchBatch {
  constructor(
    private readonly messages: MessageStore,
    private readonly customers: CustomerStore,
    private readonly facts: LoadFacts,
    private readonly templates: Templates,
    private readonly links: Links,
    private readonly standings: Standings,
    private readonly senders: Senders,
    private readonly withdraw: Withdraw,
    private readonly means: Means,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly late: LateOutcomes,
  ) {}

  /**
   * Sends what the gate permits; one verdict for each due record, in order.
   * @param stopping says that the process ends: no pass begins after it, and what had none is `left` as it lies
   * @param giveWay is called once all its calls are under way, and the accounts that they go by have slots to spare
   */
  async run(
    tenant: Tenant,
    batch: readonly DueHeard[],
    stopping?: AbortSignal,
    giveWay?: () => void,
  ): Promise<Verdict[]> {
    // Of two records of one row the later release counts; the other is stale.
    const latest = new Map<string, DueHeard>();
    for (const due of batch) {
      const other = latest.get(due.id);
      if (other === undefined || other.release <= due.release) latest.set(due.id, due);
    }
    const missing = new Map<string, string>();
    const outpaced = new Map<string, string>();
    const left: DueHeard[] = [];
    const waiting = [{ dues: [...latest.values()], passes: 0 }];
    while (stopping?.aborted !== true) {
      const next = waiting.shift();
      if (next === undefined) break;
      const { dues, passes } = next;
      const again = await this.pass(tenant, dues, waiting.length === 0 ? giveWay : undefined);
      for (const [id, fact] of again.missing) missing.set(id, fact);
      for (const { message, customer } of again.claims) outpaced.set(message, customer);
      const lost = dues.filter(({ id }) => again.lost.has(id));
      if (passes + 1 >= PASSES) left.push(...lost);
      else if (lost.length > 0) waiting.push({ dues: lost, passes: passes + 1 });
      // A part of so many finds room for all of them.
      const over = partsOf(dues.filter(({ id }) => again.over.has(id)));
      waiting.push(...over.map((part) => ({ dues: part, passes })));
    }
    await this.freePlaces(tenant, outpaced);
    const stuck = await this.putOff(tenant, left);
    const unbegun = new Set(waiting.flatMap(({ dues }) => dues.map(({ id }) => id)));
    return batch.map(({ id }) => {
      if (unbegun.has(id)) return { kind: 'left' };
      const fact = missing.get(id);
      if (fact !== undefined) return { kind: 'retry-at', reason: `its ${fact} was not found` };
      return stuck.has(id) ? { kind: 'retry-at', reason: 'lost the race for its facts' } : { kind: 'done' };
    });
  }

  /** One pass; what lost a race and starts over (then it gives no way), what found no room, what waits for its facts. */
  private async pass(
    tenant: Tenant,
    batch: readonly DueHeard[],
    giveWay?: () => void,
  ): Promise<{
    lost: ReadonlySet<string>;
    over: ReadonlySet<string>;
    missing: ReadonlyMap<string, string>;
    claims: readonly { message: string; customer: string }[];
  }> {
    const started = this.clock.mono();
    const { rows, over } = portionOf(await this.released(tenant.id, batch), this.means);
    if (rows.length === 0) return { lost: new Set(), over, missing: new Map(), claims: [] };
    const now = this.clock.now();
    const facts = await this.facts.load(tenant.id, rows, now);
    const patient = new Set(batch.filter((due) => due.deliveries < FACT_TRIES).map((due) => due.id));
    const missing = new Map(
      rows.flatMap((row) => {
        const fact = patient.has(row._id) ? missingFact(row, facts) : null;
        return fact === null ? [] : [[row._id, fact] as const];
      }),
    );
    const known = rows.filter((row) => !missing.has(row._id));

    const decided = decide(known, facts, tenant.policy, this.means, now, started);
    const said = withoutHeirs(await this.composeAll(tenant, decided, now), over);
    const { composed, stopped } = withRoom(said, over);
    const { free, doubles } = await this.takeAddresses(tenant, composed, now);
    const lostStops = await this.stop([...stopped, ...doubles]);
    const { kept, lost: lostPlaces } = await this.reserve(tenant, free, now);
    const { ready, lost: lostClaims } = await this.claim(kept, now);
    const lost = new Set([...lostStops, ...lostPlaces, ...lostClaims.map(({ message }) => message)]);
    await this.send(tenant, ready, batch, lost.size + over.size === 0 ? giveWay : undefined);
    return { lost, over, missing, claims: lostClaims };
  }

  /** A4, lost too often: its time comes again, shortly, as a row (PROTOCOL C5). The ids for which that was lost too. */
  private async putOff(tenant: Tenant, left: readonly Due[]): Promise<Set<string>> {
    if (left.length === 0) return new Set();
    const now = this.clock.now();
    const moves = (await this.released(tenant.id, left)).map((row) =>
      transition(row as MessageRow & { status: 'released' }, 'planned', 'lost the race for its facts', now, {
        dueAt: new Date(now.getTime() + RACE_WAIT_MS),
      }),
    );
    return new Set(await this.stop(moves));
  }

  /** A place that was taken for a message which ended unsent before it was claimed would count against the caps. */
  private async freePlaces(tenant: Tenant, outpaced: ReadonlyMap<string, string>): Promise<void> {
    const rows = await this.messages.findByIds(tenant.id, [...outpaced.keys()]);
    await this.customers.giveBack(
      tenant.id,
      rows.flatMap(({ _id, status, customer }) =>
        status === 'cancelled' || status === 'refused' || status === 'expired'
          ? [{ customer, message: _id }]
          : [],
      ),
    );
  }

  /** A1: the rows that are still `released`, and by the release that this record names; in the batch's order. */
  private async released(tenant: string, batch: readonly Due[]): Promise<MessageRow[]> {
    const rows = new Map(
      (
        await this.messages.findByIds(
          tenant,
          batch.map((due) => due.id),
        )
      ).map((row) => [row._id, row]),
    );
    return batch.flatMap((due) => {
      const row = rows.get(due.id);
      return row?.status === 'released' && row.release === due.release ? [row] : [];
    });
  }

  /** A3: what may go is rendered; the rest gets its move. */
  private async composeAll(
    tenant: Tenant,
    decided: readonly Decided[],
    now: Date,
  ): Promise<{ composed: Composed[]; stopped: Transition[] }> {
    const permitted = decided.filter((one): one is Permitted => one.kind === 'send');
    const [links, wrapping, standings] = await Promise.all([
      this.links.forMessages(tenant, permitted),
      this.links.wrapping(tenant),
      this.standings.of(
        tenant,
        permitted.map(({ row }) => row),
      ),
    ]);
    const composed: Composed[] = [];
    const stopped: Transition[] = [];
    for (const one of decided) {
      if (one.kind !== 'send') {
        stopped.push(stopMove(one, now));
        continue;
      }
      const { _id, template } = one.row;
      const standing = standings.get(_id) ?? { template, isLast: false };
      const wrap = one.measured ? wrapping(one.ref) : null;
      const result = compose(this.templates, tenant, one, links.get(_id) ?? {}, standing, now, wrap);
      if (result.kind === 'composed') {
        composed.push(result.composed);
        continue;
      }
      const trace = [
        ...one.trace,
        { check: 'valid-template', saw: result.problem, passed: false, channel: one.channel },
      ];
      stopped.push(
        stopMove(
          { kind: 'refuse', row: one.row, reason: 'invalid-template', trace, channel: one.channel },
          now,
        ),
      );
    }
    return { composed, stopped };
  }

  /** C7: an address once a campaign. Who was permitted and finds it taken meanwhile is a double after all. */
  private async takeAddresses(
    tenant: Tenant,
    composed: readonly Composed[],
    now: Date,
  ): Promise<{ free: Composed[]; doubles: Transition[] }> {
    const holders = await this.facts.claimAddresses(
      tenant.id,
      composed.map(({ permitted }) => permitted),
    );
    const holderOf = ({ permitted: { row } }: Composed): string => holders.get(row._id) ?? row._id;
    return {
      free: composed.filter((one) => holderOf(one) === one.permitted.row._id),
      doubles: composed.flatMap((one) => {
        const { row, channel, trace } = one.permitted;
        const holder = holderOf(one);
        if (holder === row._id) return [];
        const seen = { check: 'not-duplicate', saw: `of ${holder}`, passed: false, channel };
        const refused = { kind: 'refuse' as const, row, reason: 'duplicate' as const, channel };
        return [stopMove({ ...refused, trace: [...trace, seen] }, now)];
      }),
    };
  }

  private async stop(moves: readonly Transition[]): Promise<string[]> {
    const won = await this.messages.apply(moves);
    return moves.map((move) => move.after._id).filter((id) => !won.has(id));
  }

  /** A4: a place in the customer's `sends`, by compare-and-set on the customer that the gate saw. */
  private async reserve(
    tenant: Tenant,
    composed: readonly Composed[],
    now: Date,
  ): Promise<{ kept: Composed[]; lost: string[] }> {
    const won = await this.customers.reserve(placesOf(composed, tenant, now));
    const isKept = (one: Composed): boolean => won.has(one.permitted.customer.customer);
    return {
      kept: composed.filter(isKept),
      lost: composed.filter((one) => !isKept(one)).map((one) => one.permitted.row._id),
    };
  }

  /** A5: the row itself, still `released` and still as it was read. */
  private async claim(
    composed: readonly Composed[],
    now: Date,
  ): Promise<{ ready: Ready[]; lost: { message: string; customer: string }[] }> {
    const moves = composed.map(({ permitted, content, envelope }) => {
      const { row, ref, channel, account, trace } = permitted;
      const attempt: Attempt = {
        n: row.attempts.length + 1,
        ref,
        channel,
        ...(account === null ? {} : { account }),
        at: now,
        outcome: null,
        providerId: null,
        // By it a text is found in Twilio's list; no mail provider has one.
        ...(channel === 'sms' ? { said: digestOf(ref, envelope.content.text) } : {}),
      };
      const move = transition(
        row as MessageRow & { status: 'released' },
        'sending',
        undefined,
        now,
        { channel, trace, content, reason: null, until: null },
        { push: { attempts: attempt } },
      );
      move.after.attempts = [...row.attempts, attempt];
      return move;
    });
    const won = await this.messages.apply(moves).catch((error: unknown) => {
      if (isLostServer(error))
        this.late.keep(composed.map(({ permitted: { row, ref } }) => neverCalled(row, ref)));
      throw error;
    });
    const ready: Ready[] = [];
    const lost: { message: string; customer: string }[] = [];
    composed.forEach((one, index) => {
      const after = moves[index]?.after;
      if (after !== undefined && won.has(after._id)) ready.push({ ...one, claimed: after as Sending });
      else lost.push({ message: one.permitted.row._id, customer: one.permitted.row.customer });
    });
    return { ready, lost };
  }

  /** A6 and A7: the calls, as many at once as there are sockets, and their outcomes as they come, in bulk. */
  private async send(
    tenant: Tenant,
    ready: readonly Ready[],
    batch: readonly DueHeard[],
    giveWay?: () => void,
  ): Promise<void> {
    if (ready.length === 0) return;
    const recorder = new Recorder(this.messages, this.late);
    const spans = new Map(batch.map((due) => [due.id, due.traceparent]));
    const items = ready.map((one) => {
      const trace = callTrace(one.claimed, spans.get(one.claimed._id));
      const envelope = trace === undefined ? one.envelope : { ...one.envelope, trace };
      return { permit: one.permitted.permit, envelope, one };
    });
    const tell = async ({ one }: (typeof items)[number], outcome: Outcome): Promise<void> => {
      const now = this.clock.now();
      const told: Late = {
        ...{ tenant: tenant.id, message: one.claimed._id, ref: one.permitted.ref },
        providerId: outcome.kind === 'accepted' ? outcome.providerId : null,
        // Repair may have called it `unknown` already, and so does this outcome.
        move: async (row, at) =>
          row.status === outcome.kind ? null : this.moveAfter(tenant.id, one, row, outcome, at),
      };
      // What has to be written before it may find the ledger lost, too.
      const move = await this.moveAfter(tenant.id, one, one.claimed, outcome, now).catch((error: unknown) => {
        if (isLostServer(error)) this.late.keep([told]);
        throw error;
      });
      recorder.add(move, told);
      const { dueClass, dueAt } = one.claimed;
      if (dueAt !== null) this.metrics.lateness(dueClass, (now.getTime() - dueAt.getTime()) / 1_000);
    };
    try {
      await this.senders.sendAll(items, tell, giveWay);
    } finally {
      // Whatever one of them threw, what the others were told is written.
      await recorder.flushed();
    }
  }

  /** A7: what an outcome asks of the row, after what it says of the person: an address to suppress, a place given back. */
  private async moveAfter(
    tenant: string,
    one: Ready,
    row: InDoubt,
    outcome: Outcome,
    now: Date,
  ): Promise<Transition> {
    if (outcome.kind === 'bad-address' || outcome.kind === 'opted-out') {
      await this.suppress(tenant, one, outcome);
    }
    const { customer, channel } = one.permitted;
    const { _id: message, stream, attempts: tried, purpose } = one.claimed;
    const otherAddress = channel === 'email' ? customer.phone : customer.email;
    const other = {
      channel: !RULES[purpose].stoppedByChoice && otherAddress !== null && one.claimed.fixedChannel !== true,
      account: this.senders.passOn({ message, tenant, stream, channel, tried }, outcome),
    };
    const move = outcomeMove(row, outcome, other, now);
    if (move.after.status === 'failed') {
      await this.customers.giveBack(tenant, [{ customer: customer.customer, message }]);
    }
    return move;
  }

  /** What the provider says of an address holds for every later message to it. */
  private async suppress(tenant: string, one: Ready, outcome: Outcome): Promise<void> {
    const kind = ADDRESS_KIND[one.permitted.channel];
    if (kind !== 'email' && kind !== 'phone') return;
    await this.withdraw.suppressAddress(tenant, {
      kind,
      address: one.permitted.address,
      channel: one.permitted.channel,
      scope: outcome.kind === 'opted-out' ? one.claimed.stream : 'all',
      cause: outcome.kind === 'opted-out' ? 'stop' : 'bad-address',
      except: one.claimed._id,
      answers: false,
    });
  }
}
