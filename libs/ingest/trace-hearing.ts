import type { LagomEvent } from '#events/event';
import { NO_SPAN, onTopic, type Span, type Tracing } from '#platform/tracing';

/** How an event came: a topic, or the route of a request. */
export type Way = { topic: string } | { route: string };

/**
 * A span for an event that is being heard, and the event with the span's context, for what follows from it. `carried` is
 * what its carrier says (a header of the record or request); the event's own extension is where it began.
 */
export function hearingSpan<Event extends LagomEvent>(
  tracing: Tracing,
  event: Event,
  way: Way,
  carried: string | undefined,
): { event: Event; span: Span } {
  if (!tracing.on) return { event, span: NO_SPAN };
  const { tenant, id, type, source, traceparent: own } = event;
  const attributes = {
    'lagom.step': 'ingest',
    'lagom.tenant': tenant,
    'cloudevents.event_id': id,
    'cloudevents.event_type': type,
    'cloudevents.event_source': source,
  };
  const context = { parent: carried ?? own, links: carried === undefined || carried === own ? [] : [own] };
  const span =
    'topic' in way
      ? tracing.start(`process ${way.topic}`, {
          ...context,
          kind: 'consumer',
          attributes: { ...attributes, ...onTopic(way.topic, 'process') },
        })
      : tracing.start(`POST ${way.route}`, {
          ...context,
          kind: 'server',
          attributes: { ...attributes, 'http.request.method': 'POST', 'http.route': way.route },
        });
  const { traceparent } = span;
  return { event: traceparent === undefined ? event : { ...event, traceparent }, span };
}
