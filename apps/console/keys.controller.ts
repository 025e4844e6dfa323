import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '#platform/clock';
import { ApiKeyStore, ROLES, type ApiKey } from '#tenants/api-key.store';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { Roles, type Caller } from './keys.guard.js';
import type { Page } from './list-as-csv.js';
import { pageOfWhole, wholeQuery } from './page-of-whole.js';
import { Problem } from './problem.js';
import { readInput } from './read-query.js';

export const keyBody = z.strictObject({
  role: z.enum(ROLES, { error: `expected one of ${ROLES.join(', ')}` }),
  name: z.string({ error: 'expected a name' }).trim().min(1, 'expected a name').max(100),
});

type KeyView = Omit<ApiKey, '_id'> & { id: string };

/** The tenant's API keys: for `admin` only. */
@Controller('v1/keys')
@Roles()
export class KeysController {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  @Get()
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<KeyView>> {
    const asked = readInput(wholeQuery, query);
    return pageOfWhole((await this.keys.list(caller.tenant)).map(shown), asked, ({ id }) => id);
  }

  /** The key itself is in this answer and nowhere else. */
  @Post()
  @HttpCode(201)
  async create(@Asking() caller: Caller, @Body() body: unknown): Promise<KeyView & { key: string }> {
    const { role, name } = readInput(keyBody, body);
    const made = await this.keys.create(caller.tenant, role, name, this.clock.now());
    await this.audit.note(caller, 'key.created', { key: made._id, detail: { role } });
    return { ...shown(made), key: made.key };
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@Asking() caller: Caller, @Param('id') id: string): Promise<void> {
    if (!(await this.keys.delete(caller.tenant, id))) throw new Problem(404, 'a key of this id is not known');
    await this.audit.note(caller, 'key.deleted', { key: id });
  }
}

function shown({ _id, tenant, role, name, hint, createdAt }: ApiKey): KeyView {
  return { id: _id, tenant, role, name, hint, createdAt };
}
