import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller, KeyedRequest } from './keys.guard.js';

/** Who asks, as the guard found out. */
export const Asking = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { lagom } = context.switchToHttp().getRequest<KeyedRequest>();
  if (lagom === undefined) throw new Error('a route behind no guard asked who asks');
  return lagom;
});
