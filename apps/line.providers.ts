import type { FactoryProvider, InjectionToken, Provider } from '@nestjs/common';
import { AddressClaimStore } from '#campaigns/address-claim.store';
import { CampaignStore } from '#campaigns/campaign.store';
import { MeasureStore } from '#campaigns/measure.store';
import { InboxStore } from '#channels/inbox.store';
import { Senders } from '#channels/senders';
import { watchCalls } from '#channels/watch-calls';
import { WebhookStore } from '#channels/webhook.store';
import { stateOf } from '#consent/choices';
import { HashRing } from '#consent/hash-ring';
import { LinkTokens } from '#consent/link-token';
import { PauseStore } from '#consent/pause.store';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { BookingStore } from '#customers/booking.store';
import { CustomerStore } from '#customers/customer.store';
import { DeriveBacklog } from '#customers/derive-backlog';
import { DeriveDealings } from '#customers/derive-dealings';
import { ReplyStore } from '#customers/reply.store';
import { PurchaseStore } from '#customers/purchase.store';
import { ComplaintStore } from '#customers/complaint.store';
import { TaskStore } from '#customers/task.store';
import { WaitingEventStore } from '#customers/waiting-event.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { SurveyResults } from '#customers/survey-results';
import { AskGate } from '#dispatch/ask-gate';
import { ApplyReceipt } from '#dispatch/apply-receipt';
import { CountLedger } from '#dispatch/count-ledger';
import { DeliverHooks } from '#dispatch/deliver-hooks';
import { DispatchBatch } from '#dispatch/dispatch-batch';
import { FailDue } from '#dispatch/fail-due';
import { LateOutcomes } from '#dispatch/late-outcomes';
import { Links } from '#dispatch/links';
import { LoadCampaigns } from '#dispatch/load-campaigns';
import { LoadFacts } from '#dispatch/load-facts';
import { MeansOfHouse } from '#dispatch/means';
import { OpenTasks } from '#dispatch/open-tasks';
import { PublishOut } from '#dispatch/publish-out';
import { QueueHooks } from '#dispatch/queue-hooks';
import { TenantHookStore } from '#dispatch/tenant-hook.store';
import { ReleaseDue } from '#dispatch/release-due';
import { RepairStuck } from '#dispatch/repair-stuck';
import { ResolveUnknown } from '#dispatch/resolve-unknown';
import { RetryMessage } from '#dispatch/retry-message';
import { Standings } from '#dispatch/standings';
import { SayAgain } from '#dispatch/say-again';
import { StopButton } from '#dispatch/stop-button';
import { Backlog } from '#messaging/backlog';
import { DeadLetterStore } from '#messaging/dead-letter.store';
import { SightingStore } from '#messaging/sighting.store';
import { DeadLetters } from '#ingest/dead-letters';
import { DryRun } from '#ingest/dry-run';
import { HearEvents } from '#ingest/hear-event';
import { HeardEventStore } from '#ingest/heard-event.store';
import { OtherFacts } from '#ingest/other-facts';
import { Redrive } from '#ingest/redrive';
import { Journeys } from '#journeys/load-journeys';
import { RowDeletion } from '#messages/row-deletion';
import { CampaignRows } from '#messages/campaign-rows';
import { MessageStore } from '#messages/message.store';
import { EventSink } from '#messaging/event-sink';
import { Clock } from '#platform/clock';
import type { Config } from '#platform/config';
import { Metrics } from '#platform/metrics';
import { PublicUrl } from '#platform/public-url';
import { Tracing } from '#platform/tracing';
import { AuditStore } from '#privacy/audit.store';
import { AskProviders } from '#privacy/ask-providers';
import { ChoiceJournal } from '#privacy/choice-journal';
import { DoubleOptIn } from '#privacy/double-opt-in';
import { DoubleOptInStore } from '#privacy/double-opt-in.store';
import { EndTask } from '#privacy/end-task';
import { Erase } from '#privacy/erase';
import { ErasureStore } from '#privacy/erasure.store';
import { Extract, type PersonalStores } from '#privacy/extract';
import { JournalStore } from '#privacy/journal.store';
import { GoneIds } from '#privacy/gone-ids';
import { NoticeStore } from '#privacy/notice.store';
import { MergeStore } from '#privacy/merge.store';
import { MyDataLinkStore } from '#privacy/my-data-link.store';
import { PendingChoices } from '#privacy/pending-choices';
import { Rectify } from '#privacy/rectify';
import { RequestStore } from '#privacy/request.store';
import { Requests } from '#privacy/requests';
import { SafetyRegister } from '#privacy/safety-register.store';
import { RestoreChoices } from '#privacy/restore-choices';
import { Restrict } from '#privacy/restrict';
import { Subscribers } from '#privacy/subscribers';
import { Withdraw } from '#privacy/withdraw';
import { ContentLibrary } from '#rendering/content-library';
import { FileTemplateStore } from '#rendering/file-template.store';
import { Templates } from '#rendering/templates';
import { ApiKeyStore } from '#tenants/api-key.store';
import { Tenants } from '#tenants/tenant';
import { Database } from './database.js';
import { store } from './store.provider.js';
import { CONFIG, JOURNAL_READER, PROVIDER_TIMEOUT, wire } from './wire.js';

