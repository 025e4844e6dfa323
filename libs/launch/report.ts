import { shownStatus } from '#campaigns/campaign-table';
import type { Campaign } from '#campaigns/campaign.types';
import type { BookedSince, BookingStore } from '#customers/booking.store';
import type { CampaignRows, PersonRow, RowGroup } from '#messages/campaign-rows';
import type { Clock } from '#platform/clock';
import { foldReport, SENT, type BookedGroup } from './fold-report.js';
import { DENOMINATORS, type Report } from './report.types.js';

const PAGE = 1_000;

/** How long after its message a booking counts, as it was asked for. */
export interface Window {
  /** ISO 8601, as it is shown. */
  iso: string;
  ms: number;
}

/**
 * What became of a campaign, from the ledger as it stands. Two reads: one group over the campaign's rows, and the tenant's
 * bookings of the window, page by page, each page with the rows of its people. What is held meanwhile are the groups and
 * the ids of who booked.
 */
export class ReportOf {
  constructor(
    private readonly rows: CampaignRows,
    private readonly bookings: BookingStore,
    private readonly clock: Clock,
  ) {}

  async of(campaign: Campaign, window: Window): Promise<Report> {
    const { tenant, campaign: id, name, status, launch } = campaign;
    const at = this.clock.now();
    const groups = await this.rows.groups(tenant, id);
    const ends = lastOf(groups) + window.ms;
    const booked = launch === null ? [] : await this.booked(campaign, launch.at, new Date(ends), window.ms);
    const { comparison, ...figures } = foldReport(groups, booked);
    return {
      ...{ campaign: id, name, status: shownStatus(status), at, launchedAt: launch?.at ?? null },
      denominators: DENOMINATORS,
      ...figures,
      bookings: {
        what:
          'people with a booking that was first heard of, and made, within the window, and that is not called off; ' +
          'each once',
        window: window.iso,
        complete: launch?.endedAt != null && figures.total.waiting.count === 0 && ends <= at.getTime(),
        comparison,
      },
    };
  }

  private async booked(
    { tenant, campaign }: Campaign,
    from: Date,
    to: Date,
    windowMs: number,
  ): Promise<BookedGroup[]> {
    const groups = new Map<string, BookedGroup>();
    const counted = { afterMessage: new Set<string>(), afterHour: new Set<string>() };
    for (let after: BookedSince | null = null; ;) {
      const page: BookedSince[] = await this.bookings.pageMade(tenant, { from, to }, after, PAGE);
      const people = new Map<string, PersonRow[]>();
      for (const row of await this.rows.findOfPeople(
        tenant,
        campaign,
        page.map(({ customer }) => customer),
      )) {
        people.set(row.customer, [...(people.get(row.customer) ?? []), row]);
      }
      for (const booking of page) {
        for (const row of people.get(booking.customer) ?? []) {
          const group = groupOf(groups, row);
          for (const kind of ['afterMessage', 'afterHour'] as const) {
            if (counted[kind].has(row._id) || !isAfter(booking, anchorOf(row, kind), windowMs)) continue;
            counted[kind].add(row._id);
            group[kind] += 1;
          }
        }
      }
      if (page.length < PAGE) return [...groups.values()];
      after = page.at(-1) ?? null;
    }
  }
}

/** From when on a booking counts; null: none does. */
function anchorOf(row: PersonRow, kind: 'afterMessage' | 'afterHour'): Date | null {
  if (kind === 'afterHour') return row.notBefore ?? null;
  return SENT.includes(row.status) ? (row.settledAt ?? null) : null;
}

/** Told late, it was made when its event says. */
function isAfter({ createdAt, gen }: BookedSince, anchor: Date | null, windowMs: number): boolean {
  if (anchor === null) return false;
  const madeAt = Math.min(createdAt.getTime(), gen.time.getTime());
  return madeAt >= anchor.getTime() && madeAt < anchor.getTime() + windowMs;
}

function groupOf(groups: Map<string, BookedGroup>, row: PersonRow): BookedGroup {
  const keys = { variant: row.variant ?? null, locale: row.content?.locale ?? null };
  const key = JSON.stringify(keys);
  const known = groups.get(key) ?? { ...keys, afterMessage: 0, afterHour: 0 };
  groups.set(key, known);
  return known;
}

const lastOf = (groups: readonly RowGroup[]): number =>
  groups.reduce((last, group) => Math.max(last, group.last?.getTime() ?? 0), 0);
