import { isGateClosed } from '#consent/gate-closed';
import { isMissingHashKey } from '#consent/hash-ring';
import { pointerTo } from '#events/explain-fault';
import type { Clock } from '#platform/clock';
import { isLostServer, nonce } from '#platform/mongo';
import type { Tenant, Tenants } from '#tenants/tenant';
import { errorKey, type ImportStore } from './import.store.js';
import {
  MOST_ERRORS,
  MOST_WARNINGS,
  ROW_OUTCOMES,
  type Import,
  type ImportError,
  type ImportWarning,
  type RowOutcome,
  type SpooledRow,
  type Taken,
} from './import.types.js';
import type { TakeChoices } from './take-choices.js';
import type { TakeCustomers, TakeOptions } from './take-customers.js';
import type { TakeSuppressions } from './take-suppressions.js';

/** Another process's import is taken up once its `rev` was seen unchanged for so long, by one's own monotonic clock. */
const TAKEOVER_MS = 30_000;
/** A file whose arrival shows no sign of life for so long is given up. */
const ARRIVAL_MS = 600_000;
const LOOK_EVERY_MS = 1_000;
const MOST_OPEN = 1_000;
const TRIES = 3;

export interface RunImportsOptions {
  /** This process is alone on its store: what is running is nobody's, and a file that was arriving is lost. */
  isAlone: boolean;
  onRows?: (kind: Import['kind'], outcome: RowOutcome, count: number) => void;
}

/**
 * Puts files that have arrived into the ledger, batch by batch. States and failures:
 * - of each tenant one import at a time, in the order of arrival, so that choices find the customers before them;
 * - a batch is taken, then its checkpoint moves by compare-and-set: who dies between leaves a batch that is taken again,
 *   and every row may be taken twice. Two processes on one import do no harm; the one that loses the checkpoint lets go;
 * - a lost server, a missing hash key, a closed gate: nothing moves, the next pass goes on;
 * - a batch that fails thrice for any other reason fails its import.
 */
export class RunImports {
  private readonly me = nonce();
  private readonly mine = new Map<string, { one: Import; again: boolean }>();
  private readonly seen = new Map<string, { rev: string; since: number }>();
  private readonly failures = new Map<string, number>();
  private isFirst = true;
  private readonly born: Date;

  constructor(
    private readonly imports: ImportStore,
    private readonly customers: TakeCustomers,
    private readonly choices: TakeChoices,
    private readonly suppressions: TakeSuppressions,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
    private readonly options: RunImportsOptions,
  ) {
    this.born = clock.now();
  }

  /** Works until nothing waits here (or the process is stopping); how many rows were taken. */
  async runOnce(isStopping: () => boolean = () => false): Promise<number> {
    let rows = 0;
    let looked = Number.NEGATIVE_INFINITY;
    // What was left in the middle by a fault is begun as if another had left it.
    this.mine.clear();
    for (;;) {
      if (this.mine.size === 0 || this.clock.mono() - looked >= LOOK_EVERY_MS) {
        await this.look();
        looked = this.clock.mono();
      }
      if (this.mine.size === 0) return rows;
      for (const { one, again } of [...this.mine.values()]) {
        if (isStopping()) return this.giveBack(rows);
        rows += await this.step(one, again);
      }
    }
  }

  /** Who stops cleanly leaves what is not done to the next one, who need not wait for a sign of life. */
  private async giveBack(rows: number): Promise<number> {
    for (const { one } of this.mine.values()) {
      await this.imports.advance(one, { status: 'waiting', worker: null });
    }
    this.mine.clear();
    return rows;
  }

  /** Takes up what waits, and what its worker has left. */
  private async look(): Promise<void> {
    const open = await this.imports.findOpen(MOST_OPEN);
    const busy = new Set([...this.mine.values()].map(({ one }) => one.tenant));
    const atOnce = this.options.isAlone && this.isFirst;
    this.isFirst = false;
    const ids = new Set(open.map(({ _id }) => _id));
    for (const id of this.seen.keys()) if (!ids.has(id)) this.seen.delete(id);
    for (const one of open) {
      if (one.status === 'receiving') {
        const isLost = (atOnce && one.createdAt < this.born) || this.silentFor(one) >= ARRIVAL_MS;
        if (isLost) await this.end(one, 'failed', LOST_ON_ITS_WAY);
        continue;
      }
      if (busy.has(one.tenant)) continue;
      busy.add(one.tenant);
      const isLeft =
        one.status === 'running' && (one.worker === this.me || atOnce || this.silentFor(one) >= TAKEOVER_MS);
      if (one.status !== 'waiting' && !isLeft) continue;
      const taken = await this.imports.advance(one, {
        ...{ status: 'running', worker: this.me },
        startedAt: one.startedAt ?? this.clock.now(),
      });
      if (taken !== null) this.mine.set(taken._id, { one: taken, again: one.status === 'running' });
    }
  }

