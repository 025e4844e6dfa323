import {
  BadRequestException,
  type CallHandler,
  type ExecutionContext,
  HttpException,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Observable } from 'rxjs';

/** A request as `readBody` leaves it: the raw bytes for signatures, the parsed body, or what is wrong with it. */
export interface ReadRequest extends Request {
  rawBody?: Buffer;
  bodyFault?: { status: 400 | 413 | 415; detail: string };
}

export const MOST_BODY_BYTES = 5 * 1024 * 1024;

/** A file may be larger than any body that is held in memory: its handler reads the request itself, as it comes. */
const isStreamed = ({ method, path }: Request): boolean => method === 'POST' && path === '/v1/imports';

/** The API speaks JSON; events name their types themselves, as binary ones do. */
const speaksJson = (path: string): boolean => /^\/v1\/(?!events\/?$)/i.test(path);

/**
 * Reads every body, keeps its bytes, parses JSON (also `+json`) and urlencoded forms. A wrong body is no error yet:
 * who may ask at all is looked at first (401 before 400), then `BodyFaultInterceptor` says it.
 */
export function readBody(request: ReadRequest, _response: Response, next: NextFunction): void {
  if (isStreamed(request)) return next();
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    // What is over is read and dropped: a socket that is cut would lose the answer.
    if (size <= MOST_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.once('error', next);
  request.once('end', () => {
    request.off('error', next);
    if (size > MOST_BODY_BYTES) {
      request.bodyFault = { status: 413, detail: `the body is larger than ${MOST_BODY_BYTES} bytes` };
    } else if (size > 0) {
      request.rawBody = Buffer.concat(chunks);
      parse(request, request.rawBody);
    }
    next();
  });
}

function parse(request: ReadRequest, bytes: Buffer): void {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const json = /^application\/(?:[\w.-]+\+)?json$/.test(type);
  if (!json && speaksJson(request.path)) {
    // Left out it would be an act without what was said of it: a campaign would be sent at once, not at its hour.
    const detail = 'a body comes as JSON, with Content-Type: application/json';
    request.bodyFault = { status: 415, detail };
    return;
  }
  if (!json && type !== 'application/x-www-form-urlencoded') return;
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    request.bodyFault = { status: 415, detail: 'a body must not be compressed' };
    return;
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const body: unknown = json ? JSON.parse(text) : readForm(text);
    request.body = body;
  } catch (error) {
    // The parser's own message quotes the body: it is not passed on.
    const utf8 = (error as Error).name === 'SyntaxError' ? 'JSON' : 'UTF-8';
    request.bodyFault = { status: 400, detail: `the body is not ${utf8}` };
  }
}

/** A name that comes more than once (checkboxes) is a list. */
function readForm(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? values[0]! : values];
    }),
  );
}

/** Runs after the guards: a body that could not be read stops here. */
@Injectable()
export class BodyFaultInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const fault =
      context.getType() === 'http' ? context.switchToHttp().getRequest<ReadRequest>().bodyFault : undefined;
    if (fault?.status === 400) throw new BadRequestException(fault.detail);
    if (fault) throw new HttpException(fault.detail, fault.status);
    return next.handle();
  }
}
