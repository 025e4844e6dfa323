/** One metric: what docs/metrics.md says of it, and all that `Metrics` needs to make it. */
export interface MetricSpec {
  type: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  /** One sentence, shown at `/metrics` too. */
  help: string;
  /** Which processes show it. */
  by: string;
  /** Upper bounds in seconds, of histograms only. */
  buckets?: readonly number[];
}

const LEADER = 'scheduler (the one that leads; the others show nothing, or 0)';
const EVERY = 'every process';
const HEARERS = 'ingest, dispatcher';
const MOVERS = 'every process that writes rows';

/**
 * Every metric that we name: docs/metrics.md, the alert rules and the dashboard are held to this table by a test. Labels are
 * words of ours or of the tenants' files (tenant, purpose, channel, reason, account, topic), never what a person or an
 * event chose.
 */
export const METRICS = {
  lagom_messages_total: {
    type: 'counter',
    labels: ['tenant', 'purpose', 'channel', 'status', 'reason'],
    help: 'Rows of the ledger by where they moved. Refusals are status="refused" with their reason, holds are status="planned" with a reason',
    by: MOVERS,
  },
  lagom_lateness_seconds: {
    type: 'histogram',
    labels: ['class'],
    help: 'From the time at which a message was due to the end of its call to the provider',
    by: 'dispatcher',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
  },
  lagom_events_total: {
    type: 'counter',
    labels: ['type', 'outcome'],
    help: 'Events heard, by type and what became of them; type="unknown" where it was refused before its type counted',
    by: 'ingest, console',
  },
  lagom_event_seconds: {
    type: 'histogram',
    labels: ['type'],
    help: 'From hearing an event to its plan being written',
    by: 'ingest, console',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  lagom_import_rows_total: {
    type: 'counter',
    labels: ['kind', 'outcome'],
    help: 'Rows of imports (customers, choices, suppressions) by what became of them; a dry run counts too',
    by: 'console',
  },
  lagom_oldest_due_seconds: {
    type: 'gauge',
    labels: ['class'],
    help: 'How long the oldest message has waited that is due and not yet being sent; 0 where none waits',
    by: LEADER,
  },
  lagom_rows: {
    type: 'gauge',
    labels: ['status'],
    help: 'Rows that are released, sending or unknown just now; unknown ones wait for a webhook or a person',
    by: LEADER,
  },
  lagom_consumer_lag: {
    type: 'gauge',
    labels: ['topic'],
    help: 'Messages of a topic that this process is to hear and has not ended; summed over processes it is the topic’s lag',
    by: HEARERS,
  },
  lagom_dead_letters_total: {
    type: 'counter',
    labels: ['topic'],
    help: 'Messages put aside as poison, by the topic that they came from',
    by: 'ingest',
  },
  lagom_dead_letters_open: {
    type: 'gauge',
    labels: [],
    help: 'Dead letters that nobody has driven again',
    by: LEADER,
  },
  lagom_outbox_waiting: {
    type: 'gauge',
    labels: [],
    help: 'Documents with events out that are not published yet',
    by: LEADER,
  },
  lagom_outbox_oldest_seconds: {
    type: 'gauge',
    labels: [],
    help: 'How long the oldest event out has waited to be published; 0 where none waits',
    by: LEADER,
  },
  lagom_provider_seconds: {
    type: 'histogram',
    labels: ['account', 'outcome'],
    help: 'How long calls to providers take, by account and outcome (accepted, retry-at, rejected, bad-address, opted-out, unknown)',
    by: 'dispatcher',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  lagom_breaker_state: {
    type: 'gauge',
    labels: ['account'],
    help: 'The circuit breaker of an account: 0 closed, 1 half-open, 2 open',
    by: 'dispatcher',
  },
  lagom_webhooks_total: {
    type: 'counter',
    labels: ['account', 'outcome'],
    help: 'What providers told us in webhooks (delivered, bounced, complained …), or why it was not taken (forged, unreadable, duplicate …)',
    by: 'public',
  },
  lagom_webhook_silence_seconds: {
    type: 'gauge',
    labels: ['account'],
    help: 'Since when an account whose provider has accepted something has told nothing more; 0 where it owes us nothing',
    by: LEADER,
  },
  lagom_gate_closed: {
    type: 'gauge',
    labels: ['reason'],
    help: '1 while the gate of this process says nothing at all, because a fact that it needs may be missing; else 0',
    by: EVERY,
  },
  lagom_pauses: {
    type: 'gauge',
    labels: ['tenant'],
    help: 'Stop buttons that are pressed',
    by: LEADER,
  },
  lagom_requests_overdue: {
    type: 'gauge',
    labels: ['tenant'],
    help: 'Requests of people about their data that are open though their month, or their three, has gone by (GDPR 12(3))',
    by: LEADER,
  },
  lagom_tests_undecided: {
    type: 'gauge',
    labels: ['tenant'],
    help: 'A/B tests of campaigns that are over and whose winner a person has to name: the others wait for it, 7 days at most',
    by: LEADER,
  },
  lagom_lease_held: {
    type: 'gauge',
    labels: ['lease'],
    help: '1 in the process that leads, 0 in the others',
    by: 'scheduler',
  },
  lagom_tenant_webhooks_total: {
    type: 'counter',
    labels: ['tenant', 'outcome'],
    help: "Events for a tenant's own address: delivered, refused, away (once a pass) or given-up",
    by: 'scheduler',
  },
  lagom_job_passes_total: {
    type: 'counter',
    labels: ['loop', 'outcome'],
    help: 'Passes of background jobs (loops) that were done or failed',
    by: 'scheduler',
  },
  lagom_measured_total: {
    type: 'counter',
    labels: ['what', 'by'],
    help: 'Opens and clicks of measured mails by whom: a person, or what gave a machine away; not-measured where the consent has gone since, dropped where too many waited, or counted at once',
    by: 'public',
  },
  lagom_deleted_total: {
    type: 'counter',
    labels: ['what'],
    help: 'Documents deleted because their time was over, by what they were',
    by: LEADER,
  },
  lagom_provider_deletions_total: {
    type: 'counter',
    labels: ['account', 'outcome'],
    help: 'What providers were asked to delete of people who were erased: done, again, refused; given-up needs a person',
    by: LEADER,
  },
  lagom_minors_waiting: {
    type: 'gauge',
    labels: ['tenant'],
    help: "People known to be under 18 whose data waits for a guardian's consent before it is deleted, as last counted",
    by: LEADER,
  },
  lagom_http_seconds: {
    type: 'histogram',
    labels: ['area', 'status'],
    help: 'How long requests took, by the first part of a path that we know and the class of the answer (2xx, 4xx, 5xx)',
    by: EVERY,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  lagom_card_numbers_masked_total: {
    type: 'counter',
    labels: [],
    help: 'Card numbers found in events and masked',
    by: 'ingest, console',
  },
  lagom_unknown_fields_total: {
    type: 'counter',
    labels: ['type'],
    help: 'Fields of events that no schema names, kept out',
    by: 'ingest, console',
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;
/** The labels of a metric, each with its value. */
export type LabelsOf<Name extends MetricName> = Record<(typeof METRICS)[Name]['labels'][number], string>;
