import { maskCardsDeep } from '#platform/masking';
import { readTraceparent } from '#platform/tracing';
import { EVENT_DATA } from './event-data.js';
import { isEventType, type LagomEvent } from './event.js';
import { envelope, IDENTIFYING } from './envelope.js';
import { explain, faultAt, mismatch, type ReadFault } from './explain-fault.js';
import { keptOut } from './keep-out.js';
import { tame } from './parse-json.js';

/** Why an event is not taken. */
export type ReadRefusal = 'not-a-cloudevent' | 'unknown-type' | 'unknown-tenant' | 'wrong-data' | 'too-old';

/** An event, or why it is none: what was wrong, where, without personal data. */
export type Read =
  | {
      kind: 'event';
      event: LagomEvent;
      /** How many card numbers were masked. */
      masked: number;
      /** Paths of what was kept out. */
      unknownFields: string[];
    }
  | {
      kind: 'refused';
      reason: ReadRefusal;
      id: string | null;
      type: string | null;
      tenant: string | null;
      faults: ReadFault[];
      masked: number;
    };

/** What a mode of CloudEvents brought: its attributes by their bare names, and its data. */
export interface Candidate {
  attributes: Record<string, unknown>;
  data: unknown;
  /** Why the data could not be read, if so. */
  fault?: ReadFault;
}

/** Without `backfill`, older events are refused (CONTRACTS, events in). */
export const OLDEST_MS = 30 * 24 * 3_600_000;

/** Enough to mend an event by, however wrong it is. */
const FAULTS_MOST = 50;

/** A refusal of something of which nothing is known. */
export const notACloudEvent = (faults: ReadFault[], masked = 0): Read => ({
  kind: 'refused',
  reason: 'not-a-cloudevent',
  id: null,
  type: null,
  tenant: null,
  faults,
  masked,
});

/** Reads a CloudEvent of any mode: tames, masks cards, then looks. Never throws. */
export function readCloudEvent(raw: Candidate, tenants: ReadonlySet<string>, now: Date): Read {
  const dropped = tame(raw);
  if (dropped === null) return notACloudEvent([faultAt([], 'expected JSON of at most 16 levels, got more')]);
  const { value, count: masked } = maskCardsDeep(raw);
  const { attributes, data, fault } = value;

  const head = envelope.safeParse(attributes);
  const faults = head.success ? [] : explain(head.error.issues, envelope, attributes, []);
  const wrong = (name: string) => faults.some((f) => f.path === name);
  const known = identity(attributes, tenants, wrong);
  const refuse = (reason: ReadRefusal, why: ReadFault[]): Read => ({
    kind: 'refused',
    reason,
    ...known,
    faults: why.slice(0, FAULTS_MOST),
    masked,
  });

  if (IDENTIFYING.some(wrong)) {
    const others = IDENTIFYING.some((name) => name !== 'source' && wrong(name));
    const named = typeof attributes['source'] === 'string' && attributes['source'] !== '';
    return refuse(!others && named ? 'unknown-tenant' : 'not-a-cloudevent', faults);
  }
  const { tenant, type } = known;
  if (tenant === null || !tenants.has(tenant)) {
    return refuse('unknown-tenant', [
      faultAt(['source'], 'expected /tenants/<tenant> of a known tenant, got another'),
    ]);
  }
  if (type === null || !isEventType(type)) {
    return refuse('unknown-type', [
      mismatch(['type'], 'a known event type such as booking.confirmed.v1', attributes['type'], true),
    ]);
  }

  const schema = EVENT_DATA[type];
  const body = schema.safeParse(data);
  if (fault) faults.push(fault);
  else if (!body.success) faults.push(...explain(body.error.issues, schema, data, ['data']));
  if (faults.length > 0 || !head.success || !body.success) return refuse('wrong-data', faults);

  const { id, source, time, backfill } = head.data;
  if (!backfill && now.getTime() - time.getTime() > OLDEST_MS) {
    return refuse('too-old', [
      mismatch(
        ['time'],
        'a time of the last 30 days (or the extension backfill: true)',
        attributes['time'],
        true,
      ),
    ]);
  }
  const unknownFields = [
    ...Array.from({ length: Math.min(dropped, FAULTS_MOST) }, () => '__proto__'),
    ...keptOut(attributes, head.data, []),
    ...keptOut(data, body.data, ['data']),
  ];
  const event = { id, source, tenant, type, time, backfill, data: body.data } as LagomEvent;
  const { traceparent } = head.data;
  if (readTraceparent(traceparent) !== null) event.traceparent = traceparent as string;
  return { kind: 'event', event, masked, unknownFields };
}

/** What may be said about an event that is refused: only what is well-formed, so that it can stand in logs. */
function identity(
  attributes: Record<string, unknown>,
  tenants: ReadonlySet<string>,
  wrong: (name: string) => boolean,
): { id: string | null; type: string | null; tenant: string | null } {
  const text = (name: string) => (wrong(name) ? null : (attributes[name] as string));
  const type = text('type');
  const tenant = text('source')?.slice('/tenants/'.length) ?? null;
  return {
    id: text('id'),
    type: type !== null && /^[\w.-]{1,100}$/.test(type) ? type : null,
    tenant:
      tenant !== null && (tenants.has(tenant) || /^[a-z0-9][a-z0-9-]{0,63}$/i.test(tenant)) ? tenant : null,
  };
}
