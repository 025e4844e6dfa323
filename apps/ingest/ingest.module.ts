import { Module } from '@nestjs/common';
import { BookingEventsConsumer } from './booking-events.consumer.js';

@Module({ controllers: [BookingEventsConsumer] })
export class IngestModule {}
