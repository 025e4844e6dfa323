import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Link, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { ATTR_ERROR_TYPE, ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import {
  readTraceparent,
  Tracing,
  writeTraceparent,
  type Span,
  type SpanOptions,
  type TracingConfig,
} from './tracing.js';

const KIND: Record<SpanOptions['kind'], SpanKind> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** A collector that does not answer keeps no process from ending. */
const CLOSE_MS = 3_000;
/** What waits to be told is bounded: with the collector away, spans are dropped and nothing else happens. */
const MOST_WAITING = 4_096;

/**
 * Tells spans to an OpenTelemetry collector over OTLP/HTTP, in the background. Imported only where one is named. Not
 * registered globally: no library of ours is traced behind our back, addresses in its URLs and all. The SDK reads its own
 * finer settings (sampler, headers, timeout) from the environment, as OpenTelemetry's specification names them.
 */
export class OtlpTracing extends Tracing {
  override readonly on = true;
  private readonly provider: NodeTracerProvider;
  private readonly tracer: Tracer;

  constructor({ endpoint, serviceName }: TracingConfig) {
    super();
    const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
    this.provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: serviceName }),
      spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: MOST_WAITING })],
    });
    this.tracer = this.provider.getTracer('lagom');
  }

  override start(name: string, { kind, parent, links = [], attributes = {} }: SpanOptions): Span {
    const above = readTraceparent(parent);
    const span = this.tracer.startSpan(
      name,
      {
        kind: KIND[kind],
        attributes,
        links: links.flatMap((link): Link[] => {
          const context = readTraceparent(link);
          return context === null ? [] : [{ context: { ...context, isRemote: true } }];
        }),
      },
      above === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...above, isRemote: true }),
    );
    return {
      traceparent: writeTraceparent(span.spanContext()),
      end: (failure) => {
        if (failure !== undefined) {
          span.setAttribute(ATTR_ERROR_TYPE, failure);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }

  override async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    // What could not be told is lost, and nobody's trouble.
    await Promise.race([this.provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }
}
