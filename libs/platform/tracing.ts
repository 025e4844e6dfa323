/**
 * Traces from the event to the provider call, without knowing who takes them: `openTracing` brings OpenTelemetry in where
 * the environment names a collector; without one nothing is made, kept or imported.
 *
 * Context travels as text (W3C Trace Context, `traceparent`): in a CloudEvent's extension of that name, in the headers of
 * records on Kafka, for a while on a row of the ledger. Nothing is kept in async storage: who begins a span says its parent.
 */

/** A step that is being done. Attributes are ids and words of ours: never an address, a name, a row's or customer's id. */
export interface Span {
  /** To be handed to what follows from it; undefined: there is nothing to hand on. */
  readonly traceparent: string | undefined;
  /** `failure` is a code of ours, and marks the step as failed. */
  end(failure?: string): void;
}

export interface SpanOptions {
  /** As OpenTelemetry has it: how the step stands to what lies before and after it. */
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** What it is a part of; where that is nothing that can be read, the span begins a trace of its own. */
  parent?: string | null | undefined;
  /** What it follows from though it is no part of it. */
  links?: readonly (string | null | undefined)[];
  attributes?: Readonly<Record<string, string | number | undefined>>;
}

/** Begins spans. Both token and type. */
export abstract class Tracing {
  /** False: `start` makes nothing, and what only serves a trace need not be put together. */
  abstract readonly on: boolean;
  abstract start(name: string, options: SpanOptions): Span;
  /** Gives away what has not been told yet; never throws. */
  abstract close(): Promise<void>;
}

/** What does not exist. */
export const NO_SPAN: Span = Object.freeze({ traceparent: undefined, end: () => undefined });

class NoTracing extends Tracing {
  override readonly on = false;

  override start(): Span {
    return NO_SPAN;
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Traces nothing. */
export const NO_TRACING: Tracing = new NoTracing();

/** A step's topic, by OpenTelemetry's conventions for messaging. */
export const onTopic = (topic: string, operation: 'send' | 'process') => ({
  'messaging.system': 'kafka',
  'messaging.destination.name': topic,
  'messaging.operation.type': operation,
});

/** Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header; ids of zeros alone are none. */
const TRACEPARENT = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;

export interface TraceContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
}

/** Null for whatever is no traceparent: it comes from strangers. */
export function readTraceparent(value: unknown): TraceContext | null {
  const [, traceId, spanId, flags] = (typeof value === 'string' && TRACEPARENT.exec(value)) || [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

/** The same as text. */
export function writeTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** Where to tell traces, and as whom. */
export interface TracingConfig {
  /** The collector's base URL: traces go to `<endpoint>/v1/traces`. */
  endpoint: string;
  serviceName: string;
}
