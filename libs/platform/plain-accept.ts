import type { NextFunction, Request, Response } from 'express';

/** What a media type of ours may be asked for with; with either it is the same answer. */
const SAID_BESIDE = /;\s*(?:charset|header)\s*=\s*(?:"[^"]*"|[^;,\s]*)/gi;

/**
 * All that we answer is UTF-8, and a table has its header (RFC 4180): who asks for `text/csv; charset=utf-8` asks for
 * `text/csv`. A range with a parameter matches only a type that has it (RFC 9110, 12.5.1), and they would get JSON.
 */
export function plainAccept(request: Request, _response: Response, next: NextFunction): void {
  const { accept } = request.headers;
  if (accept !== undefined) request.headers.accept = accept.replace(SAID_BESIDE, '');
  next();
}
