import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type LabelsOf, type MetricName, type MetricSpec } from './metric-table.js';

const MOST_VALUES = 200;
/** A scrape waits this long for what has to be asked of a server; what does not answer is left out of it. */
const PROBE_MS = 2_000;

/** States of an account's circuit breaker, as numbers that a graph can show. */
const BREAKER = { closed: 0, 'half-open': 1, open: 2 } as const;

/** What only the scheduler that leads counts, in the ledger and beside it; absent where another leads. */
export interface LedgerFigures {
  /** Seconds, by class. */
  oldestDue: Readonly<Record<string, number>>;
  /** By status. */
  rows: Readonly<Record<string, number>>;
  deadLettersOpen: number;
  outboxWaiting: number;
  outboxOldestSeconds: number;
  /** Seconds, by account. */
  webhookSilence: Readonly<Record<string, number>>;
  /** By tenant. */
  pauses: Readonly<Record<string, number>>;
  /** By tenant. */
  requestsOverdue: Readonly<Record<string, number>>;
  /** By tenant. */
  testsUndecided: Readonly<Record<string, number>>;
}

/**
 * Everything that is counted, on one registry a process, served at `/metrics`. Labels are words of ours: tenants'
 * and accounts' names of the files, purposes, reasons, topics. What a sender of events or a customer chose never
 * becomes a label: a value that is not plain, or one too many of its label, counts as `other`.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly seen = new Map<string, Set<string>>();
  /** Labels whose values were all looked at before: to look again would cost six times what counting does. */
  private readonly known = new Map<string, Record<string, string>>();
  private readonly made = new Map<string, Counter | Gauge | Histogram>();
  private readonly probes: (() => Promise<void> | void)[] = [];

  constructor() {
    for (const [name, spec] of Object.entries<MetricSpec>(METRICS)) {
      const { help, labels, buckets } = spec;
      const common = { name, help, labelNames: [...labels], registers: [this.registry] };
      if (spec.type === 'counter') this.made.set(name, new Counter(common));
      else if (spec.type === 'gauge') this.made.set(name, new Gauge(common));
      else this.made.set(name, new Histogram({ ...common, buckets: [...(buckets ?? [])] }));
    }
  }

  /** A row moved to `status`; `reason` where there is one. */
  message(row: {
    tenant: string;
    purpose: string;
    channel: string;
    status: string;
    reason?: string | null;
  }): void {
    // A whole row may be passed: only these of it become labels.
    const { tenant, purpose, channel, status, reason } = row;
    this.inc('lagom_messages_total', { tenant, purpose, channel, status, reason: reason ?? '' });
  }

  /** From a message's time to the end of its call, in seconds. */
  lateness(dueClass: string, seconds: number): void {
    // The clocks of two machines need not agree.
    this.observe('lagom_lateness_seconds', { class: dueClass }, Math.max(0, seconds));
  }

  /** An event of a known type (pass `unknown` for any other) was applied, ignored, refused or dead-lettered. */
  event(type: string, outcome: string, seconds?: number): void {
    this.inc('lagom_events_total', { type, outcome });
    if (seconds !== undefined) this.observe('lagom_event_seconds', { type }, seconds);
  }

  deadLetter(topic: string): void {
    this.inc('lagom_dead_letters_total', { topic });
  }

  cardsMasked(count: number): void {
    this.inc('lagom_card_numbers_masked_total', {}, count);
  }

  /** Fields that were kept out of an event, by its known type. */
  fieldsKeptOut(type: string, count: number): void {
    this.inc('lagom_unknown_fields_total', { type }, count);
  }

  /** Rows of an import, by what became of them. */
  importRows(kind: string, outcome: string, count: number): void {
    this.inc('lagom_import_rows_total', { kind, outcome }, count);
  }

  webhook(account: string, outcome: string): void {
    this.inc('lagom_webhooks_total', { account, outcome });
  }

  /** One pass of a background job ended: `done` or `failed`. */
  jobPass(loop: string, outcome: 'done' | 'failed'): void {
    this.inc('lagom_job_passes_total', { loop, outcome });
  }

  /** What became of events for a tenant's own address: `delivered`, `refused`, `away` (once a pass), `given-up`. */
  tenantHook(tenant: string, outcome: string, count: number): void {
    if (count > 0) this.inc('lagom_tenant_webhooks_total', { tenant, outcome }, count);
  }

  /** Links and pictures of measured mails that were asked for; `by`: a person, or why it was a machine, or not counted. */
  measured(what: 'open' | 'click', by: string, count: number): void {
    this.inc('lagom_measured_total', { what, by }, count);
  }

  /** Documents whose time was over. */
  deleted(what: string, count: number): void {
    this.inc('lagom_deleted_total', { what }, count);
  }

  /** A provider was asked to delete something: `done`, `again`, `refused`, `given-up`. */
  providerDeletion(account: string, outcome: string): void {
    this.inc('lagom_provider_deletions_total', { account, outcome });
  }

  /** Minors without a guardian's consent, counted once round everybody. */
  minorsWaiting(tenant: string, count: number): void {
    this.set('lagom_minors_waiting', { tenant }, count);
  }

  providerCall(account: string, outcome: string, seconds: number): void {
    this.observe('lagom_provider_seconds', { account, outcome }, seconds);
  }

  breaker(account: string, state: keyof typeof BREAKER): void {
    this.set('lagom_breaker_state', { account }, BREAKER[state]);
  }

  /** Whether this process says nothing at all, and why: a word of ours. */
  gateClosed(reason: string, closed: boolean): void {
    this.set('lagom_gate_closed', { reason }, closed ? 1 : 0);
  }

  leaseHeld(lease: string, held: boolean): void {
    this.set('lagom_lease_held', { lease }, held ? 1 : 0);
  }

  consumerLag(topic: string, messages: number): void {
    this.set('lagom_consumer_lag', { topic }, messages);
  }

  /** One request ended, by the first part of its path and its status. */
  http(area: string, status: number, seconds: number): void {
    this.observe('lagom_http_seconds', { area, status: `${Math.trunc(status / 100)}xx` }, seconds);
  }

  /** What the leader counted; null where this process does not lead: old figures would be told as if they still held. */
  ledger(figures: LedgerFigures | null): void {
    const {
      oldestDue = {},
      rows = {},
      webhookSilence = {},
      pauses = {},
      requestsOverdue = {},
      testsUndecided = {},
    } = figures ?? {};
    this.replace('lagom_oldest_due_seconds', 'class', oldestDue);
    this.replace('lagom_rows', 'status', rows);
    this.replace('lagom_webhook_silence_seconds', 'account', webhookSilence);
    this.replace('lagom_pauses', 'tenant', pauses);
    this.replace('lagom_requests_overdue', 'tenant', requestsOverdue);
    this.replace('lagom_tests_undecided', 'tenant', testsUndecided);
    this.set('lagom_dead_letters_open', {}, figures?.deadLettersOpen ?? 0);
    this.set('lagom_outbox_waiting', {}, figures?.outboxWaiting ?? 0);
    this.set('lagom_outbox_oldest_seconds', {}, figures?.outboxOldestSeconds ?? 0);
  }

  /** Asked at each scrape, before it answers; a failure or a silence of its leaves the last figure. */
  atScrape(probe: () => Promise<void> | void): void {
    this.probes.push(probe);
  }

  /** Adds the process's own (memory, event loop, collector): once a process, not in tests. */
  observeProcess(): void {
    collectDefaultMetrics({ register: this.registry, prefix: 'lagom_' });
  }

  /** What `/metrics` answers. */
  async text(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PROBE_MS);
    });
    const asked = Promise.allSettled(this.probes.map(async (probe) => probe()));
    await Promise.race([asked, late]);
    clearTimeout(timer);
    return this.registry.metrics();
  }

  private inc<Name extends MetricName>(name: Name, labels: LabelsOf<Name>, count = 1): void {
    if (count > 0) (this.made.get(name) as Counter).inc(this.bounded(name, labels), count);
  }

  private set<Name extends MetricName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    (this.made.get(name) as Gauge).set(this.bounded(name, labels), value);
  }

  private observe<Name extends MetricName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    (this.made.get(name) as Histogram).observe(this.bounded(name, labels), value);
  }

  private replace(name: MetricName, label: string, values: Readonly<Record<string, number>>): void {
    const gauge = this.made.get(name) as Gauge;
    gauge.reset();
    for (const [value, figure] of Object.entries(values))
      gauge.set(this.bounded(name, { [label]: value }), figure);
  }

  private bounded(metric: MetricName, labels: Record<string, string>): Record<string, string> {
    // No value that is kept has a line's end in it.
    let name: string = metric;
    for (const label in labels) name += `\n${label}\n${labels[label]}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    let isPlain = true;
    const entries = Object.entries(labels).map(([label, value]) => {
      const key = `${metric}.${label}`;
      const seen = this.seen.get(key) ?? new Set();
      this.seen.set(key, seen);
      if (!/^[a-z0-9._-]{0,80}$/i.test(value) || (!seen.has(value) && seen.size >= MOST_VALUES)) {
        isPlain = false;
        return [label, 'other'];
      }
      seen.add(value);
      return [label, value];
    });
    const bounded = Object.fromEntries(entries) as Record<string, string>;
    // One with `other` in it may stand for any number of values.
    if (isPlain) this.known.set(name, bounded);
    return bounded;
  }
}
