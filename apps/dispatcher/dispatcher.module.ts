import { Module } from '@nestjs/common';
import { DueConsumer } from './due.consumer.js';
import { LateOutcomesService } from './late-outcomes.service.js';

@Module({ controllers: [DueConsumer], providers: [LateOutcomesService] })
export class DispatcherModule {}
