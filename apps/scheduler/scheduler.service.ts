import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { WebhookStore } from '#channels/webhook.store';
import { DeriveBacklog } from '#customers/derive-backlog';
import { CountLedger } from '#dispatch/count-ledger';
import { DeliverHooks } from '#dispatch/deliver-hooks';
import { OpenTasks } from '#dispatch/open-tasks';
import { PublishOut } from '#dispatch/publish-out';
import { ReleaseDue } from '#dispatch/release-due';
import { RepairStuck } from '#dispatch/repair-stuck';
import { ResolveUnknown } from '#dispatch/resolve-unknown';
import { HeardEventStore } from '#ingest/heard-event.store';
import { ChooseWinner } from '#launch/choose-winner';
import { Launch } from '#launch/launch';
import { PullCampaigns } from '#launch/pull-campaigns';
import { WatchCampaigns } from '#launch/watch-campaigns';
import { DeadLetterStore } from '#messaging/dead-letter.store';
import { SightingStore } from '#messaging/sighting.store';
import { Clock } from '#platform/clock';
import type { Config } from '#platform/config';
import { Lease } from '#platform/lease';
import { Loop } from '#platform/loop';
import { Metrics } from '#platform/metrics';
import type { Log } from '#platform/telemetry';
import { DoubleOptIn } from '#privacy/double-opt-in';
import { AuditStore } from '#privacy/audit.store';
import { AskProviders } from '#privacy/ask-providers';
import { DeleteExpired } from '#privacy/delete-expired';
import { FormLimits } from '#privacy/form-limits';
import { Erase } from '#privacy/erase';
import { MyDataLinkStore } from '#privacy/my-data-link.store';
import { RequestStore } from '#privacy/request.store';
import { Merge } from '#privacy/merge';
import { Database } from '../database.js';
import { CONFIG, LOG } from '../wire.js';

const RELEASE_EVERY_MS = 500;
const LAUNCH_EVERY_MS = 1_000;
const WATCH_EVERY_MS = 2_000;
const PUBLISH_EVERY_MS = 1_000;
const DELIVER_EVERY_MS = 2_000;
/** What goes out at once is told of in one go with its plan. */
const SETTLED_MS = 1_000;
const REPAIR_EVERY_MS = 10_000;
const RESOLVE_EVERY_MS = 30_000;
const TIDY_EVERY_MS = 60_000;
/** Events older than 30 days are refused without `backfill`, so an id need not be remembered much longer. */
const KEEP_HEARD_MS = 40 * 86_400_000;
/** No topic that is heard by a group keeps a message for longer. */
const KEEP_SIGHTINGS_MS = 30 * 86_400_000;
/** Providers repeat a webhook for a day. */
const KEEP_WEBHOOKS_MS = 3 * 86_400_000;
/** What shows that people were answered, and what staff did: as long as somebody may ask. */
const KEEP_PROOF_MS = 3 * 366 * 86_400_000;

type Pass = (now: Date, stopping: AbortSignal) => Promise<Record<string, number>>;

