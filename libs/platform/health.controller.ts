import { Controller, Get, Header, HttpCode, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Health } from './health.js';
import { Metrics } from './metrics.js';
import { PublicRoute } from './public-route.js';

/** The same three in every process. */
@PublicRoute()
@Controller()
export class HealthController {
  constructor(
    private readonly health: Health,
    private readonly metrics: Metrics,
  ) {}

  /** The process lives: it asks nobody, so that a lost database restarts nothing. */
  @Get('healthz')
  @HttpCode(200)
  alive(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  async ready(
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ ready: boolean; notReady: string[] }> {
    const notReady = await this.health.notReady();
    response.status(notReady.length === 0 ? 200 : 503);
    return { ready: notReady.length === 0, notReady };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async text(): Promise<string> {
    return this.metrics.text();
  }
}
