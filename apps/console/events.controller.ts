import { Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import { readHttpEvents, type Read, type ReadFault } from '#events/read-event';
import type { LagomEvent } from '#events/event';
import { DryRun, type DryResult } from '#ingest/dry-run';
import { HearTogether } from '#ingest/hear-together';
import { outcomeOf } from '#ingest/hear-result';
import { HeardEventStore } from '#ingest/heard-event.store';
import { hearingSpan } from '#ingest/trace-hearing';
import { Clock } from '#platform/clock';
import { Metrics } from '#platform/metrics';
import type { ReadRequest } from '#platform/read-body';
import { Tracing } from '#platform/tracing';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound, Problem, type ProblemFault } from './problem.js';

interface EventsAnswer {
  accepted: number;
  rejected: { index: number; id: string | null; errors: ProblemFault[] }[];
  warnings: (ProblemFault & { index: number; id: string })[];
}

/** Booking events over HTTP: one or a batch, in any mode of CloudEvents; applied when it answers. */
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly hearTogether: HearTogether,
    private readonly dryRun: DryRun,
    private readonly heard: HeardEventStore,
    private readonly tenants: Tenants,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly tracing: Tracing,
  ) {}

  @Post()
  @Roles('ingest')
  async take(
    @Asking() caller: Caller,
    @Req() request: ReadRequest,
    @Query('dryRun') dry: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventsAnswer | DryResult> {
    if (dry !== undefined && dry !== 'true' && dry !== 'false') {
      // Taken for a no, a slip of the hand would send.
      throw new Problem(422, 'dryRun is true or false', [
        { pointer: '#/dryRun', detail: 'expected true or false, got another' },
      ]);
    }
    const { kind, reads } = this.read(request, caller);
    const rejected = reads.flatMap((read, index) =>
      read.kind === 'refused' ? [{ index, id: read.id, errors: read.faults.map(problemFault) }] : [],
    );
    if (kind === 'one' && rejected[0] !== undefined) {
      throw new Problem(
        422,
        `the event was refused: ${rejected[0].errors[0]?.detail ?? ''}`,
        rejected[0].errors,
      );
    }
    const taken = reads.flatMap((read, index) => (read.kind === 'event' ? [{ read, index }] : []));
    const events = taken.map(({ read }) => read.event);
    if (dry === 'true') {
      response.status(200);
      return this.dry(events);
    }
    const carried = request.headers['traceparent'];
    const hearings = events.map((event) =>
      hearingSpan(
        this.tracing,
        event,
        { route: '/v1/events' },
        typeof carried === 'string' ? carried : undefined,
      ),
    );
    const begun = this.clock.mono();
    const results = await this.hearTogether
      .hear(hearings.map(({ event }) => event))
      .finally(() => hearings.forEach(({ span }) => span.end()));
    const seconds = (this.clock.mono() - begun) / 1_000;
    response.status(202);
    return {
      accepted: events.length,
      rejected,
      warnings: taken.flatMap(({ read, index }, at) => {
        const result = results[at];
        this.metrics.event(read.event.type, outcomeOf(result), seconds);
        this.metrics.fieldsKeptOut(read.event.type, read.unknownFields.length);
        return [
          ...read.unknownFields.map((path) => ({ path, detail: 'not a field that is known; kept out' })),
          ...(result?.warnings ?? []),
          ...(result?.outcome === 'duplicate'
            ? [{ path: 'id', detail: 'heard before under this id; nothing was changed' }]
            : []),
          ...(result?.outcome === 'erased'
            ? [
                {
                  path: 'data.customer.id',
                  detail: 'this person was erased after the event; nothing was taken',
                },
              ]
            : []),
          ...(result?.stale ?? []).map((part) => ({
            path: `data.${part}`,
            detail: 'older than what is known; this part was ignored',
          })),
        ].map(({ path, detail }) => ({ index, id: read.event.id, pointer: pointerOf(path), detail }));
      }),
    };
  }

  @Get(':id')
  @HttpCode(200)
  @Roles('ingest', 'marketer', 'approver', 'privacy')
  async one(
    @Asking() caller: Caller,
    @Param('id') id: string,
  ): Promise<{ id: string; type: string; planned: string[]; cancelled: string[]; refused: string[] }> {
    const heard = orNotFound(await this.heard.find(caller.tenant, id), 'an event of this id');
    const { type, planned, cancelled, refused } = heard;
    return { id: heard.event, type, planned, cancelled, refused };
  }

  private read(request: ReadRequest, caller: Caller): { kind: 'one' | 'batch'; reads: Read[] } {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]),
    );
    const known = new Set(this.tenants.all().map((tenant) => tenant.id));
    const read = readHttpEvents(
      { headers, body: request.rawBody ?? Buffer.alloc(0) },
      known,
      this.clock.now(),
    );
    if (read.kind === 'refused') {
      throw new Problem(
        read.status,
        read.faults[0]?.detail ?? 'cannot be read',
        read.faults.map(problemFault),
      );
    }
    for (const one of read.reads) {
      this.metrics.cardsMasked(one.masked);
      if (one.kind === 'refused') this.metrics.event('unknown', one.reason);
    }
    return { kind: read.kind, reads: read.reads.map((one) => ownOnly(one, caller.tenant)) };
  }

  private async dry(events: readonly LagomEvent[]): Promise<DryResult> {
    const all = await Promise.all(events.map((event) => this.dryRun.run(event)));
    return {
      planned: all.flatMap((one) => one.planned),
      cancelled: all.flatMap((one) => one.cancelled),
      refused: all.flatMap((one) => one.refused),
      decisions: all.flatMap((one) => one.decisions),
    };
  }
}

/** A key speaks for its own tenant only. */
function ownOnly(read: Read, tenant: string): Read {
  if (read.kind === 'refused' || read.event.tenant === tenant) return read;
  const detail = `expected /tenants/${tenant}, the tenant of this key, got another`;
  return {
    kind: 'refused',
    reason: 'unknown-tenant',
    id: read.event.id,
    type: read.event.type,
    tenant: null,
    faults: [{ pointer: '#/source', path: 'source', detail }],
    masked: read.masked,
  };
}

function problemFault({ pointer, detail }: ReadFault): ProblemFault {
  return { pointer, detail };
}

function pointerOf(path: string): string {
  return `#/${path.replaceAll(/\[(\d+)\]/g, '.$1').replaceAll('.', '/')}`;
}
