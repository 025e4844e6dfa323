import type { FactoryProvider } from '@nestjs/common';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { BookingStore } from '#customers/booking.store';
import { CustomerStore } from '#customers/customer.store';
import { DeriveDealings } from '#customers/derive-dealings';
import { PurchaseStore } from '#customers/purchase.store';
import { ReplyStore } from '#customers/reply.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { TaskStore } from '#customers/task.store';
import { WaitingEventStore } from '#customers/waiting-event.store';
import { MessageStore } from '#messages/message.store';
import { Clock } from '#platform/clock';
import { Erase } from '#privacy/erase';
import { Merge } from '#privacy/merge';
import { MergeStore } from '#privacy/merge.store';
import { RequestStore } from '#privacy/request.store';
import { Withdraw } from '#privacy/withdraw';
import { store } from './line.providers.js';
import { wire } from './wire.js';

/** All stores that keep things by their customer: what a merge moves. */
const MOVABLES = Symbol('stores that are moved by a merge');

/** What becomes of people in the long run: who turns out to be somebody else, whose time is over. */
export const PEOPLE: FactoryProvider[] = [
  store(MergeStore, []),
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
