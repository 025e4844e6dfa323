import type { FactoryProvider } from '@nestjs/common';
import { AddressClaimStore } from '#campaigns/address-claim.store';
import { CampaignRows } from '#messages/campaign-rows';
import { CampaignStore } from '#campaigns/campaign.store';
import { BookedAfter } from '#launch/booked-after';
import { Campaigns } from '#launch/campaigns';
import { ChooseWinner } from '#launch/choose-winner';
import { MeasureStore } from '#campaigns/measure.store';
import { ContentLibrary, readLayout } from '#rendering/content-library';
import { Contents } from '#launch/contents';
import { Launch } from '#launch/launch';
import { PullCampaigns } from '#launch/pull-campaigns';
import { RampDayStore } from '#campaigns/ramp-day.store';
import { RampQuota } from '#launch/ramp-quota';
import { RampViews } from '#launch/ramp-view';
import { ReachOf } from '#launch/reach';
import { ReportOf } from '#launch/report';
import { SegmentStore } from '#campaigns/segment.store';
import { Segments } from '#launch/segments';
import { TemplateStore } from '#campaigns/template.store';
import { TestShares } from '#launch/test-shares';
import { TestSend } from '#launch/test-send';
import { WatchCampaigns } from '#launch/watch-campaigns';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { SuppressionStore } from '#consent/suppression.store';
import { PauseStore } from '#consent/pause.store';
import { AuditStore } from '#privacy/audit.store';
import { Senders } from '#channels/senders';
import { BookingStore } from '#customers/booking.store';
import { CustomerStore } from '#customers/customer.store';
import { DeriveBacklog } from '#customers/derive-backlog';
import { LedgerStats } from '#messages/ledger-stats';
import { MessageStore } from '#messages/message.store';
import { Clock } from '#platform/clock';
import { Tenants } from '#tenants/tenant';
import { Database } from './database.js';
import { store } from './store.provider.js';
import { wire } from './wire.js';

/** What marketers write, and who of a campaign has which address. */
export const CAMPAIGN_STORES: FactoryProvider[] = [
  store(SegmentStore, []),
  store(TemplateStore, []),
  store(CampaignStore, []),
  store(AddressClaimStore, []),
  store(RampDayStore, []),
  store(MeasureStore, []),
];

/** Campaigns: segments, content, the life cycle, the launch. */
export const CAMPAIGNS: FactoryProvider[] = [
  {
    provide: ContentLibrary,
    inject: [TemplateStore],
    useFactory: async (templates: TemplateStore) =>
      new ContentLibrary(
        await readLayout(join(rootDir(), 'templates')),
        async (tenant, template, n) => (await templates.findVersion(tenant, template, n))?.content ?? null,
      ),
  },
  {
    provide: CampaignRows,
    // After the store, which makes the indexes.
    inject: [Database, MessageStore],
    useFactory: (database: Database) => new CampaignRows(database.connection),
  },
  {
    provide: LedgerStats,
    inject: [Database, MessageStore],
    useFactory: (database: Database) => new LedgerStats(database.connection),
  },
  wire(Launch, [CampaignStore, Segments, CustomerStore, MessageStore, Tenants]),
  wire(RampQuota, [RampDayStore, CampaignRows]),
  wire(RampViews, [RampQuota, CampaignRows, Tenants, Clock]),
  wire(PullCampaigns, [CampaignStore, CampaignRows, RampQuota, Tenants]),
  wire(WatchCampaigns, [CampaignStore, CampaignRows, MessageStore, AddressClaimStore, AuditStore]),
  wire(Campaigns, [
    CampaignStore,
    TemplateStore,
    Segments,
    CampaignRows,
    MessageStore,
    WatchCampaigns,
    PullCampaigns,
    TestShares,
    Clock,
  ]),
  wire(ReachOf, [
    Segments,
    CustomerStore,
    SuppressionStore,
    PauseStore,
    ContentLibrary,
    Senders,
    RampQuota,
    Clock,
  ]),
  wire(BookedAfter, [CampaignRows, BookingStore]),
  wire(TestShares, [CampaignRows, MeasureStore, BookedAfter]),
  wire(ReportOf, [CampaignRows, BookedAfter, MeasureStore, TestShares, Clock]),
  wire(ChooseWinner, [CampaignStore, CampaignRows, TestShares, MessageStore]),
  wire(TestSend, [SuppressionStore, PauseStore, ContentLibrary, Senders, Clock]),
  wire(Contents, [TemplateStore, ContentLibrary, Clock]),
  wire(Segments, [SegmentStore, CustomerStore, DeriveBacklog, Clock]),
];
