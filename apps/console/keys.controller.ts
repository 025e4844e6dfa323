import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '#platform/clock';
import { ApiKeyStore, ROLES, type ApiKey, type Role } from '#tenants/api-key.store';
import { staffOf } from '#tenants/staff';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageOfWhole, wholeQuery } from './page-of-whole.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';

export const keyBody = z.strictObject({
  role: z.enum(ROLES, { error: `expected one of ${ROLES.join(', ')}` }),
  name: z.string({ error: 'expected a name' }).trim().min(1, 'expected a name').max(100),
  person: z.string('expected the address of somebody of approval.people').optional(),
});

type KeyView = Omit<ApiKey, '_id'> & { id: string };

/** The tenant's API keys: for `admin` only. */
@Controller('v1/keys')
@Roles()
export class KeysController {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Columns(['id', 'tenant', 'role', 'name', 'person', 'hint', 'createdAt'] satisfies (keyof KeyView)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<KeyView>> {
    const asked = readInput(wholeQuery, query);
    return pageOfWhole((await this.keys.list(caller.tenant)).map(shown), asked, ({ id }) => id);
  }

  /** The key itself is in this answer and nowhere else. */
  @Post()
  @HttpCode(201)
  async create(@Asking() caller: Caller, @Body() body: unknown): Promise<KeyView & { key: string }> {
    const { person: address, ...asked } = readInput(keyBody, body);
    const person = address === undefined ? {} : { person: this.member(caller.tenant, address, asked.role) };
    const made = await this.keys.create(caller.tenant, { ...asked, ...person }, this.clock.now());
    await this.audit.note(caller, 'key.created', { key: made._id, detail: { role: asked.role } });
    return { ...shown(made), key: made.key };
  }

  /** The address of somebody whom the tenant's file names, and lets have this role. */
  private member(tenant: string, address: string, role: Role): string {
    const found = staffOf(orNotFound(this.tenants.get(tenant), 'this tenant'), address);
    const fault = (pointer: string, detail: string) =>
      new Problem(422, 'this key cannot be theirs', [{ pointer, detail }]);
    if (found === null) throw fault('#/person', "is nobody of approval.people in the tenant's file");
    if ((found.roles as readonly Role[]).includes(role)) return found.email;
    throw fault('#/role', `expected one of theirs in the tenant's file: ${found.roles.join(', ')}`);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@Asking() caller: Caller, @Param('id') id: string): Promise<void> {
    if (!(await this.keys.delete(caller.tenant, id))) throw new Problem(404, 'a key of this id is not known');
    await this.audit.note(caller, 'key.deleted', { key: id });
  }
}

function shown({ _id, tenant, role, name, person, hint, createdAt }: ApiKey): KeyView {
  return { id: _id, tenant, role, name, ...(person === undefined ? {} : { person }), hint, createdAt };
}
