import type { Campaign, TestShare } from '#campaigns/campaign.types';
import type { MeasureStore } from '#campaigns/measure.store';
import type { CampaignRows, RowGroup } from '#messages/campaign-rows';
import type { BookedAfter } from './booked-after.js';
import { comparedBy } from './compared-by.js';
import { foldShares } from './fold-shares.js';

/** What the variants of a test came to, from the ledger as it stands. */
export class TestShares {
  constructor(
    private readonly rows: CampaignRows,
    private readonly measures: MeasureStore,
    private readonly booked: BookedAfter,
  ) {}

  /** `groups`: the campaign's, where they were read just now. Bookings count from each message until `now`. */
  async of(campaign: Campaign, now: Date, groups?: readonly RowGroup[]): Promise<TestShare[]> {
    const { tenant, campaign: id, variants, launch } = campaign;
    const by = comparedBy(campaign);
    const rows = groups ?? (await this.rows.groups(tenant, id));
    if (by === 'clicks') {
      const measures = await this.measures.ofCampaign(tenant, id);
      return foldShares(variants, by, rows, { measures, booked: [] });
    }
    const from = launch?.at ?? now;
    const windowMs = now.getTime() - from.getTime();
    const booked = await this.booked.of({ tenant, campaign: id, from, to: now, windowMs });
    return foldShares(variants, by, rows, { measures: [], booked });
  }
}
