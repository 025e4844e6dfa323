import { randomUUID } from 'node:crypto';
import { taskId, type TaskStore } from '#customers/task.store';
import type { Clock } from '#platform/clock';
import type { Tenants } from '#tenants/tenant';
import {
  dueAt,
  type PrivacyRequest,
  type RequestKind,
  type RequestState,
  type RequestStep,
  type RequestWay,
} from './request.js';
import type { RequestStore } from './request.store.js';

/** What a request is opened with. */
export interface RequestOpening {
  /** null: nobody who is known by an id yet. */
  customer: string | null;
  kind: RequestKind;
  way: RequestWay;
  note?: string | null;
  /** When it came, where that was before. */
  receivedAt?: Date;
  /** Staff must see to it, though it came by our own page. */
  waits?: true;
  /** Who wrote it down. */
  by: string;
}

export type RequestChanged =
  { kind: 'changed'; request: PrivacyRequest } | { kind: 'unknown' } | { kind: 'cannot'; why: string };

/** What staff must see to: the rest was done by whoever asked, as they asked. */
const TOLD: readonly RequestWay[] = ['phone', 'mail', 'letter', 'in-person'];

/**
 * The record of what people ask for about their data (GDPR 12(3), 15–21). What is asked for on our own page is done at once
 * and written down as done; what staff is told opens a task and waits, with a month's clock.
 */
export class Requests {
  constructor(
    private readonly store: RequestStore,
    private readonly tasks: TaskStore,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  async open(
    tenant: string,
    { customer, kind, way, note, receivedAt, waits, by }: RequestOpening,
  ): Promise<PrivacyRequest> {
    const now = this.clock.now();
    const at = receivedAt ?? now;
    const request: PrivacyRequest = {
      ...{ _id: randomUUID(), tenant, customer, kind, way, note: note ?? null },
      ...{ receivedAt: at, dueAt: dueAt(at, false, this.zone(tenant)), extended: false },
      ...{ status: 'open', endedAt: null, log: [{ at: now, what: 'received', by }] },
    };
    await this.store.add(request);
    if (TOLD.includes(way) || waits) {
      const task = { kind: 'request' as const, customer, purpose: null, message: null, of: request._id };
      await this.tasks.open(tenant, [task], now);
    }
    return request;
  }

  /** Before it is carried out at once: the open one of that kind where there is one, as a crash leaves it. */
  async begin(
    tenant: string,
    customer: string,
    kind: RequestKind,
    way: RequestWay,
    by: string,
  ): Promise<void> {
    const open = await this.openOf(tenant, customer, kind);
    if (open.length === 0) await this.open(tenant, { customer, kind, way, by });
  }

  /** It was carried out: whatever was open of that kind has its answer. */
  async finish(tenant: string, customer: string, kind: RequestKind, by: string): Promise<void> {
    for (const { _id } of await this.openOf(tenant, customer, kind)) await this.end(tenant, _id, 'done', by);
  }

  /** What was asked for and carried out in one go. */
  async note(
    tenant: string,
    customer: string,
    kind: RequestKind,
    way: RequestWay,
    by: string,
  ): Promise<void> {
    await this.begin(tenant, customer, kind, way, by);
    await this.finish(tenant, customer, kind, by);
  }

  done(tenant: string, id: string, by: string, reason?: string): Promise<RequestChanged> {
    return this.end(tenant, id, 'done', by, reason);
  }

  /** `reason`: why, in the words in which the person was told (GDPR 12(4)). */
  refuse(tenant: string, id: string, by: string, reason: string): Promise<RequestChanged> {
    return this.end(tenant, id, 'refused', by, reason);
  }

  /** Two months more, once, told within the first (GDPR 12(3)). */
  async extend(tenant: string, id: string, by: string, reason: string): Promise<RequestChanged> {
    const request = await this.store.find(tenant, id);
    if (request === null) return { kind: 'unknown' };
    const now = this.clock.now();
    if (request.status !== 'open') return cannot(`it has ended already, as ${request.status}`);
    if (request.extended) return cannot('it was extended before, and can be only once (GDPR 12(3))');
    if (request.dueAt < now)
      return cannot('its month has gone by: an extension has to be told within it (GDPR 12(3))');
    const to = dueAt(request.receivedAt, true, this.zone(tenant));
    const step: RequestStep = { at: now, what: 'extended', by, reason };
    return this.outcome(tenant, id, await this.store.extend(tenant, id, to, step));
  }

  /** For an erasure: the words go, that it was asked and answered stays. */
  forgetWords(tenant: string, customer: string): Promise<number> {
    return this.store.forgetWords(tenant, customer);
  }

  /**
   * What an act that is carried out at once answers: not what was written down on the page for staff to see to, which is
   * of that way and has a note.
   */
  private async openOf(tenant: string, customer: string, kind: RequestKind): Promise<PrivacyRequest[]> {
    const all = await this.store.findOfCustomers(tenant, [customer]);
    return all.filter(
      (one) => one.status === 'open' && one.kind === kind && (one.way !== 'page' || one.note === null),
    );
  }

  private async end(
    tenant: string,
    id: string,
    status: Exclude<RequestState, 'open'>,
    by: string,
    reason?: string,
  ): Promise<RequestChanged> {
    const now = this.clock.now();
    const step: RequestStep = { at: now, what: status, by, ...(reason === undefined ? {} : { reason }) };
    const ended = await this.store.end(tenant, id, status, step);
    if (ended) await this.tasks.end(tenant, taskId(tenant, { kind: 'request', of: id }), 'done', by, now);
    return this.outcome(tenant, id, ended);
  }

  private async outcome(tenant: string, id: string, changed: boolean): Promise<RequestChanged> {
    const request = await this.store.find(tenant, id);
    if (request === null) return { kind: 'unknown' };
    return changed ? { kind: 'changed', request } : cannot(`it has ended already, as ${request.status}`);
  }

  private zone(tenant: string): string {
    return this.tenants.get(tenant)?.timeZone ?? 'UTC';
  }
}

const cannot = (why: string): RequestChanged => ({ kind: 'cannot', why });
