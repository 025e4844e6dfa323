import { randomBytes } from 'node:crypto';
import { compilePredicate, type Filter, type PredicateContext } from '#campaigns/compile-predicate';
import type { Predicate, Resolved } from '#campaigns/predicate';
import {
  readPredicate,
  refusedBy,
  type PredicateFault,
  type PredicateRules,
} from '#campaigns/read-predicate';
import { resolveSegments, type LookUp } from '#campaigns/resolve-segments';
import { segmentKey, type ListCursor, type Segment, type SegmentStore } from '#campaigns/segment.store';
import type { CustomerStore } from '#customers/customer.store';
import type { DeriveBacklog } from '#customers/derive-backlog';
import type { Clock } from '#platform/clock';
import { languageOf } from '#purposes/fold-place';
import type { Tenant } from '#tenants/tenant';

export type Refused = { kind: 'refused'; faults: readonly PredicateFault[] };
/** People are still being worked out after an upgrade: ask again. */
export type NotReady = { kind: 'not-ready' };

/** A segment that is asked for: everybody of it, at an instant. */
export interface Asked {
  predicate: Resolved;
  filter: Filter;
}

const PAGE = 500;

const within =
  (all: ReadonlyMap<string, Predicate>): LookUp =>
  (ids) =>
    Promise.resolve(new Map(ids.flatMap((id) => (all.has(id) ? [[id, all.get(id)!]] : []))));

/** Segments as marketers write and count them. The same query stands behind count, reach and launch. */
export class Segments {
  constructor(
    private readonly segments: SegmentStore,
    private readonly customers: CustomerStore,
    private readonly backlog: DeriveBacklog,
    private readonly clock: Clock,
  ) {}

  find(tenant: string, id: string): Promise<Segment | null> {
    return this.segments.find(tenant, id);
  }

  list(tenant: string, page: { after: ListCursor | null; limit: number }): Promise<Segment[]> {
    return this.segments.list(tenant, page);
  }

  async create(
    tenant: Tenant,
    { name, predicate }: { name: string; predicate: unknown },
    by: string,
  ): Promise<{ kind: 'created'; segment: Segment } | Refused> {
    const read = await this.read(tenant, predicate, null);
    if (read.kind === 'refused') return read;
    const now = this.clock.now();
    for (;;) {
      const id = `s-${randomBytes(5).toString('hex')}`;
      const segment: Segment = {
        ...{
          _id: segmentKey(tenant.id, id),
          tenant: tenant.id,
          segment: id,
          rev: randomBytes(16).toString('hex'),
        },
        ...{ name, predicate: read.predicate },
        ...{ createdAt: now, createdBy: by, updatedAt: now, updatedBy: by },
      };
      if (await this.segments.add(segment)) return { kind: 'created', segment };
    }
  }

  /** `null`: there is none of this id; `raced`: somebody else has just written it, or one that it does not go with. */
  async change(
    tenant: Tenant,
    id: string,
    { name, predicate }: { name: string; predicate: unknown },
    by: string,
  ): Promise<{ kind: 'changed'; segment: Segment } | { kind: 'raced' } | Refused | null> {
    const before = await this.segments.find(tenant.id, id);
    if (before === null) return null;
    const read = await this.fitting(tenant, before, predicate);
    if (read.kind === 'refused') return read;
    const after = { ...before, name, predicate: read.predicate, updatedAt: this.clock.now(), updatedBy: by };
    const segment = await this.segments.write(before, after);
    if (segment === null) return { kind: 'raced' };
    // Two that are changed at once are each looked at beside what the other was. Both are written before they are looked at
    // again, so whoever looks last sees both, and takes theirs back. Who dies in between leaves what is refused when it is asked for.
    if ((await this.fitting(tenant, before, predicate)).kind === 'read') return { kind: 'changed', segment };
    await this.segments.write(segment, before);
    return { kind: 'raced' };
  }

  /** How many customers are meant now. */
  async count(
    tenant: Tenant,
    predicate: unknown,
  ): Promise<{ kind: 'counted'; count: number; at: Date } | Refused | NotReady> {
    const now = this.clock.now();
    const read = await this.read(tenant, predicate, null);
    if (read.kind === 'refused') return read;
    const asked = await this.ask(tenant, read.predicate, now);
    if (asked.kind !== 'asked') return asked;
    return {
      kind: 'counted',
      count: await this.customers.countMatching(tenant.id, asked.filter, now),
      at: now,
    };
  }

