import {
  type CallHandler,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import type { Actor } from '#launch/campaigns';
import { etagsIn } from './customer-etag.js';
import type { Caller, KeyedRequest } from './keys.guard.js';

/**
 * The ETag of a campaign: changes with what is done to it, which all stands in its history, and not with how far it has
 * got, so that who reads a campaign under way can still pause it.
 */
export const etagOf = ({ history }: { history: readonly unknown[] }): string => `"${history.length}"`;

/** Who acts on a campaign, and which state of it they had read, where they say so by `If-Match`. */
export const Acting = createParamDecorator((_: unknown, context: ExecutionContext): Caller & Actor => {
  const { lagom, headers } = context.switchToHttp().getRequest<KeyedRequest>();
  if (lagom === undefined) throw new Error('a route behind no guard asked who acts');
  const ifMatch = headers['if-match'];
  if (ifMatch === undefined || ifMatch === '*') return lagom;
  return { ...lagom, hasRead: (campaign) => etagsIn(ifMatch).includes(etagOf(campaign)) };
});

/** Tells the ETag of each campaign that is answered whole. */
@Injectable()
export class CampaignTag implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((answer: { history?: readonly unknown[] } | undefined) => {
        const history = answer?.history;
        if (Array.isArray(history))
          context.switchToHttp().getResponse<Response>().setHeader('ETag', etagOf({ history }));
        return answer;
      }),
    );
  }
}
