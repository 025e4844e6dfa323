import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { Problem } from '../console/problem.js';

/**
 * The inbox asks for no key, so whatever page the developer has open could post to it: a browser says where a request
 * comes from, and what comes from another site changes nothing. Programs say nothing, and may.
 */
@Injectable()
export class OwnPagesGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (request.method === 'GET' || request.method === 'HEAD') return true;
    const from = request.headers['sec-fetch-site'];
    if (from === undefined || from === 'same-origin' || from === 'none') return true;
    throw new Problem(403, 'another site may not move this inbox');
  }
}