/** Where something of a person is kept, by the names that the extract has for them. */
const PERSONAL: readonly (readonly [keyof PersonalStores, InjectionToken])[] = [
  ['customers', CustomerStore],
  ['bookings', BookingStore],
  ['purchases', PurchaseStore],
  ['answers', SurveyAnswerStore],
  ['waiting', WaitingEventStore],
  ['tasks', TaskStore],
  ['replies', ReplyStore],
  ['messages', MessageStore],
  ['deadLetters', DeadLetterStore],
  ['inbox', InboxStore],
  ['suppressions', SuppressionStore],
  ['codes', ShortCodeStore],
  ['asks', DoubleOptInStore],
  ['requests', RequestStore],
  ['audit', AuditStore],
  ['complaints', ComplaintStore],
  ['register', SafetyRegister],
  ['measures', MeasureStore],
];

/** All stores in which events out wait. */
const OUTBOXES = Symbol('outboxes');

/** How a log of choices is folded. */
const STATE_OF = Symbol('what stands of a log of choices');
/** The oldest secret: a code that was given out must go on being found. */
const CODE_SECRET = Symbol('the secret of short codes');

/** The ledger and its neighbours. */
export const STORES: Provider[] = [
  { provide: STATE_OF, useValue: stateOf },
  store(CustomerStore, [STATE_OF]),
  store(BookingStore, []),
  store(PurchaseStore, []),
  store(SurveyAnswerStore, []),
  store(WaitingEventStore, []),
  store(TaskStore, []),
  store(ReplyStore, []),
  store(JournalStore, []),
  store(TenantHookStore, []),
  store(MessageStore, [Metrics]),
  store(HeardEventStore, []),
  store(DeadLetterStore, []),
  store(SightingStore, [Clock]),
  store(InboxStore, []),
  store(ErasureStore, []),
  store(ApiKeyStore, []),
  store(WebhookStore, []),
  store(PauseStore, []),
  store(NoticeStore, []),
  store(SuppressionStore, [HashRing]),
  store(DoubleOptInStore, []),
  store(RequestStore, []),
  store(AuditStore, []),
  store(FileTemplateStore, []),
  store(MyDataLinkStore, []),
  {
    provide: CODE_SECRET,
    inject: [CONFIG],
    useFactory: (config: Config) => config.secrets.at(-1) ?? '',
  },
  store(ShortCodeStore, [CODE_SECRET]),
];

