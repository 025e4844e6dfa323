import { type BeforeApplicationShutdown, type FactoryProvider, Module } from '@nestjs/common';
import { InboxStore } from '#channels/inbox.store';
import { HashRing } from '#consent/hash-ring';
import { LinkTokens } from '#consent/link-token';
import { SuppressionStore } from '#consent/suppression.store';
import { CustomerStore } from '#customers/customer.store';
import { ActOnCaptured } from '#dispatch/act-on-captured';
import { AdvanceClock } from '#dispatch/advance-clock';
import { AnswerText } from '#dispatch/answer-text';
import { ApplyReceipt } from '#dispatch/apply-receipt';
import { ReleaseDue } from '#dispatch/release-due';
import { ChooseWinner } from '#launch/choose-winner';
import { Launch } from '#launch/launch';
import { PullCampaigns } from '#launch/pull-campaigns';
import { WatchCampaigns } from '#launch/watch-campaigns';
import { MessageStore } from '#messages/message.store';
import { MemoryTopics } from '#messaging/memory-topics';
import { CampaignRows } from '#messages/campaign-rows';
import { Clock, SystemClock } from '#platform/clock';
import { ClockLeadStore } from '#platform/clock-lead.store';
import type { Config } from '#platform/config';
import { DoubleOptIn } from '#privacy/double-opt-in';
import { Withdraw } from '#privacy/withdraw';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { Tenants } from '#tenants/tenant';
import { Database } from '../database.js';
import { CONFIG, wire } from '../wire.js';
import { FrontDoorController } from './front-door.controller.js';
import { InboxAssetsController } from './inbox-assets.controller.js';
import { InboxPage } from './inbox-page.js';
import { InboxController } from './inbox.controller.js';

const CLOCK: FactoryProvider<AdvanceClock> = {
  provide: AdvanceClock,
  inject: [
    MessageStore,
    ReleaseDue,
    Database,
    Clock,
    CONFIG,
    MemoryTopics,
    Launch,
    PullCampaigns,
    ChooseWinner,
    WatchCampaigns,
  ],
  // Providers are made before any consumer, loop or port begins: nothing has asked for the time yet.
  useFactory: async (
    messages: MessageStore,
    releaseDue: ReleaseDue,
    database: Database,
    clock: Clock,
    config: Config,
    topics: MemoryTopics,
    launch: Launch,
    pull: PullCampaigns,
    winners: ChooseWinner,
    watch: WatchCampaigns,
  ) => {
    if (!(clock instanceof SystemClock)) throw new Error('the inbox leads the machine’s clock and no other');
    const leads = new ClockLeadStore(database.connection);
    const quiet = config.kafka === null ? topics : null;
    const advanceClock = new AdvanceClock(messages, releaseDue, leads, clock, quiet, {
      runOnce: async (now) => {
        await launch.runOnce(now);
        await winners.runOnce(now);
        await pull.runOnce(now);
        // By the scheduler's own loop it would end some seconds of the machine's later.
        await watch.runOnce(now);
      },
      nextAt: async (until, after) => {
        const times = await Promise.all([pull.nextAt(until, after), winners.nextAt(until, after)]);
        const [first] = times
          .filter((at) => at !== null)
          .sort((one, other) => one.getTime() - other.getTime());
        return first ?? null;
      },
    });
    await advanceClock.resume();
    return advanceClock;
  },
};

/** `/inbox`: what would have been sent, and a clock that can be moved. Only under LAGOM_SEND=capture (all.modules.ts). */
@Module({
  controllers: [FrontDoorController, InboxAssetsController, InboxController],
  providers: [
    CLOCK,
    wire(InboxPage, [InboxStore, MessageStore, CustomerStore, Tenants, AdvanceClock, Clock]),
    wire(WithdrawByLink, [Withdraw, SuppressionStore, CustomerStore, HashRing, CampaignRows, Clock]),
    wire(AnswerText, [MessageStore, DoubleOptIn, ReleaseDue, Clock]),
    wire(ActOnCaptured, [
      InboxStore,
      MessageStore,
      CustomerStore,
      ApplyReceipt,
      LinkTokens,
      WithdrawByLink,
      AnswerText,
      Clock,
    ]),
  ],
})
export class InboxModule implements BeforeApplicationShutdown {
  constructor(private readonly advanceClock: AdvanceClock) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.advanceClock.stop();
  }
}
