import type { Clock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import type { Tenants } from '#tenants/tenant';
import { postHook, type Posted } from './post-hook.js';
import { endpointId } from './queue-hooks.js';
import type { HookEndpoint, HookRow, TenantHookStore } from './tenant-hook.store.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** After each failure in a row, the last one again and again. */
export const WAITS_MS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR];
/** What could not be told for so long is not told any more. */
export const GIVE_UP_MS = 3 * 24 * HOUR;
/** How long what was given up can be seen. */
const KEEP_GIVEN_UP_MS = 30 * 24 * HOUR;
const PAGE = 200;
const AT_ONCE = 8;
/** No call of a pass begins later, so that a lease is looked at again. */
const PASS_MS = 15 * SECOND;

interface Address {
  url: string;
  secret: string;
}

/** What came of one endpoint's page. */
interface Tally {
  delivered: string[];
  later: { _id: string; nextAt: Date; tries: number }[];
  refusedForGood: string[];
  away: boolean;
  gone: boolean;
}

/**
 * Delivers to the tenants' own addresses what was put aside for them: at least once, of one key the older first, with
 * growing waits. All that is known of a failure is in the store, so that a crash forgets none: nobody there → the whole
 * address waits; one event not taken → its key waits; 410 → never again; for days → given up, and counted.
 */
export class DeliverHooks {
  constructor(
    private readonly hooks: TenantHookStore,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
    /** Under `live`, names that lead into a private network are not called. */
    private readonly publicOnly: boolean,
    private readonly metrics: Pick<Metrics, 'tenantHook'>,
    private readonly post: typeof postHook = postHook,
  ) {}

  async runOnce(now: Date): Promise<{ delivered: number; givenUp: number }> {
    const addresses = this.tenants
      .all()
      .flatMap(({ id, webhooks = [] }) =>
        webhooks.flatMap(({ url, secret }) =>
          secret === undefined ? [] : [{ tenant: id, url, secret, endpoint: endpointId(id, url) }],
        ),
      );
    // One that hangs holds up none but itself.
    const counts = await Promise.all(
      addresses.map(({ tenant, endpoint, ...address }) => this.endpoint(tenant, endpoint, address, now)),
    );
    return {
      delivered: counts.reduce((sum, { delivered }) => sum + delivered, 0),
      givenUp: counts.reduce((sum, { givenUp }) => sum + givenUp, 0),
    };
  }

  /** Forgets what was given up long ago; how many there were. */
  deleteOld(now: Date): Promise<number> {
    return this.hooks.deleteGivenUp(new Date(now.getTime() - KEEP_GIVEN_UP_MS));
  }

  private async endpoint(
    tenant: string,
    id: string,
    address: Address,
    now: Date,
  ): Promise<{ delivered: number; givenUp: number }> {
    const well = { _id: id, tenant, failures: 0, waitUntil: null, failingSince: null, goneAt: null };
    const before: HookEndpoint = (await this.hooks.endpoint(id)) ?? well;
    if (before.goneAt !== null) {
      const givenUp = await this.hooks.giveUpOf(id, 'the address is gone (410)');
      this.metrics.tenantHook(tenant, 'given-up', givenUp);
      return { delivered: 0, givenUp };
    }
    if (before.waitUntil !== null && before.waitUntil > now) return { delivered: 0, givenUp: 0 };
    const tally = await this.page(id, address, before.failures > 0 ? 1 : PAGE, now);
    // What arrived is noted before what is known of the address: a crash between repeats at most.
    await this.hooks.delivered(tally.delivered);
    await this.hooks.postpone(tally.later);
    await this.hooks.giveUp(tally.refusedForGood, 'it was not taken again and again');
    if (tally.gone) await this.hooks.noteEndpoint({ ...before, goneAt: now });
    else if (tally.away) await this.hooks.noteEndpoint(failedOnceMore(before, now));
    else if (before.failures > 0 && tally.delivered.length > 0) await this.hooks.noteEndpoint(well);
    const old = tally.away
      ? await this.hooks.giveUpOf(id, 'it could not be told for days', new Date(now.getTime() - GIVE_UP_MS))
      : 0;
    const givenUp = old + tally.refusedForGood.length;
    this.metrics.tenantHook(tenant, 'delivered', tally.delivered.length);
    this.metrics.tenantHook(tenant, 'refused', tally.later.length);
    this.metrics.tenantHook(tenant, 'away', tally.away ? 1 : 0);
    this.metrics.tenantHook(tenant, 'given-up', givenUp);
    return { delivered: tally.delivered.length, givenUp };
  }

  /** After a failure only one is tried: it tells whether somebody is there again. */
  private async page(endpoint: string, address: Address, limit: number, now: Date): Promise<Tally> {
    const tally: Tally = { delivered: [], later: [], refusedForGood: [], away: false, gone: false };
    const lanes = await this.lanes(endpoint, limit, now);
    const begun = this.clock.mono();
    const mayGoOn = (): boolean => !tally.away && !tally.gone && this.clock.mono() - begun < PASS_MS;
    const work = async (): Promise<void> => {
      for (let lane = lanes.shift(); lane !== undefined && mayGoOn(); lane = lanes.shift()) {
        for (const row of lane) {
          if (!mayGoOn()) break;
          const posted = await this.post(address, row, {
            now: this.clock.now(),
            publicOnly: this.publicOnly,
          });
          if (!note(tally, row, posted, now)) break;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return tally;
  }

  /** By key, each in its order, without those whose older one still waits. */
  private async lanes(endpoint: string, limit: number, now: Date): Promise<HookRow[][]> {
    const due = await this.hooks.findDue(endpoint, now, limit);
    const held = new Map<string, Date>();
    for (const { key, nextAt } of await this.hooks.findHeld(
      endpoint,
      due.map(({ key }) => key),
      now,
    )) {
      held.set(key, nextAt);
    }
    const behind = due.flatMap(({ _id, key, tries }) => {
      const nextAt = held.get(key);
      return nextAt === undefined ? [] : [{ _id, nextAt, tries }];
    });
    await this.hooks.postpone(behind);
    const lanes = new Map<string, HookRow[]>();
    for (const row of due) if (!held.has(row.key)) lanes.set(row.key, [...(lanes.get(row.key) ?? []), row]);
    return [...lanes.values()];
  }
}

/** Whether the next of the key may go. */
function note(tally: Tally, row: HookRow, posted: Posted, now: Date): boolean {
  switch (posted.kind) {
    case 'delivered':
      tally.delivered.push(row._id);
      return true;
    case 'gone':
      tally.gone = true;
      return false;
    case 'away':
      tally.away = true;
      return false;
    case 'refused': {
      const tries = row.tries + 1;
      if (tries > WAITS_MS.length) {
        tally.refusedForGood.push(row._id);
        return true;
      }
      tally.later.push({ _id: row._id, tries, nextAt: after(row.tries, now) });
      return false;
    }
  }
}

function failedOnceMore(before: HookEndpoint, now: Date): HookEndpoint {
  return {
    ...before,
    failures: before.failures + 1,
    waitUntil: after(before.failures, now),
    failingSince: before.failingSince ?? now,
  };
}

const after = (failures: number, now: Date): Date =>
  new Date(now.getTime() + (WAITS_MS[failures] ?? WAITS_MS.at(-1)!));
