import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import { toCsv } from './csv.js';

/** A page of a list. */
export interface Page<Item> {
  items: Item[];
  /** The `cursor` of the next page; absent: this was the last. */
  next?: string;
}

/** The metadata key of a list's columns. */
const COLUMNS_KEY = 'lagom:columns';

/** The columns of a list as CSV, where its items leave out what they do not have: each page has all of them. */
export const Columns = (columns: readonly string[]) => SetMetadata(COLUMNS_KEY, columns);

/**
 * Answers every list of the API as CSV where that is asked for, the next page in the header `Lagom-Next`. A handler that
 * makes a table of its own answers a text and is left alone.
 */
@Injectable()
export class ListAsCsv implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<Request>();
    if (request.method !== 'GET' || !request.path.startsWith('/v1/')) return next.handle();
    return next.handle().pipe(
      map((answer: unknown) => {
        if (!isPage(answer)) return answer;
        const response = context.switchToHttp().getResponse<Response>();
        response.vary('Accept');
        if (request.accepts(['application/json', 'text/csv']) !== 'text/csv') return answer;
        response.type('text/csv; charset=utf-8');
        if (answer.next !== undefined) response.setHeader('Lagom-Next', answer.next);
        const columns = this.reflector.get<readonly string[] | undefined>(COLUMNS_KEY, context.getHandler());
        return toCsv(answer.items, columns);
      }),
    );
  }
}

function isPage(answer: unknown): answer is Page<object> {
  return typeof answer === 'object' && answer !== null && Array.isArray((answer as Page<object>).items);
}
