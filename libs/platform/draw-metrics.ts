import { METRICS, type MetricSpec } from './metric-table.js';

/** docs/metrics.md: the table of metrics as a page. Pure; a test holds the page to it. */
export function drawMetrics(): string {
  const entries = Object.entries<MetricSpec>(METRICS);
  return `# Metrics

Every process serves these at \`/metrics\`, in Prometheus' text format. This page is made of
[libs/platform/metric-table.ts](../libs/platform/metric-table.ts); the alert rules
([deploy/prometheus/alerts.yaml](../deploy/prometheus/alerts.yaml)) and the dashboard
([deploy/grafana/lagom.json](../deploy/grafana/lagom.json)) are held to it by a test.

Labels are words of ours or of the tenants' files. No address, name, treatment, customer or message id is ever one. A label
has at most 200 values; what comes after them counts as \`other\`.

What only the scheduler that leads can know is shown by that one: take \`max\`, not \`sum\`, over processes.

| metric | type | labels | meaning | shown by |
| --- | --- | --- | --- | --- |
${entries
  .map(([name, { type, labels, help, by }]) =>
    [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', ') || '–', help, by].join(' | '),
  )
  .map((line) => `| ${line} |`)
  .join('\n')}

Beside them every process shows its own memory, event loop and collector as \`lagom_process_*\` and \`lagom_nodejs_*\`, by the
names of prom-client.

## Traces

Off until \`OTEL_EXPORTER_OTLP_ENDPOINT\` names an OpenTelemetry collector (OTLP over HTTP, traces go to \`/v1/traces\` below
it); \`OTEL_SERVICE_NAME\` is \`lagom-<process>\` unless said. OpenTelemetry's finer variables (\`OTEL_TRACES_SAMPLER\`,
\`OTEL_EXPORTER_OTLP_HEADERS\` …) are read by its own SDK. Off, nothing of it is even imported.

| span | \`lagom.step\` | follows from |
| --- | --- | --- |
| \`process booking.events\`, \`POST /v1/events\` | \`ingest\` | the \`traceparent\` of the record or request, else the event's own extension |
| \`plan\` | \`plan\` | the event's span |
| \`send messages.due.<class>\` | \`release\` | the plan, where that was less than a minute ago; else a trace of its own that links to it |
| \`process messages.due.<class>\` | \`dispatch\` | the release, by the record's \`traceparent\` |
| \`send email\`, \`send sms\` | \`call\` | the dispatch; links to the plan |

A waiting row keeps its plan's \`traceparent\` until it has been sent or ended. Spans name tenants, accounts, purposes, the
event's id and the attempt's random \`ref\`; never a customer, a row, an address or what was said.
`;
}
