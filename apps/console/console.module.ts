import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { HearEvents } from '#ingest/hear-event';
import { HearTogether } from '#ingest/hear-together';
import type { Log } from '#platform/telemetry';
import { PAGES } from '../pages.provider.js';
import { LOG, wire } from '../wire.js';
import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.js';
import { CampaignReportController } from './campaign-report.controller.js';
import { CampaignsController } from './campaigns.controller.js';
import { CustomersController } from './customers.controller.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { DecisionsController } from './decisions.controller.js';
import { EventsController } from './events.controller.js';
import { ExportsController } from './exports.controller.js';
import { HomeController } from './home.controller.js';
import { ImportsController } from './imports.controller.js';
import { ImportsService } from './imports.service.js';
import { KeysController } from './keys.controller.js';
import { KeysGuard } from './keys.guard.js';
import { ListAsCsv } from './list-as-csv.js';
import { MessagesController } from './messages.controller.js';
import { PauseController } from './pause.controller.js';
import { ProblemFilter } from './problem.js';
import { RequestsController } from './requests.controller.js';
import { RecordController } from './record.controller.js';
import { RetentionController } from './retention.controller.js';
import { SchemasController } from './schemas.controller.js';
import { SegmentsController } from './segments.controller.js';
import { TemplatesController } from './templates.controller.js';
import { SendersController } from './senders.controller.js';
import { StatsController } from './stats.controller.js';
import { SurveysController } from './surveys.controller.js';
import { TasksController } from './tasks.controller.js';
import { TRANSFER } from './transfer.providers.js';
import { WebhooksController } from './webhooks.controller.js';

@Module({
  controllers: [
    HomeController,
    CampaignsController,
    CampaignReportController,
    SegmentsController,
    TemplatesController,
    EventsController,
    DecisionsController,
    MessagesController,
    CustomersController,
    KeysController,
    DeadLettersController,
    PauseController,
    TasksController,
    RequestsController,
    SendersController,
    StatsController,
    SurveysController,
    AuditController,
    RecordController,
    WebhooksController,
    SchemasController,
    ImportsController,
    ExportsController,
    RetentionController,
  ],
  providers: [
    AuditLog,
    wire(HearTogether, [HearEvents]),
    PAGES,
    ...TRANSFER,
    ImportsService,
    { provide: APP_GUARD, useClass: KeysGuard },
    { provide: APP_INTERCEPTOR, useClass: ListAsCsv },
    { provide: APP_FILTER, inject: [LOG], useFactory: (log: Log) => new ProblemFilter(log) },
  ],
})
export class ConsoleModule {}
