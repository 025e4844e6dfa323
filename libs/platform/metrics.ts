import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const MOST_VALUES = 200;

/**
 * Everything that is counted, on one registry a process, served at `/metrics`. Labels are words of ours: tenants'
 * and accounts' names of the files, purposes, reasons, topics. What a sender of events or a customer chose never
 * becomes a label: a value that is not plain, or one too many of its label, counts as `other`.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly seen = new Map<string, Set<string>>();

  private readonly messages = this.counter('lagom_messages_total', 'Rows of the ledger by where they moved', [
    'tenant',
    'purpose',
    'channel',
    'status',
    'reason',
  ]);
  private readonly events = this.counter(
    'lagom_events_total',
    'Events heard, by type and what became of them',
    ['type', 'outcome'],
  );
  private readonly deadLetters = this.counter('lagom_dead_letters_total', 'What was put aside as poison', [
    'topic',
  ]);
  private readonly cards = this.counter(
    'lagom_card_numbers_masked_total',
    'Card numbers found and masked',
    [],
  );
  private readonly unknownFields = this.counter(
    'lagom_unknown_fields_total',
    'Fields of events that no schema names',
    ['type'],
  );
  private readonly webhooks = this.counter('lagom_webhooks_total', 'What providers told us', [
    'account',
    'outcome',
  ]);
  private readonly passes = this.counter('lagom_job_passes_total', 'Passes of background jobs', [
    'job',
    'outcome',
  ]);
  private readonly oldestDue = this.gauge(
    'lagom_oldest_due_seconds',
    'How long the oldest due row has waited',
    ['class'],
  );
  private readonly waiting = this.gauge('lagom_rows', 'Rows in a state that somebody should look at', [
    'status',
  ]);
  private readonly providerCalls = new Histogram({
    name: 'lagom_provider_seconds',
    help: 'How long providers take, by account and outcome',
    labelNames: ['account', 'outcome'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });
  private readonly eventSeconds = new Histogram({
    name: 'lagom_event_seconds',
    help: 'From hearing an event to its plan being written',
    labelNames: ['type'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [this.registry],
  });

  /** A row moved to `status`; `reason` where there is one. */
  message(labels: {
    tenant: string;
    purpose: string;
    channel: string;
    status: string;
    reason?: string | null;
  }): void {
    // A whole row may be passed: only these of it become labels.
    const { tenant, purpose, channel, status, reason } = labels;
    this.messages.inc(this.bounded('messages', { tenant, purpose, channel, status, reason: reason ?? '' }));
  }

  /** An event of a known type (pass `unknown` for any other) was applied, ignored, refused or dead-lettered. */
  event(type: string, outcome: string, seconds?: number): void {
    const labels = this.bounded('events', { type, outcome });
    this.events.inc(labels);
    if (seconds !== undefined) this.eventSeconds.observe({ type: labels.type }, seconds);
  }

  deadLetter(topic: string): void {
    this.deadLetters.inc(this.bounded('dead', { topic }));
  }

  cardsMasked(count: number): void {
    if (count > 0) this.cards.inc(count);
  }

  /** Fields that were kept out of an event, by its known type. */
  fieldsKeptOut(type: string, count: number): void {
    if (count > 0) this.unknownFields.inc(this.bounded('fields', { type }), count);
  }

  webhook(account: string, outcome: string): void {
    this.webhooks.inc(this.bounded('webhooks', { account, outcome }));
  }

  /** One pass of a background job ended: `done` or `failed`. */
  jobPass(job: string, outcome: 'done' | 'failed'): void {
    this.passes.inc(this.bounded('passes', { job, outcome }));
  }

  /** 0 where nothing is due. */
  oldestDueSeconds(dueClass: string, seconds: number): void {
    this.oldestDue.set(this.bounded('due', { class: dueClass }), seconds);
  }

  /** How many rows stand in `status` just now, e.g. `unknown`: those wait for a person. */
  rows(status: string, count: number): void {
    this.waiting.set(this.bounded('rows', { status }), count);
  }

  providerCall(account: string, outcome: string, seconds: number): void {
    this.providerCalls.observe(this.bounded('provider', { account, outcome }), seconds);
  }

  /** Adds the process's own (memory, event loop, collector): once a process, not in tests. */
  observeProcess(): void {
    collectDefaultMetrics({ register: this.registry, prefix: 'lagom_' });
  }

  /** What `/metrics` answers. */
  async text(): Promise<string> {
    return this.registry.metrics();
  }

  private counter<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  private bounded<Label extends string>(
    metric: string,
    labels: Record<Label, string>,
  ): Record<Label, string> {
    const entries = Object.entries<string>(labels).map(([label, value]) => {
      const key = `${metric}.${label}`;
      const seen = this.seen.get(key) ?? new Set();
      this.seen.set(key, seen);
      if (!/^[a-z0-9._-]{0,80}$/i.test(value) || (!seen.has(value) && seen.size >= MOST_VALUES))
        return [label, 'other'];
      seen.add(value);
      return [label, value];
    });
    return Object.fromEntries(entries) as Record<Label, string>;
  }
}
