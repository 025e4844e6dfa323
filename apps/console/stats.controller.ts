import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { LedgerStats, STAT_FIELDS, type StatField } from '#messages/ledger-stats';
import { statDays } from '#messages/stat-days';
import { Clock } from '#platform/clock';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { toCsv } from './csv.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';
import { spanIn, spanQuery, type Span } from './span-query.js';

const BY = ['day', ...STAT_FIELDS] as const;
type By = (typeof BY)[number];
const SAID_BY = `expected one or more of ${BY.join(', ')}, with a comma between`;
const MOST_DAYS = 400;
/** More lines than this are no overview. */
const MOST_ITEMS = 10_000;
const WITHOUT_TIMES_DAYS = 30;

export const statsQuery = z.strictObject({
  ...spanQuery,
  by: z
    .string(SAID_BY)
    .default('day,status')
    .transform((text, context) => {
      const asked = [...new Set(text.split(',').map((one) => one.trim()))];
      if (asked.every((one): one is By => (BY as readonly string[]).includes(one))) return asked;
      context.addIssue({ code: 'custom', message: SAID_BY });
      return z.NEVER;
    }),
});

export interface StatItem extends Partial<Record<By, string | null>> {
  count: number;
}

export interface Stats {
  from: string;
  to: string;
  zone: string;
  by: By[];
  /** What a count is a count of. */
  counts: string;
  total: number;
  items: StatItem[];
}

const COUNTS =
  'messages by when they were first sent, refused or called off (from `from`, before `to`), in the state that they ' +
  'have now; what still waits and test-sends are not in it';

/** What was said, and what was not, in figures: for all of the staff. */
@Controller('v1/stats')
@Roles('marketer', 'approver', 'privacy')
export class StatsController {
  constructor(
    private readonly stats: LedgerStats,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** By day in the tenant's zone, purpose, channel, campaign, variant, reason, status; as CSV when asked. */
  @Get()
  async count(
    @Asking() caller: Caller,
    @Query() asked: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Stats | string> {
    const { by, ...given } = readInput(statsQuery, asked);
    const { timeZone: zone } = orNotFound(this.tenants.get(caller.tenant), 'the tenant of this key');
    const { from, to } = windowOf(given, zone, this.clock.now());
    const items = await this.items(caller.tenant, { from, to, zone }, by);
    if (request.accepts(['application/json', 'text/csv']) === 'text/csv') {
      response.type('text/csv; charset=utf-8');
      return toCsv(items, [...by, 'count']);
    }
    return {
      from: from.toISO() ?? '',
      to: to.toISO() ?? '',
      ...{ zone, by, counts: COUNTS },
      total: items.reduce((sum, { count }) => sum + count, 0),
      items,
    };
  }

  /** Day by day, whatever is asked for: no read is longer than a day's rows. */
  private async items(
    tenant: string,
    { from, to, zone }: { from: DateTime; to: DateTime; zone: string },
    by: readonly By[],
  ): Promise<StatItem[]> {
    const fields = by.filter((one): one is StatField => one !== 'day');
    const items = new Map<string, StatItem>();
    for (const { day, ...span } of statDays(from.toJSDate(), to.toJSDate(), zone)) {
      for (const { count, ...keys } of await this.stats.count(tenant, span.from, span.to, fields)) {
        const named = Object.fromEntries(by.map((one) => [one, one === 'day' ? day : (keys[one] ?? null)]));
        const key = JSON.stringify(named);
        const known = items.get(key);
        items.set(key, { ...named, count: (known?.count ?? 0) + count });
      }
      if (items.size > MOST_ITEMS) {
        throw fault(
          'by',
          `expected less at once: more than ${MOST_ITEMS} lines; ask for fewer days or by less`,
        );
      }
    }
    return [...items.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
  }
}

/** Absent: the last 30 days, today included. */
function windowOf(asked: Span, zone: string, now: Date): { from: DateTime; to: DateTime } {
  const { from, to } = spanIn(asked, zone);
  const end = to ?? DateTime.fromJSDate(now, { zone }).startOf('day').plus({ days: 1 });
  const begin = from ?? end.minus({ days: WITHOUT_TIMES_DAYS });
  if (begin >= end) throw fault('from', 'expected a time before `to`');
  if (end.diff(begin, 'days').days > MOST_DAYS) throw fault('from', `expected ${MOST_DAYS} days at most`);
  return { from: begin, to: end };
}

const fault = (member: string, detail: string): Problem =>
  new Problem(422, 'some members are not as they should be', [{ pointer: `#/${member}`, detail }]);
