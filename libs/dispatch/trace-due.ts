import type { CallTrace } from '#channels/outcome';
import type { MessageRow } from '#messages/message.types';
import { NO_SPAN, onTopic, type Span, type Tracing } from '#platform/tracing';

/** A row that waited longer than this since it was planned is released in a trace of its own that links to the first. */
const SAME_TRACE_MS = 60_000;

/** A row leaves the ledger for its topic. */
export function releaseSpan(tracing: Tracing, topic: string, row: MessageRow, now: Date | undefined): Span {
  if (!tracing.on) return NO_SPAN;
  const { traceparent, createdAt, tenant, purpose } = row;
  const soon = now !== undefined && now.getTime() - createdAt.getTime() < SAME_TRACE_MS;
  return tracing.start(`send ${topic}`, {
    kind: 'producer',
    ...(soon ? { parent: traceparent } : { links: [traceparent] }),
    attributes: {
      'lagom.step': 'release',
      'lagom.tenant': tenant,
      'lagom.purpose': purpose,
      ...onTopic(topic, 'send'),
    },
  });
}

/** A due record is being handled; `carried` is what its producer said. */
export function dispatchSpan(
  tracing: Tracing,
  topic: string,
  tenant: string,
  carried: string | undefined,
): Span {
  if (!tracing.on) return NO_SPAN;
  return tracing.start(`process ${topic}`, {
    kind: 'consumer',
    parent: carried,
    attributes: { 'lagom.step': 'dispatch', 'lagom.tenant': tenant, ...onTopic(topic, 'process') },
  });
}

/** What the call of a row belongs to; undefined where nothing is traced. */
export function callTrace(
  row: Pick<MessageRow, 'traceparent'>,
  parent: string | undefined,
): CallTrace | undefined {
  const planned = row.traceparent ?? undefined;
  return parent === undefined && planned === undefined ? undefined : { parent, planned };
}