  private silentFor({ _id, rev }: Import): number {
    const mono = this.clock.mono();
    const before = this.seen.get(_id);
    if (before?.rev === rev) return mono - before.since;
    this.seen.set(_id, { rev, since: mono });
    return 0;
  }

  /** One batch, and its checkpoint. */
  private async step(one: Import, again: boolean): Promise<number> {
    if (one.next >= one.chunks) {
      this.mine.delete(one._id);
      await this.end(one, 'done', null);
      return 0;
    }
    const tenant = this.tenants.get(one.tenant);
    if (tenant === undefined) {
      this.mine.delete(one._id);
      await this.end(one, 'failed', 'its tenant has no file any more');
      return 0;
    }
    try {
      const taken = await this.take(one, tenant, await this.imports.readChunk(one, one.next), again);
      const after = await this.checkpoint(one, taken);
      this.failures.delete(one._id);
      if (after === null) this.mine.delete(one._id);
      else this.mine.set(one._id, { one: after, again: false });
      return taken.length;
    } catch (error) {
      await this.failed(one, error);
      throw error;
    }
  }

  private take(
    { kind, dryRun, createdAt, defaults }: Import,
    tenant: Tenant,
    rows: readonly SpooledRow[],
    again: boolean,
  ): Promise<Taken[]> {
    const options: TakeOptions = { now: this.clock.now(), since: createdAt, dryRun, again };
    switch (kind) {
      case 'customers':
        return this.customers.take(tenant, rows, options);
      case 'choices':
        return this.choices.take(tenant, rows, options);
      case 'suppressions':
        return this.suppressions.take(tenant, rows, options, defaults);
    }
  }

  private async checkpoint(one: Import, taken: readonly Taken[]): Promise<Import | null> {
    const errors = errorsOf(one, taken);
    await this.imports.addErrors(errors.slice(0, Math.max(0, MOST_ERRORS - one.errors)));
    const counts = { ...one.counts };
    for (const { outcome } of taken) counts[outcome] += 1;
    const after = await this.imports.advance(one, {
      ...{ next: one.next + 1, done: one.done + taken.length, counts },
      ...{ errors: one.errors + errors.length, warnings: withWarnings(one.warnings, taken) },
    });
    if (after !== null) {
      for (const outcome of ROW_OUTCOMES) {
        const count = counts[outcome] - one.counts[outcome];
        if (count > 0) this.options.onRows?.(one.kind, outcome, count);
      }
    }
    return after;
  }

  private async failed(one: Import, error: unknown): Promise<void> {
    if (isLostServer(error) || isMissingHashKey(error) || isGateClosed(error)) return;
    const failures = (this.failures.get(one._id) ?? 0) + 1;
    this.failures.set(one._id, failures);
    if (failures < TRIES) return;
    this.failures.delete(one._id);
    await this.end(one, 'failed', 'a fault of ours, which is logged; what was taken stands');
  }

  /** First what the file said goes, then the import has ended: a crash between ends it once more. */
  private async end(one: Import, status: 'done' | 'failed', why: string | null): Promise<void> {
    await this.imports.dropChunks(one);
    await this.imports.advance(one, { status, why, worker: null, endedAt: this.clock.now() });
  }
}

const LOST_ON_ITS_WAY = 'its file did not arrive to the end; nothing of it was taken: send it again';

function errorsOf(one: Import, taken: readonly Taken[]): ImportError[] {
  return taken.flatMap(({ row: { row, index }, faults = [] }) =>
    faults.map(({ field, detail }, at) => ({
      ...{ _id: errorKey(one, row, at), tenant: one.tenant, import: one.import, row },
      column: one.columns[field] ?? field,
      pointer: pointerTo([index, ...field.split('.').filter((part) => part !== '')]),
      detail,
    })),
  );
}

function withWarnings(before: readonly ImportWarning[], taken: readonly Taken[]): ImportWarning[] {
  const counts = new Map(before.map(({ detail, rows }) => [detail, rows]));
  for (const { warnings = [] } of taken) {
    for (const warning of warnings) {
      if (counts.has(warning) || counts.size < MOST_WARNINGS)
        counts.set(warning, (counts.get(warning) ?? 0) + 1);
    }
  }
  return [...counts].map(([detail, rows]) => ({ detail, rows }));
}
