import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isGateClosed } from '#consent/gate-closed';
import { isMissingHashKey } from '#consent/hash-ring';
import { isLostServer } from '#platform/mongo';
import type { Log } from '#platform/telemetry';

/** One fault of a request: where (a JSON pointer as a fragment, `#/data/booking`), what was wrong and what would be right. */
export interface ProblemFault {
  pointer: string;
  detail: string;
}

/** An answer as RFC 9457 problem details; `errors` name the faults. */
export class Problem extends HttpException {
  constructor(
    status: number,
    readonly detail: string,
    readonly faults: readonly ProblemFault[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail, status);
  }
}

/** The value, or 404 with these words. */
export function orNotFound<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Problem(404, `${what} is not known`);
  return value;
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Who asks is not known',
  403: 'Not allowed with this key',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Changed since it was read',
  413: 'Too large',
  415: 'Content type not understood',
  422: 'Cannot be taken',
  428: 'If-Match is needed',
  429: 'Too many requests',
  500: 'A fault of ours',
  503: 'Not available just now',
};

/** The only place that knows RFC 9457. What was thrown is logged, never answered: it may quote personal data. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw thrown;
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    if (response.headersSent) return;
    const { status, detail, errors, headers } = this.describe(thrown);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response
      .status(status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          type: 'about:blank',
          title: TITLES[status] ?? 'Error',
          status,
          detail,
          instance: http.getRequest<Request>().path,
          ...(errors.length > 0 ? { errors } : {}),
        }),
      );
  }

  private describe(thrown: unknown): {
    status: number;
    detail: string;
    errors: readonly ProblemFault[];
    headers: Readonly<Record<string, string>>;
  } {
    const { detail, faults, headers } = thrown as Partial<Problem>;
    if (thrown instanceof HttpException) {
      const status = thrown.getStatus();
      return { status, detail: detail ?? thrown.message, errors: faults ?? [], headers: headers ?? {} };
    }
    if (isLostServer(thrown)) {
      this.log.warn({ err: thrown }, 'a server is lost, a request was not answered');
      return {
        status: 503,
        detail: 'the database does not answer; nothing was promised, ask again',
        errors: [],
        headers: { 'Retry-After': '5' },
      };
    }
    if (isMissingHashKey(thrown)) {
      this.log.error({ err: thrown }, 'the gate is closed, a request was not answered');
      return {
        status: 503,
        detail: 'this process lacks a key that the database names; nothing was promised, ask again',
        errors: [],
        headers: { 'Retry-After': '30' },
      };
    }
    if (isGateClosed(thrown)) {
      this.log.error({ err: thrown }, 'the gate is closed, a request was not answered');
      return {
        status: 503,
        detail: 'the ledger is older than the journal of choices; run `lagom restore-choices` and ask again',
        errors: [],
        headers: { 'Retry-After': '30' },
      };
    }
    this.log.error({ err: thrown }, 'a request failed');
    return { status: 500, detail: 'the fault is logged here', errors: [], headers: {} };
  }
}
