import { NO_TRACING, type Tracing, type TracingConfig } from './tracing.js';

/** Imports OpenTelemetry only where there is somebody to tell. */
export async function openTracing(config: TracingConfig | null): Promise<Tracing> {
  if (config === null) return NO_TRACING;
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return new OtlpTracing(config);
}