  /** The query of a predicate that was read, as its segments stand now. */
  async ask(
    tenant: Tenant,
    predicate: Predicate,
    now: Date,
  ): Promise<({ kind: 'asked' } & Asked) | Refused | NotReady> {
    if (!(await this.backlog.isReady(now))) return { kind: 'not-ready' };
    const resolved = await resolveSegments(predicate, this.lookUp(tenant.id));
    if (resolved.kind === 'refused') return resolved;
    // The tenant's file may have changed since it was written.
    const faults = refusedBy(resolved.predicate, rulesOf(tenant));
    if (faults.length > 0) return { kind: 'refused', faults };
    const filter = compilePredicate(resolved.predicate, contextOf(tenant, now));
    return { kind: 'asked', predicate: resolved.predicate, filter };
  }

  /** The query of a segment by its id; null: there is none. */
  async askFor(
    tenant: Tenant,
    id: string,
    now: Date,
  ): Promise<({ kind: 'asked' } & Asked) | Refused | NotReady | null> {
    const segment = await this.segments.find(tenant.id, id);
    return segment && this.ask(tenant, segment.predicate, now);
  }

  private async read(
    tenant: Tenant,
    predicate: unknown,
    self: string | null,
  ): Promise<{ kind: 'read'; predicate: Predicate } | Refused> {
    const read = readPredicate(predicate, rulesOf(tenant));
    if (read.kind === 'refused') return read;
    const resolved = await resolveSegments(read.predicate, this.lookUp(tenant.id), self);
    return resolved.kind === 'refused' ? resolved : read;
  }

  /** What a segment is to mean, if it goes with those that it names and those that name it. */
  private async fitting(
    tenant: Tenant,
    before: Segment,
    predicate: unknown,
  ): Promise<{ kind: 'read'; predicate: Predicate } | Refused> {
    const read = await this.read(tenant, predicate, before.segment);
    if (read.kind === 'refused') return read;
    const faults = await this.brokenBy(tenant.id, before, read.predicate);
    return faults.length > 0 ? { kind: 'refused', faults } : read;
  }

  /** The segments that name this one and could not be asked for any more, were it written so. */
  private async brokenBy(
    tenant: string,
    { segment: id, predicate: was }: Segment,
    predicate: Predicate,
  ): Promise<PredicateFault[]> {
    const all = await this.all(tenant);
    const standing = new Map(all.map((segment) => [segment.segment, segment.predicate]));
    const before = within(new Map([...standing, [id, was]]));
    const after = within(new Map([...standing, [id, predicate]]));
    const faults: PredicateFault[] = [];
    for (const { segment, name, predicate: theirs } of all) {
      if (segment === id) continue;
      const resolved = await resolveSegments(theirs, before);
      // What is broken already is not this change's fault.
      if (resolved.kind === 'refused' || !resolved.names.includes(id)) continue;
      const then = await resolveSegments(theirs, after);
      if (then.kind === 'resolved') continue;
      const [why] = then.faults;
      faults.push({ path: [], detail: `"${name}" (${segment}) names this one: ${why?.detail}` });
    }
    return faults;
  }

  private async all(tenant: string): Promise<Segment[]> {
    const all: Segment[] = [];
    for (;;) {
      const last = all.at(-1);
      const after = last === undefined ? null : { createdAt: last.createdAt, id: last._id };
      const page = await this.segments.list(tenant, { after, limit: PAGE });
      all.push(...page);
      if (page.length < PAGE) return all;
    }
  }

  private lookUp(tenant: string) {
    return async (ids: readonly string[]): Promise<Map<string, Predicate>> => {
      const found = await this.segments.findMany(tenant, ids);
      return new Map([...found].map(([id, { predicate }]) => [id, predicate]));
    };
  }
}

export const rulesOf = (tenant: Tenant): PredicateRules => ({
  attributes: tenant.attributes,
  segmentServices: tenant.policy.segmentServices ?? 'none',
});

export const contextOf = (tenant: Tenant, now: Date): PredicateContext => ({
  now,
  defaultLanguage: languageOf(tenant.locales[0] ?? 'en'),
});
