import { Module } from '@nestjs/common';
import { DueConsumer } from './due.consumer.js';

@Module({ controllers: [DueConsumer] })
export class DispatcherModule {}