/** What waits: one leader by lease releases what is due and mends what a crash left (PROTOCOL C). */
@Injectable()
export class SchedulerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly lease: Lease;
  private readonly loops: Loop[];

  constructor(
    private readonly releaseDue: ReleaseDue,
    private readonly repairStuck: RepairStuck,
    private readonly resolveUnknown: ResolveUnknown,
    private readonly publishOut: PublishOut,
    private readonly deliverHooks: DeliverHooks,
    private readonly openTasks: OpenTasks,
    private readonly deriveBacklog: DeriveBacklog,
    private readonly launch: Launch,
    private readonly pullCampaigns: PullCampaigns,
    private readonly watchCampaigns: WatchCampaigns,
    private readonly chooseWinner: ChooseWinner,
    private readonly erase: Erase,
    private readonly merge: Merge,
    private readonly deleteExpired: DeleteExpired,
    private readonly formLimits: FormLimits,
    private readonly askProviders: AskProviders,
    private readonly doubleOptIn: DoubleOptIn,
    private readonly deadLetters: DeadLetterStore,
    private readonly heard: HeardEventStore,
    private readonly webhooks: WebhookStore,
    private readonly sightings: SightingStore,
    private readonly requests: RequestStore,
    private readonly audit: AuditStore,
    private readonly myDataLinks: MyDataLinkStore,
    private readonly countLedger: CountLedger,
    private readonly metrics: Metrics,
    clock: Clock,
    database: Database,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOG) log: Log,
  ) {
    this.lease = new Lease(database.connection, 'scheduler', clock, { takeAtOnce: database.embedded });
    const leading = (pass: Pass) => async (now: Date, stopping: AbortSignal) =>
      (await this.lease.hold()) ? pass(now, stopping) : {};
    const loop = (name: string, everyMs: number, pass: Pass): Loop =>
      new Loop({ name, everyMs, runOnce: leading(pass), clock, log, metrics });
    this.loops = [
      loop('release-due', RELEASE_EVERY_MS, async (now) => ({
        released: await this.releaseDue.runOnce(now),
      })),
      loop('publish-out', PUBLISH_EVERY_MS, async (now) => ({
        published: await this.publishOut.runOnce(new Date(now.getTime() - SETTLED_MS)),
      })),
      loop('repair-stuck', REPAIR_EVERY_MS, (now) => this.repairStuck.runOnce(now)),
      loop('resolve-unknown', RESOLVE_EVERY_MS, (now) => this.resolveUnknown.runOnce(now)),
      loop('deliver-hooks', DELIVER_EVERY_MS, (now) => this.deliverHooks.runOnce(now)),
      loop('launch', LAUNCH_EVERY_MS, (now) => this.launch.runOnce(now)),
      loop('pull-campaigns', RELEASE_EVERY_MS, (now) => this.pullCampaigns.runOnce(now)),
      loop('choose-winner', WATCH_EVERY_MS, (now) => this.chooseWinner.runOnce(now)),
      loop('watch-campaigns', WATCH_EVERY_MS, (now) => this.watchCampaigns.runOnce(now)),
      loop('derive-backlog', TIDY_EVERY_MS, async (now, stopping) => ({
        derived: await this.deriveBacklog.runOnce(now, stopping),
      })),
      loop('open-tasks', TIDY_EVERY_MS, (now) => this.openTasks.runOnce(now)),
      loop('tidy', TIDY_EVERY_MS, async (now) => {
        const erased = await this.erase.resume();
        const merges = await this.merge.runOnce(now);
        const { swept: sweptErasures, tombstones } = await this.erase.sweepDue(now);
        const deleted = {
          tombstones,
          deadLetters: await this.deadLetters.deleteExpired(now),
          tenantHooks: await this.deliverHooks.deleteOld(now),
          webhooks: await this.webhooks.deleteBefore(new Date(now.getTime() - KEEP_WEBHOOKS_MS)),
          sightings: await this.sightings.deleteBefore(new Date(now.getTime() - KEEP_SIGHTINGS_MS)),
          heard: await this.heard.deleteBefore(new Date(now.getTime() - KEEP_HEARD_MS)),
          requests: await this.requests.deleteEndedBefore(new Date(now.getTime() - KEEP_PROOF_MS)),
          // An hour past their end no token of theirs is read any more.
          myDataLinks: await this.myDataLinks.deleteBefore(new Date(now.getTime() - 3_600_000)),
          formLimits: await this.formLimits.deleteExpired(now),
          addressClaims: await this.watchCampaigns.deleteOldClaims(now),
          audit: await this.audit.deleteBefore(new Date(now.getTime() - KEEP_PROOF_MS)),
        };
        const campaigns = {
          leftBehind: await this.watchCampaigns.moveLeftBehind(now),
          rampDays: await this.pullCampaigns.closeDays(now),
        };
        for (const [what, count] of Object.entries(deleted)) this.metrics.deleted(what, count);
        return {
          erased,
          sweptErasures,
          ...merges,
          ...deleted,
          ...campaigns,
          unconfirmed: await this.doubleOptIn.runOnce(now),
        };
      }),
      loop('ask-providers', TIDY_EVERY_MS, (now) => this.askProviders.runOnce(now)),
      loop('retention', TIDY_EVERY_MS, async (now, stopping) => {
        const counts = await this.deleteExpired.runOnce(now, stopping);
        // Counts only: that somebody was deleted is to be seen, not who.
        if (Object.values(counts).some((count) => count > 0))
          log.info({ counts }, 'deleted what is past its time');
        return counts;
      }),
      new Loop({
        ...{ name: 'count', everyMs: REPAIR_EVERY_MS, clock, log, metrics },
        runOnce: async (now) => {
          if (await this.lease.hold()) await this.countLedger.runOnce(now);
          else this.countLedger.forget();
        },
      }),
    ];
    metrics.atScrape(() => metrics.leaseHeld('scheduler', this.lease.held));
  }

  /** With topics in memory, what was released before the last stop is produced again (PROTOCOL C2). */
  async onApplicationBootstrap(): Promise<void> {
    if (this.config.kafka === null) await this.releaseDue.reproduceAll();
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.lease.release();
  }
}
