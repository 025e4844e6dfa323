import { Module } from '@nestjs/common';
import { HashRing } from '#consent/hash-ring';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { CustomerStore } from '#customers/customer.store';
import { CampaignRows } from '#messages/campaign-rows';
import { Clock } from '#platform/clock';
import { TakePending } from '#privacy/pending-choices';
import { Withdraw } from '#privacy/withdraw';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { wire } from '../wire.js';
import { BookingEventsConsumer } from './booking-events.consumer.js';
import { ChoicesPendingConsumer } from './choices-pending.consumer.js';

@Module({
  controllers: [BookingEventsConsumer, ChoicesPendingConsumer],
  providers: [
    wire(WithdrawByLink, [Withdraw, SuppressionStore, CustomerStore, HashRing, CampaignRows, Clock]),
    wire(TakePending, [WithdrawByLink, Withdraw, ShortCodeStore, Clock]),
  ],
})
export class IngestModule {}
