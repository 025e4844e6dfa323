import { MeasureStore } from '#campaigns/measure.store';
import { RecordMeasures } from '#dispatch/record-measures';
import { type FactoryProvider, Module } from '@nestjs/common';
import { WebhookStore } from '#channels/webhook.store';
import { HashRing } from '#consent/hash-ring';
import { LinkTokens } from '#consent/link-token';
import { SuppressionStore } from '#consent/suppression.store';
import { AnswerSurvey } from '#customers/answer-survey';
import { CustomerStore } from '#customers/customer.store';
import { ReplyStore } from '#customers/reply.store';
import { TaskStore } from '#customers/task.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { AnswerText } from '#dispatch/answer-text';
import { ApplyReceipt } from '#dispatch/apply-receipt';
import { HearInbound } from '#dispatch/hear-inbound';
import { HearWebhook } from '#dispatch/hear-webhook';
import { ReleaseDue } from '#dispatch/release-due';
import { MessageStore } from '#messages/message.store';
import { CampaignRows } from '#messages/campaign-rows';
import { Clock } from '#platform/clock';
import type { Config } from '#platform/config';
import { Metrics } from '#platform/metrics';
import { Confirm } from '#privacy/confirm';
import { DoubleOptIn } from '#privacy/double-opt-in';
import { NoticeStore } from '#privacy/notice.store';
import { Notices } from '#privacy/notices';
import { DoubleOptInStore } from '#privacy/double-opt-in.store';
import { Erase } from '#privacy/erase';
import { Extract } from '#privacy/extract';
import { MyData } from '#privacy/my-data';
import { MyDataLinkStore } from '#privacy/my-data-link.store';
import { NewEmail } from '#privacy/new-email';
import { OwnActs } from '#privacy/own-acts';
import { Preferences } from '#privacy/preferences';
import { Rectify } from '#privacy/rectify';
import { Requests } from '#privacy/requests';
import { Restrict } from '#privacy/restrict';
import { Subscribers } from '#privacy/subscribers';
import { Undo } from '#privacy/undo';
import { Withdraw } from '#privacy/withdraw';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { Pages } from '#rendering/pages';
import { Tenants } from '#tenants/tenant';
import { PAGES } from '../pages.provider.js';
import { CONFIG, wire } from '../wire.js';
import { AnswerPages } from './answer-pages.js';
import { ClientIp } from './client-ip.js';
import { ConfirmController } from './confirm.controller.js';
import { MeasureController } from './measure.controller.js';
import { MeasuringService } from './measuring.service.js';
import { InboundController } from './inbound.controller.js';
import { LogoController } from './logo.controller.js';
import { NoticeController } from './notice.controller.js';
import { MeController } from './me.controller.js';
import { MyDataActs } from './my-data-acts.js';
import { MyDataController } from './my-data.controller.js';
import { NewEmailController } from './new-email.controller.js';
import { PreferencesController } from './preferences.controller.js';
import { ReadLink } from './read-link.js';
import { ReceiveNo } from './receive-no.js';
import { SendGridWebhookController } from './sendgrid-webhook.controller.js';
import { SignedWebhooks } from './signed-webhooks.js';
import { StylesheetController } from './stylesheet.controller.js';
import { SubscribeController } from './subscribe.controller.js';
import { SurveyController } from './survey.controller.js';
import { TwilioWebhookController } from './twilio-webhook.controller.js';
import { UnsubscribeController } from './unsubscribe.controller.js';

const NOTICES: FactoryProvider<Notices> = {
  provide: Notices,
  inject: [Pages, Tenants, NoticeStore, Clock],
  useFactory: (pages: Pages, tenants: Tenants, store: NoticeStore, clock: Clock) =>
    Notices.publish(pages, tenants.all(), store, clock.now()),
};

/** The customer's side: what links in messages lead to, and the providers' webhooks. No key, no cookie, no script. */
@Module({
  controllers: [
    UnsubscribeController,
    PreferencesController,
    SubscribeController,
    ConfirmController,
    SurveyController,
    MeController,
    MyDataController,
    NewEmailController,
    NoticeController,
    StylesheetController,
    LogoController,
    SendGridWebhookController,
    TwilioWebhookController,
    InboundController,
    MeasureController,
  ],
  providers: [
    PAGES,
    NOTICES,
    AnswerPages,
    ReadLink,
    ReceiveNo,
    SignedWebhooks,
    {
      provide: ClientIp,
      inject: [CONFIG],
      useFactory: ({ trustedProxies }: Config) => new ClientIp(trustedProxies),
    },
    MeasuringService,
    MyDataActs,
    wire(RecordMeasures, [
      MeasureStore,
      CampaignRows,
      CustomerStore,
      SuppressionStore,
      Tenants,
      Clock,
      Metrics,
    ]),
    wire(MyData, [
      DoubleOptInStore,
      MyDataLinkStore,
      CustomerStore,
      MessageStore,
      LinkTokens,
      HashRing,
      Clock,
    ]),
    wire(NewEmail, [
      DoubleOptInStore,
      Subscribers,
      CustomerStore,
      MessageStore,
      Rectify,
      Requests,
      HashRing,
      Clock,
    ]),
    wire(OwnActs, [Extract, Rectify, NewEmail, Restrict, Withdraw, Erase, Requests, Clock]),
    wire(WithdrawByLink, [Withdraw, SuppressionStore, CustomerStore, HashRing, CampaignRows, Clock]),
    wire(Undo, [LinkTokens, Withdraw, SuppressionStore, Clock]),
    wire(Preferences, [WithdrawByLink, Withdraw, SuppressionStore, Clock]),
    wire(Confirm, [Withdraw, CustomerStore, Subscribers, SuppressionStore, HashRing, Clock]),
    wire(HearWebhook, [WebhookStore, ApplyReceipt, Metrics, Clock]),
    wire(AnswerText, [MessageStore, DoubleOptIn, ReleaseDue, Clock]),
    wire(HearInbound, [
      WebhookStore,
      CustomerStore,
      MessageStore,
      TaskStore,
      ReplyStore,
      Withdraw,
      WithdrawByLink,
      LinkTokens,
      AnswerText,
      Metrics,
      Clock,
    ]),
    wire(AnswerSurvey, [CustomerStore, SurveyAnswerStore, Clock]),
  ],
})
export class PublicModule {}
