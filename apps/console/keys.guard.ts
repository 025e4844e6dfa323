import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Config } from '#platform/config';
import { PUBLIC_ROUTE } from '#platform/public-route';
import { ApiKeyStore, type Role } from '#tenants/api-key.store';
import { Tenants } from '#tenants/tenant';
import { CONFIG } from '../wire.js';
import { Problem } from './problem.js';

/** The metadata key of the roles that may ask. */
export const ROLES_KEY = 'lagom:roles';

/** Which roles may ask a route; `admin` may ask all. A route that says nothing is refused. */
export const Roles = (...roles: Exclude<Role, 'admin'>[]) => SetMetadata(ROLES_KEY, roles);

/** Who asks: set by the guard, read by `@Asking()`. */
export interface Caller {
  tenant: string;
  role: Role;
  /** For the audit: the key's id; `first` is LAGOM_ADMIN_KEY. */
  key: string;
  /** A key's name, or that it was the first key. */
  name: string;
  /** Whose key it is, where that was said: an address of `approval.people`. */
  person?: string;
  /** The first key, which is every tenant's. */
  isFirst?: true;
}

export type KeyedRequest = Request & { lagom?: Caller };

/** Looks at the key before anything else of a request: 401 for no or an unknown one, 403 for the wrong role. */
@Injectable()
export class KeysGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: ApiKeyStore,
    private readonly tenants: Tenants,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC_ROUTE, targets)) return true;
    const request = context.switchToHttp().getRequest<KeyedRequest>();
    const caller = await this.caller(request);
    const roles = this.reflector.getAllAndOverride<Role[] | undefined>(ROLES_KEY, targets);
    if (roles === undefined) throw new Problem(403, 'this route names no role');
    if (caller.role !== 'admin' && !roles.includes(caller.role)) {
      throw new Problem(
        403,
        `a key with role ${caller.role} may not do this; ${roles.join(', ') || 'admin'} may`,
      );
    }
    request.lagom = caller;
    return true;
  }

  private async caller(request: Request): Promise<Caller> {
    const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (key === undefined) throw unauthorized('send the header Authorization: Bearer <key>');
    if (this.config.adminKey !== null && same(key, this.config.adminKey)) return this.admin(request);
    const known = await this.keys.findByKey(key);
    if (known === null || this.tenants.get(known.tenant) === undefined)
      throw unauthorized('this key is not known');
    const { tenant, role, _id, name, person } = known;
    return { tenant, role, key: _id, name, ...(person === undefined ? {} : { person }) };
  }

  /** The first key is every tenant's: it says whose it is meant to be. */
  private admin(request: Request): Caller {
    const named = request.headers['lagom-tenant'];
    const all = this.tenants.all();
    const tenant = typeof named === 'string' ? named : all.length === 1 ? all[0]?.id : undefined;
    if (tenant === undefined || this.tenants.get(tenant) === undefined) {
      throw new Problem(
        400,
        `the first key needs the header Lagom-Tenant, one of ${all.map(({ id }) => id).join(', ')}`,
      );
    }
    return { tenant, role: 'admin', key: 'first', name: 'LAGOM_ADMIN_KEY', isFirst: true };
  }
}

function unauthorized(detail: string): Problem {
  return new Problem(401, detail, [], { 'WWW-Authenticate': 'Bearer realm="lagom"' });
}

function same(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
