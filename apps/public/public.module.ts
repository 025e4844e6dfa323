import { type FactoryProvider, Module } from '@nestjs/common';
import { join } from 'node:path';
import { HashRing } from '#consent/hash-ring';
import { SuppressionStore } from '#consent/suppression.store';
import { AnswerSurvey } from '#customers/answer-survey';
import { CustomerStore } from '#customers/customer.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { Clock } from '#platform/clock';
import { rootDir } from '#platform/root';
import { Withdraw } from '#privacy/withdraw';
import { WithdrawByLink } from '#privacy/withdraw-by-link';
import { loadPages, Pages } from '#rendering/pages';
import { wire } from '../wire.js';
import { AnswerPages } from './answer-pages.js';
import { StylesheetController } from './stylesheet.controller.js';
import { SurveyController } from './survey.controller.js';
import { UnsubscribeController } from './unsubscribe.controller.js';

const PAGES: FactoryProvider<Pages> = {
  provide: Pages,
  useFactory: () => loadPages(join(rootDir(), 'templates', 'pages')),
};

/** The customer's side: what links in messages lead to. No key, no cookie, no script. */
@Module({
  controllers: [UnsubscribeController, SurveyController, StylesheetController],
  providers: [
    PAGES,
    AnswerPages,
    wire(WithdrawByLink, [Withdraw, SuppressionStore, CustomerStore, HashRing, Clock]),
    wire(AnswerSurvey, [CustomerStore, SurveyAnswerStore, Clock]),
  ],
})
export class PublicModule {}
