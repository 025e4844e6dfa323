import { createHash } from 'node:crypto';
import type { Clock } from '#platform/clock';
import type { Tenant, Tenants } from '#tenants/tenant';
import type { Forwarding, ToldEvent } from './publish-out.js';
import type { HookRow, TenantHookStore } from './tenant-hook.store.js';

/** By which an address is known where its URL need not be. */
export function endpointId(tenant: string, url: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, url]))
    .digest('hex')
    .slice(0, 32);
}

/** Puts what is published aside for the tenants' own addresses, before it leaves its document: a crash repeats it. */
export class QueueHooks implements Forwarding {
  private passes = 0;

  constructor(
    private readonly hooks: TenantHookStore,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  async take(events: readonly ToldEvent[]): Promise<void> {
    const now = this.clock.now();
    const pass = (this.passes += 1);
    const rows = events.flatMap((event, index) => {
      const tenant = event.tenant === null ? undefined : this.tenants.get(event.tenant);
      if (tenant?.webhooks === undefined) return [];
      const place = [now.toISOString(), padded(pass), padded(index)].join('/');
      return wanting(tenant, event.type).map(({ url }) => rowOf(tenant.id, url, event, place, now));
    });
    await this.hooks.queue(rows);
  }
}

const wanting = ({ webhooks = [] }: Tenant, type: string) =>
  webhooks.filter(({ types }) => types === undefined || types.includes(type));

function rowOf(tenant: string, url: string, event: ToldEvent, seq: string, now: Date): HookRow {
  const endpoint = endpointId(tenant, url);
  return {
    _id: `${endpoint}/${event.id}`,
    ...{ tenant, endpoint, key: event.key ?? event.id, seq },
    ...{ event: event.id, type: event.type, body: event.value },
    ...{ status: 'waiting', tries: 0, queuedAt: now, nextAt: now },
  };
}

const padded = (number: number): string => String(number).padStart(10, '0');
