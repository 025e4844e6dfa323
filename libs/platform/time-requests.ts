import type { INestApplication } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Clock } from './clock.js';
import type { Metrics } from './metrics.js';

/** First parts of paths that become a label; what follows them may be a token or an id, and never does. */
const AREAS = new Set([
  ...['v1', 'u', 'o', 'p', 's', 'c', 'me', 'privacy', 'subscribe', 'webhooks', 'inbox'],
  ...['healthz', 'readyz', 'metrics', 'schemas'],
]);

/** Times every request, by its area and the class of its answer. To be called before the app listens. */
export function timeRequests(app: Pick<INestApplication, 'use'>, metrics: Metrics, clock: Clock): void {
  app.use((request: Request, response: Response, next: NextFunction) => {
    const begun = clock.mono();
    const [, first = ''] = request.path.split('/');
    const area = AREAS.has(first) ? first : 'other';
    response.once('finish', () => metrics.http(area, response.statusCode, (clock.mono() - begun) / 1_000));
    next();
  });
}
