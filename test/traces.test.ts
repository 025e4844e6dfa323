import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageRow } from '#messages/message.types';
import { MessageStore } from '#messages/message.store';
import { rootDir } from '#platform/root';
import { NO_TRACING, readTraceparent, Tracing } from '#platform/tracing';
import { startLagom } from './lagom.fixture.js';
import { DAY, event, person, visit } from './visit.fixture.js';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
  links?: { traceId: string; spanId: string }[];
}

/** A collector of OTLP over HTTP, as JSON. */
class Collector {
  readonly bodies: string[] = [];
  private constructor(private readonly server: Server) {}

  static async open(): Promise<Collector> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (request.url === '/v1/traces') collector.bodies.push(body);
        response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' });
        response.end('{}');
      });
    });
    const collector = new Collector(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get spans(): OtlpSpan[] {
    return this.bodies.flatMap((body) => {
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[];
      };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const said = (span: OtlpSpan, key: string): string | undefined =>
  span.attributes.find((attribute) => attribute.key === key)?.value.stringValue;
const stepOf = (span: OtlpSpan): string => said(span, 'lagom.step') ?? '';

const ORIGIN = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const who = person({ name: 'Rebecka Hemlighetsfull' });
let collector: Collector;
let waiting: MessageRow[];
let over: MessageRow[];

beforeAll(async () => {
  collector = await Collector.open();
  const lagom = await startLagom({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`, OTEL_SERVICE_NAME: 'lagom-of-a-test' },
  });
  try {
    const told = event(lagom, 'booking.confirmed', {
      customer: who,
      booking: visit(new Date(lagom.now().getTime() + 3 * DAY), { service: 'Hårborttagning' }),
    });
    await lagom.post(Object.assign({}, told, { traceparent: `00-${ORIGIN.traceId}-${ORIGIN.spanId}-01` }));
    await lagom.advance('PT0S');
    waiting = await lagom.app.get(MessageStore).pageByStatus('planned', null, 50);
    // The reminder: planned now, sent two days later.
    await lagom.advance('P3D');
    over = await lagom.app.get(MessageStore).pageByStatus('accepted', null, 50);
  } finally {
    await lagom.close();
  }
});
afterAll(() => collector.close());

describe('a trace', () => {
  it('leads from the event to the provider call, step by step', () => {
    const own = collector.spans.filter(({ traceId }) => traceId === ORIGIN.traceId);
    const one = (step: string): OtlpSpan => {
      const found = own.filter((span) => stepOf(span) === step);
      expect([step, found.length]).toEqual([step, 1]);
      return found[0]!;
    };
    const [ingest, plan, release, dispatch, call] = [
      one('ingest'),
      one('plan'),
      one('release'),
      one('dispatch'),
      one('call'),
    ];
    expect(ingest.parentSpanId).toBe(ORIGIN.spanId);
    expect(plan.parentSpanId).toBe(ingest.spanId);
    expect(release.parentSpanId).toBe(plan.spanId);
    expect(dispatch.parentSpanId).toBe(release.spanId);
    expect(call.parentSpanId).toBe(dispatch.spanId);
    expect(own.map(({ name }) => name).sort()).toEqual(
      [
        'POST /v1/events',
        'plan',
        'send messages.due.service',
        'process messages.due.service',
        'send email',
      ].sort(),
    );
    expect(said(call, 'lagom.ref')).toMatch(/^[\w-]{16,}$/);
    expect(collector.bodies.join()).toContain('lagom-of-a-test');
  });

  it('links what is sent days later to the event that planned it, in a trace of its own', () => {
    const later = collector.spans.filter(({ traceId }) => traceId !== ORIGIN.traceId);
    const call = later.find((span) => stepOf(span) === 'call');
    const plan = collector.spans.find((span) => stepOf(span) === 'plan');
    expect(call?.links).toMatchObject([{ traceId: ORIGIN.traceId, spanId: plan?.spanId }]);
    const release = later.find((span) => stepOf(span) === 'release' && span.traceId === call?.traceId);
    expect(release?.parentSpanId ?? '').toBe('');
    expect(release?.links).toMatchObject([{ traceId: ORIGIN.traceId, spanId: plan?.spanId }]);
  });

  it('is kept on a row while it waits, and no longer', () => {
    expect(waiting.length).toBeGreaterThan(0);
    for (const { traceparent } of waiting) expect(traceparent).toContain(ORIGIN.traceId);
    expect(over.length).toBeGreaterThan(1);
    expect(over.map(({ traceparent }) => traceparent)).toEqual(over.map(() => null));
  });

  it('names nobody: no address, name, treatment, customer or row', () => {
    const all = collector.bodies.join();
    for (const secret of [who.id, who.email, who.phone, 'Rebecka', 'Hemlighetsfull', 'Hårborttagning'])
      expect(all).not.toContain(secret);
  });
});

describe('without a collector', () => {
  it('nothing is traced, nothing is kept on a row, and a traceparent changes nothing', async () => {
    const lagom = await startLagom();
    try {
      expect(lagom.app.get(Tracing)).toBe(NO_TRACING);
      const booking = visit(new Date(lagom.now().getTime() + 9 * DAY));
      const told = event(lagom, 'booking.confirmed', { customer: person(), booking });
      const traceparent = `00-${ORIGIN.traceId}-${ORIGIN.spanId}-01`;
      expect(await lagom.post(Object.assign({}, told, { traceparent }))).toMatchObject({
        accepted: 1,
        warnings: [],
      });
      expect(
        await lagom.post(Object.assign({}, told, { id: 'other', traceparent: 'no such thing' })),
      ).toMatchObject({
        accepted: 1,
        rejected: [],
      });
      const rows = await lagom.app.get(MessageStore).pageByStatus('planned', null, 50);
      expect(rows.map((row) => row.traceparent)).toEqual(rows.map(() => undefined));
      expect(rows.length).toBeGreaterThan(0);
    } finally {
      await lagom.close();
    }
  });

  it('OpenTelemetry is not even imported', () => {
    const importers = ['libs', 'apps'].flatMap((folder) =>
      readdirSync(join(rootDir(), folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(folder, file))
        .filter((file) => {
          const text = readFileSync(join(rootDir(), file), 'utf8');
          return text.includes("'@opentelemetry/") || /from '.*otlp-tracing/.test(text);
        }),
    );
    expect(importers).toEqual(['libs/platform/otlp-tracing.ts']);
  });
});

describe('readTraceparent', () => {
  it.each([
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    'anna@example.se',
    7,
    null,
  ])('takes no %s', (value) => expect(readTraceparent(value)).toBeNull());
});
