import { shownStatus } from '#campaigns/campaign-table';
import type { Campaign } from '#campaigns/campaign.types';
import type { MeasureStore } from '#campaigns/measure.store';
import type { CampaignRows, RowGroup } from '#messages/campaign-rows';
import type { Clock } from '#platform/clock';
import type { BookedAfter } from './booked-after.js';
import { foldReport } from './fold-report.js';
import { foldTest } from './fold-test.js';
import { DENOMINATORS, type Report } from './report.types.js';
import type { TestShares } from './test-shares.js';

/** How long after its message a booking counts, as it was asked for. */
export interface Window {
  /** ISO 8601, as it is shown. */
  iso: string;
  ms: number;
}

/**
 * What became of a campaign, from the ledger as it stands. Three reads: one group over the campaign's rows, what was opened
 * of it, and the tenant's bookings of the window (once more for a test that is open and compared by them), page by page,
 * each page with the rows of its people. What is held meanwhile are the groups and the ids of who booked.
 */
export class ReportOf {
  constructor(
    private readonly rows: CampaignRows,
    private readonly booked: BookedAfter,
    private readonly measures: MeasureStore,
    private readonly shares: TestShares,
    private readonly clock: Clock,
  ) {}

  async of(campaign: Campaign, window: Window): Promise<Report> {
    const { tenant, campaign: id, name, status, launch } = campaign;
    const at = this.clock.now();
    const groups = await this.rows.groups(tenant, id);
    const ends = lastOf(groups) + window.ms;
    const booked =
      launch === null
        ? []
        : await this.booked.of({
            tenant,
            campaign: id,
            from: launch.at,
            to: new Date(ends),
            windowMs: window.ms,
          });
    const isOpen = (campaign.testShare ?? 100) < 100 && campaign.winner == null && launch !== null;
    const { comparison, ...figures } = foldReport(groups, booked, await this.measures.ofCampaign(tenant, id));
    return {
      ...{ campaign: id, name, status: shownStatus(status), at, launchedAt: launch?.at ?? null },
      denominators: DENOMINATORS,
      ...figures,
      test: foldTest(campaign, groups, isOpen ? await this.shares.of(campaign, at, groups) : null),
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
}

const lastOf = (groups: readonly RowGroup[]): number =>
  groups.reduce((last, group) => Math.max(last, group.last?.getTime() ?? 0), 0);
