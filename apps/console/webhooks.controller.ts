import { Controller, Get, Query } from '@nestjs/common';
import { endpointId } from '#dispatch/queue-hooks';
import { TenantHookStore } from '#dispatch/tenant-hook.store';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageOfWhole, wholeQuery } from './page-of-whole.js';
import { readInput } from './read-query.js';

/** How one of the tenant's own addresses does. */
interface HookView {
  host: string;
  types: string[] | 'all';
  status: 'well' | 'failing' | 'gone';
  since?: Date;
  /** The next try of an address that fails. */
  nextAt?: Date;
  waiting: number;
  givenUp: number;
}

/** The tenant's own addresses that hear the events out: what waits, what was given up, who is not there. */
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly tenants: Tenants,
    private readonly hooks: TenantHookStore,
  ) {}

  @Get()
  @Columns(['host', 'types', 'status', 'since', 'nextAt', 'waiting', 'givenUp'] satisfies (keyof HookView)[])
  @Roles('privacy')
  async list(@Asking() { tenant }: Caller, @Query() query: unknown): Promise<Page<HookView>> {
    const asked = readInput(wholeQuery, query);
    const webhooks = this.tenants.get(tenant)?.webhooks ?? [];
    const page = pageOfWhole(webhooks, asked, ({ url }) => endpointId(tenant, url));
    const items = await Promise.all(
      page.items.map(async ({ url, types }): Promise<HookView> => {
        const id = endpointId(tenant, url);
        const [state, counts] = await Promise.all([this.hooks.endpoint(id), this.hooks.count(id)]);
        const since = state?.goneAt ?? state?.failingSince ?? null;
        const status = state?.goneAt ? 'gone' : (state?.failures ?? 0) > 0 ? 'failing' : 'well';
        return {
          ...{ host: new URL(url).host, types: types ?? 'all', status },
          ...(since === null ? {} : { since }),
          ...(status === 'failing' && state?.waitUntil ? { nextAt: state.waitUntil } : {}),
          ...counts,
        };
      }),
    );
    return { ...page, items };
  }
}
