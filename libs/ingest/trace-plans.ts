import type { LagomEvent } from '#events/event';
import type { Plan } from '#journeys/plan';
import type { Tracing } from '#platform/tracing';

interface Planned {
  taken: { item: { event: LagomEvent } };
  plan: Plan;
}

/**
 * A span for each event that plans something, as part of the span that heard it; its rows carry the context on, so that
 * what is sent days later can be led back here. Call `planned` once they are written.
 */
export function traced<One extends Planned>(
  plans: readonly One[],
  tracing: Tracing,
): { plans: readonly One[]; planned: () => void } {
  if (!tracing.on) return { plans, planned: () => undefined };
  const spans = plans.map(({ taken: { item }, plan: { rows } }) => {
    const { tenant, id, type, traceparent } = item.event;
    if (rows.length === 0) return null;
    return tracing.start('plan', {
      kind: 'internal',
      parent: traceparent,
      attributes: {
        'lagom.step': 'plan',
        'lagom.tenant': tenant,
        'lagom.rows': rows.length,
        'cloudevents.event_id': id,
        'cloudevents.event_type': type,
      },
    });
  });
  return {
    plans: plans.map((one, index) => {
      const traceparent = spans[index]?.traceparent;
      if (traceparent === undefined) return one;
      const rows = one.plan.rows.map((row) => (row.status === 'planned' ? { ...row, traceparent } : row));
      return { ...one, plan: { ...one.plan, rows } };
    }),
    planned: () => {
      for (const span of spans) span?.end();
    },
  };
}
