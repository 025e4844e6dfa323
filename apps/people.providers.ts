import type { FactoryProvider } from '@nestjs/common';
import { MeasureStore } from '#campaigns/measure.store';
import { ProviderDeletionStore } from '#channels/provider-deletion.store';
import { SealedText } from '#channels/sealed-text';
import { InboxStore } from '#channels/inbox.store';
import { HashRing } from '#consent/hash-ring';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { BookingStore } from '#customers/booking.store';
import { ComplaintStore } from '#customers/complaint.store';
import { CustomerStore } from '#customers/customer.store';
import { DeriveDealings } from '#customers/derive-dealings';
import { PurchaseStore } from '#customers/purchase.store';
import { ReplyStore } from '#customers/reply.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { TaskStore } from '#customers/task.store';
import { WaitingEventStore } from '#customers/waiting-event.store';
import { OtherFacts } from '#ingest/other-facts';
import { RowDeletion } from '#messages/row-deletion';
import { MessageStore } from '#messages/message.store';
import { Clock } from '#platform/clock';
import { Metrics } from '#platform/metrics';
import type { Config } from '#platform/config';
import { AskProviders } from '#privacy/ask-providers';
import { DeleteExpired } from '#privacy/delete-expired';
import { ErasureStore } from '#privacy/erasure.store';
import { FormLimits } from '#privacy/form-limits';
import { GoneIds } from '#privacy/gone-ids';
import { ReadFates } from '#privacy/read-fates';
import { SafetyRegister } from '#privacy/safety-register.store';
import { Erase } from '#privacy/erase';
import { Merge } from '#privacy/merge';
import { MergeStore } from '#privacy/merge.store';
import { RequestStore } from '#privacy/request.store';
import { Withdraw } from '#privacy/withdraw';
import { Tenants } from '#tenants/tenant';
import { Database } from './database.js';
import { store } from './store.provider.js';
import { CONFIG, wire } from './wire.js';

/** All stores that keep things by their customer: what a merge moves. */
const MOVABLES = Symbol('stores that are moved by a merge');

/** What becomes of people in the long run: who turns out to be somebody else, whose time is over. */
export const PEOPLE: FactoryProvider[] = [
  store(MergeStore, []),
  store(ComplaintStore, []),
  store(FormLimits, [HashRing]),
  store(SafetyRegister, []),
  {
    provide: RowDeletion,
    inject: [Database],
    useFactory: (database: Database) => new RowDeletion(database.connection),
  },
  store(ProviderDeletionStore, []),
  {
    provide: AskProviders,
    inject: [ProviderDeletionStore, CustomerStore, Tenants, Clock, Metrics, CONFIG],
    useFactory: (
      deletions: ProviderDeletionStore,
      customers: CustomerStore,
      tenants: Tenants,
      clock: Clock,
      metrics: Metrics,
      { secrets, send }: Config,
    ) => {
      const isReal = send.mode !== 'capture';
      return new AskProviders(
        ...([deletions, customers, tenants, new SealedText(secrets), clock, metrics, isReal] as const),
      );
    },
  },
  wire(OtherFacts, [PurchaseStore, Merge, Erase, WaitingEventStore, ComplaintStore, SafetyRegister]),
  wire(GoneIds, [ErasureStore, HashRing]),
  wire(ReadFates, [CustomerStore, BookingStore, PurchaseStore, ComplaintStore, RequestStore]),
  wire(DeleteExpired, [
    ReadFates,
    Erase,
    CustomerStore,
    RowDeletion,
    ReplyStore,
    TaskStore,
    InboxStore,
    SafetyRegister,
    MeasureStore,
    Tenants,
    Metrics,
  ]),
  {
    provide: MOVABLES,
    inject: [
      BookingStore,
      PurchaseStore,
      SurveyAnswerStore,
      WaitingEventStore,
      TaskStore,
      ReplyStore,
      ShortCodeStore,
      SuppressionStore,
      RequestStore,
      ComplaintStore,
      SafetyRegister,
      MeasureStore,
    ],
    useFactory: (...movables: unknown[]) => movables,
  },
  wire(Merge, [
    MergeStore,
    CustomerStore,
    MessageStore,
    SuppressionStore,
    MOVABLES,
    Withdraw,
    Erase,
    DeriveDealings,
    Clock,
  ]),
];
