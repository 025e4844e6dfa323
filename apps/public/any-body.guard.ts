import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { ReadRequest } from '#platform/read-body';

/**
 * Lets a request through whatever its body is: who says no with a body that cannot be read has still said no. Guards run
 * before the interceptor that would refuse it.
 */
@Injectable()
export class AnyBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    delete context.switchToHttp().getRequest<ReadRequest>().bodyFault;
    return true;
  }
}
