import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition, type Transition } from '#messages/transition';
import type { EventSink } from '#messaging/event-sink';
import { NO_TRACING, type Span, type Tracing } from '#platform/tracing';
import type { Tenants } from '#tenants/tenant';
import { CHANNELS } from '#purposes/channel';
import { DUE_CLASSES } from '#purposes/stream';
import { dueTopic, type Due } from './due.types.js';
import { releaseSpan } from './trace-due.js';

/** How many rows one pass looks at. */
const PASS = 1_000;
/** A window of pace: what may be on its way at once is this many seconds' worth (PROTOCOL C2). */
const WINDOW_SECONDS = 2;
/** Messages a second where the tenant's file says nothing. */
const DEFAULT_PACE = { email: 200, sms: 50, other: 10 } as const;

/**
 * Lets rows go whose time has come: `planned` → `released` by compare-and-set, then produced to `messages.due.<class>`.
 * The scheduler runs it over all that is due; ingest runs `release` on what it just planned. Overlap does no harm.
 */
export class ReleaseDue {
  /** Rows, and the release that each may have been given, while the ledger was lost before any topic was told of it. */
  private readonly unsure = new Map<string, { tenant: string; release: number }>();

  constructor(
    private readonly messages: MessageStore,
    private readonly sink: EventSink,
    private readonly tenants: Tenants,
    private readonly tracing: Tracing = NO_TRACING,
  ) {}

  /** One pass over what is due; how many rows were released. */
  async runOnce(now: Date): Promise<number> {
    let released = 0;
    for (;;) {
      const due = await this.messages.findDue(now, PASS);
      const gone = await this.release(due, now);
      released += gone;
      if (due.length < PASS) return released;
      // What its pace holds back fills the page, and must not keep anybody else's waiting.
      if (gone < due.length) return released + (await this.releaseEach(now));
    }
  }

  /** Releases these planned rows as far as the pace lets them; how many went. */
  async release(rows: readonly MessageRow[], now: Date): Promise<number> {
    const planned = rows.filter((row): row is MessageRow & { status: 'planned' } => row.status === 'planned');
    const within = (
      await Promise.all([...byPace(planned).values()].map((group) => this.paced(group)))
    ).flat();
    const moves = within.map((row) =>
      transition(row, 'released', undefined, now, { release: row.release + 1, until: null }),
    );
    await this.tellUnsure();
    const won = await this.apply(moves);
    const released = moves.filter((move) => won.has(move.after._id)).map((move) => move.after);
    try {
      await this.produce(released, now);
    } catch (error) {
      // They wait as before instead of being looked for by repair. Those that were produced after all find another `rev`.
      await this.apply(
        released.map((row) =>
          transition(row as MessageRow & { status: 'released' }, 'planned', 'the topic was away', now),
        ),
      );
      throw error;
    }
    return released.length;
  }

  /** The ids that moved. Where the ledger is lost amid it, some may stand as `released`, with nobody told. */
  private async apply(moves: readonly Transition[]): Promise<Set<string>> {
    try {
      return await this.messages.apply(moves);
    } catch (error) {
      for (const { after } of moves) {
        this.unsure.set(after._id, { tenant: after.tenant, release: after.release });
      }
      throw error;
    }
  }

  /** Tells the topics of what turns out to be released after all: repair would look for it minutes later (PROTOCOL C2). */
  private async tellUnsure(): Promise<void> {
    if (this.unsure.size === 0) return;
    const unsure = [...this.unsure].slice(0, PASS);
    for (const tenant of new Set(unsure.map(([, row]) => row.tenant))) {
      const own = new Map(unsure.filter(([, row]) => row.tenant === tenant));
      const rows = await this.messages.findByIds(tenant, [...own.keys()]);
      await this.produce(
        rows.filter((row) => row.status === 'released' && row.release === own.get(row._id)?.release),
      );
      for (const id of own.keys()) this.unsure.delete(id);
    }
  }

  /** Produces rows that are `released` already: after a crash, or to an in-memory topic that forgot them. */
  async produce(rows: readonly MessageRow[], now?: Date): Promise<void> {
    const byTopic = new Map<string, MessageRow[]>();
    for (const row of rows) {
      const topic = dueTopic(row.dueClass);
      byTopic.set(topic, [...(byTopic.get(topic) ?? []), row]);
    }
    for (const [topic, group] of byTopic) {
      const spans = group.map((row) => releaseSpan(this.tracing, topic, row, now));
      await this.sink
        .produce(
          topic,
          group.map((row, index) => ({
            key: `${row.tenant}/${row.customer}`,
            value: JSON.stringify({ tenant: row.tenant, id: row._id, release: row.release } satisfies Due),
            ...headersOf(spans[index]),
          })),
        )
        .finally(() => spans.forEach((span) => span.end()));
    }
  }

  /** Every `released` row again: what boot does where the due topics live in memory (PROTOCOL C2). */
  async reproduceAll(): Promise<number> {
    let count = 0;
    for (let after: string | null = null; ;) {
      const page: MessageRow[] = await this.messages.pageByStatus('released', after, PASS);
      await this.produce(page);
      count += page.length;
      const last = page.at(-1);
      if (last === undefined || page.length < PASS) return count;
      after = last._id;
    }
  }

  /** Of each tenant, class and channel by itself what its pace has room for. */
  private async releaseEach(now: Date): Promise<number> {
    let released = 0;
    for (const { id: tenant } of this.tenants.all()) {
      for (const dueClass of DUE_CLASSES) {
        for (const channel of CHANNELS) {
          const of = { tenant, dueClass, channel };
          released += await this.release(await this.messages.findDueOf(of, now, PASS), now);
        }
      }
    }
    return released;
  }

  private async paced<Row extends MessageRow>(group: readonly Row[]): Promise<readonly Row[]> {
    const first = group[0];
    if (first === undefined) return group;
    const { tenant, stream, channel, dueClass } = first;
    const senders = this.tenants.get(tenant)?.senders[stream];
    const configured = channel === 'email' || channel === 'sms' ? senders?.[channel]?.perSecond : undefined;
    const pace =
      configured ?? (channel === 'email' || channel === 'sms' ? DEFAULT_PACE[channel] : DEFAULT_PACE.other);
    const onTheWay = await this.messages.countOnTheWay({ tenant, channel, dueClass });
    return group.slice(0, Math.max(0, Math.ceil(pace * WINDOW_SECONDS) - onTheWay));
  }
}

const headersOf = (span: Span | undefined): { headers?: Record<string, string> } =>
  span?.traceparent === undefined ? {} : { headers: { traceparent: span.traceparent } };

function byPace<Row extends MessageRow>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.tenant}/${row.channel}/${row.dueClass}/${row.stream}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