/** The line, as DESIGN draws it: what hears, what waits, what asks and sends, what changes a fact. */
export const LINE: FactoryProvider[] = [
  {
    provide: LinkTokens,
    inject: [CONFIG],
    useFactory: (config: Config) => new LinkTokens(config.secrets),
  },
  {
    provide: Senders,
    inject: [CONFIG, Tenants, Clock, InboxStore, WebhookStore, Metrics, Tracing, PROVIDER_TIMEOUT],
    useFactory: (
      config: Config,
      tenants: Tenants,
      clock: Clock,
      inbox: InboxStore,
      webhooks: WebhookStore,
      metrics: Metrics,
      tracing: Tracing,
      timeoutMs: number | undefined,
    ) => {
      // A mail server tells nothing, and what was kept for the inbox need not be waited for.
      const tells = (account: string) =>
        config.send.mode !== 'capture' && tenants.account(account)?.account.kind !== 'smtp';
      const watch = watchCalls({ metrics, tracing, clock, webhooks, tells });
      const { send: mode, publicUrl } = config;
      const onBreaker = metrics.breaker.bind(metrics);
      return new Senders({ tenants, clock, inbox, mode, publicUrl, timeoutMs, watch, onBreaker });
    },
  },
  {
    provide: PublicUrl,
    inject: [CONFIG],
    useFactory: (config: Config) => new PublicUrl(config.publicUrl),
  },
  {
    provide: Standings,
    inject: [MessageStore, Journeys],
    useFactory: (messages: MessageStore, journeys: Journeys) =>
      new Standings(messages, (journey, tenant) => journeys.scriptOf(journey, tenant)),
  },
  {
    provide: Links,
    inject: [CONFIG, LinkTokens, ShortCodeStore, HashRing, PublicUrl],
    useFactory: (
      config: Config,
      tokens: LinkTokens,
      codes: ShortCodeStore,
      ring: HashRing,
      publicUrl: PublicUrl,
    ) =>
      new Links(tokens, codes, ring, (tenant) =>
        config.send.mode === 'live' ? `https://${tenant.host}` : publicUrl.get(),
      ),
  },
  wire(DeadLetters, [DeadLetterStore, EventSink, Tenants, Metrics, Clock]),
  wire(Redrive, [DeadLetterStore, EventSink, Clock]),
  wire(Withdraw, [SuppressionStore, CustomerStore, MessageStore, Clock]),
  wire(Subscribers, [CustomerStore, HashRing, Clock]),
  wire(DoubleOptIn, [DoubleOptInStore, Subscribers, SuppressionStore, MessageStore, HashRing]),
  wire(Restrict, [Withdraw, Clock]),
  wire(Rectify, [Withdraw, Clock]),
  wire(Erase, [
    ErasureStore,
    CustomerStore,
    BookingStore,
    PurchaseStore,
    SurveyAnswerStore,
    WaitingEventStore,
    DeadLetterStore,
    MessageStore,
    SuppressionStore,
    ShortCodeStore,
    InboxStore,
    Withdraw,
    Clock,
    TaskStore,
    ReplyStore,
    Requests,
    MergeStore,
    ComplaintStore,
    SafetyRegister,
    RowDeletion,
    HashRing,
    MeasureStore,
    Tenants,
    AskProviders,
  ]),
  wire(Requests, [RequestStore, TaskStore, Tenants, Clock]),
  {
    provide: Extract,
    inject: [...PERSONAL.map(([, token]) => token), HashRing, Clock],
    useFactory: (...deps: unknown[]) =>
      new Extract(
        Object.fromEntries(PERSONAL.map(([name], index) => [name, deps[index]])) as unknown as PersonalStores,
        deps.at(-2) as HashRing,
        deps.at(-1) as Clock,
      ),
  },
  wire(DeriveDealings, [CustomerStore, BookingStore, PurchaseStore]),
  {
    provide: DeriveBacklog,
    inject: [Database, CustomerStore, DeriveDealings],
    useFactory: (database: Database, customers: CustomerStore, dealings: DeriveDealings) =>
      new DeriveBacklog(database.connection, customers, dealings),
  },
  wire(ReleaseDue, [MessageStore, EventSink, Tenants, Tracing]),
  {
    provide: PendingChoices,
    inject: [EventSink, CONFIG, Clock],
    useFactory: (sink: EventSink, config: Config, clock: Clock) =>
      new PendingChoices(sink, config.kafka !== null, clock),
  },
  wire(ChoiceJournal, [JournalStore, SuppressionStore, HashRing, EventSink, JOURNAL_READER]),
  wire(RestoreChoices, [
    JournalStore,
    SuppressionStore,
    CustomerStore,
    Withdraw,
    Erase,
    HashRing,
    JOURNAL_READER,
  ]),
  {
    provide: OUTBOXES,
    inject: [
      ...[MessageStore, CustomerStore, SuppressionStore, SurveyAnswerStore, TaskStore, DeadLetterStore],
      MeasureStore,
    ],
    useFactory: (...outboxes: unknown[]) => outboxes,
  },
  wire(PublishOut, [OUTBOXES, EventSink, ChoiceJournal, QueueHooks]),
  wire(CountLedger, [
    MessageStore,
    DeadLetterStore,
    WebhookStore,
    PauseStore,
    RequestStore,
    CampaignStore,
    OUTBOXES,
    Tenants,
    Metrics,
  ]),
  wire(QueueHooks, [TenantHookStore, Tenants, Clock]),
  {
    provide: DeliverHooks,
    inject: [TenantHookStore, Tenants, Clock, CONFIG, Metrics],
    useFactory: (hooks: TenantHookStore, tenants: Tenants, clock: Clock, config: Config, metrics: Metrics) =>
      new DeliverHooks(hooks, tenants, clock, config.send.mode === 'live', metrics),
  },
  wire(OpenTasks, [MessageStore, TaskStore]),
  wire(EndTask, [TaskStore, Withdraw, Clock]),
  wire(FailDue, [MessageStore, Clock]),
  wire(RepairStuck, [MessageStore, ReleaseDue, Backlog, Clock]),
  wire(SayAgain, [FileTemplateStore, ContentLibrary, CampaignStore]),
  wire(SurveyResults, [SurveyAnswerStore, BookingStore]),
  wire(RetryMessage, [MessageStore, CampaignStore, Clock]),
  wire(ApplyReceipt, [MessageStore, Withdraw, CampaignRows, Clock]),
  wire(ResolveUnknown, [MessageStore, CustomerStore, WebhookStore, Senders, Tenants, ApplyReceipt, Clock]),
  wire(LoadCampaigns, [CampaignStore, AddressClaimStore, ContentLibrary, HashRing, Tenants]),
  wire(LoadFacts, [CustomerStore, BookingStore, SuppressionStore, MessageStore, PauseStore, LoadCampaigns]),
  wire(StopButton, [PauseStore, MessageStore, Clock]),
  wire(MeansOfHouse, [Senders, Templates]),
  wire(AskGate, [CustomerStore, SuppressionStore, Tenants, MeansOfHouse, PauseStore]),
  wire(LateOutcomes, [MessageStore]),
  wire(DispatchBatch, [
    MessageStore,
    CustomerStore,
    LoadFacts,
    Templates,
    Links,
    Standings,
    Senders,
    Withdraw,
    MeansOfHouse,
    Clock,
    Metrics,
    LateOutcomes,
  ]),
  wire(HearEvents, [
    CustomerStore,
    BookingStore,
    PurchaseStore,
    SuppressionStore,
    MessageStore,
    HeardEventStore,
    Journeys,
    Tenants,
    Withdraw,
    Erase,
    OtherFacts,
    GoneIds,
    Subscribers,
    DoubleOptIn,
    ReleaseDue,
    Clock,
    Tracing,
  ]),
  wire(DryRun, [
    CustomerStore,
    BookingStore,
    SuppressionStore,
    MessageStore,
    HeardEventStore,
    LoadFacts,
    Journeys,
    Tenants,
    MeansOfHouse,
    Clock,
  ]),
];
