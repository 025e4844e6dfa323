import type { Attempt, MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition, type Transition } from '#messages/transition';
import { isLostServer } from '#platform/mongo';

/** A row that is being sent, or of which the ledger does not know whether it was. */
export type InDoubt = MessageRow & { status: 'sending' | 'unknown' };

/** What this process knows of one attempt and could not write down. */
export interface Late {
  tenant: string;
  message: string;
  /** The attempt's own: nobody else records it. */
  ref: string;
  providerId: string | null;
  /** Where its claim itself may not have been written: the row's `rev` before. No call followed. */
  claimedFrom?: string;
  /** What is to become of the row, as it stands by now; null: that is said already. */
  move: (row: InDoubt, now: Date) => Promise<Transition | null>;
}

const PAGE = 100;

/**
 * What was known when the ledger was lost: outcomes that could not be recorded, and claims of which nobody knows whether
 * they were written, with no call behind them. Both are written once it is back, also where repair has called the row
 * `unknown` meanwhile (PROTOCOL C3), for as long as this process lives. The attempt's `ref` says whose it is; if anything
 * has been told of it since, nothing is written.
 */
export class LateOutcomes {
  private readonly waiting = new Map<string, Late>();

  constructor(private readonly messages: MessageStore) {}

  keep(late: readonly Late[]): void {
    for (const one of late) this.waiting.set(one.ref, one);
  }

  /** One pass; a ledger that is still away is no failure. Throws a bug once the others are through; its row is left to repair. */
  async runOnce(now: Date): Promise<{ written: number; waiting: number }> {
    let written = 0;
    const bugs: unknown[] = [];
    for (const page of pages([...this.waiting.values()])) {
      const rows = await this.read(page);
      if (rows === null) break;
      for (const late of page) {
        try {
          if (await this.settle(late, rows.get(late.message), now)) written += 1;
        } catch (error) {
          if (isLostServer(error)) continue;
          this.waiting.delete(late.ref);
          bugs.push(error);
        }
      }
    }
    if (bugs.length > 0) throw bugs[0];
    return { written, waiting: this.waiting.size };
  }

  private async read(page: readonly Late[]): Promise<Map<string, MessageRow> | null> {
    const ids = page.map(({ message }) => message);
    try {
      const rows = await this.messages.findByIds(page[0]?.tenant ?? '', ids);
      return new Map(rows.map((row) => [row._id, row]));
    } catch (error) {
      if (isLostServer(error)) return null;
      throw error;
    }
  }

  /** Whether it was written just now; what is not waits on, or has nothing to say any more. */
  private async settle(late: Late, row: MessageRow | undefined, now: Date): Promise<boolean> {
    const attempt = row?.attempts.find(({ ref }) => ref === late.ref);
    if (row !== undefined && isUntold(row, attempt)) {
      const move = await late.move(row, now);
      const isWritten = move !== null && (await this.messages.apply([move])).size > 0;
      if (isWritten || move === null) this.waiting.delete(late.ref);
      return isWritten;
    }
    // Its claim may still be on its way: whoever takes the row next, or the claim itself, changes its `rev`.
    if (row !== undefined && row.rev === late.claimedFrom) return false;
    if (attempt?.providerId === null && late.providerId !== null) {
      // A receipt was faster: it has moved the row (PROTOCOL E2).
      await this.messages.noteProviderId(late.tenant, late.message, late.ref, late.providerId);
    }
    this.waiting.delete(late.ref);
    return false;
  }
}

/** Of a row whose claim may have been written, with no call behind it: it is given back. `row` as it was read before. */
export function neverCalled({ tenant, _id: message, rev }: MessageRow, ref: string): Late {
  const why = 'given back: the ledger was lost before its call';
  return {
    ...{ tenant, message, ref, providerId: null, claimedFrom: rev },
    move: (row, now) => {
      const told = { [`attempts.${row.attempts.length - 1}.outcome`]: 'late' };
      return Promise.resolve(transition(row, 'planned', why, now, { dueAt: now }, { set: told }));
    },
  };
}

/** Whether the row still waits to hear of this attempt. */
function isUntold(row: MessageRow, attempt: Attempt | undefined): row is InDoubt {
  const inDoubt = row.status === 'sending' || row.status === 'unknown';
  return inDoubt && attempt !== undefined && attempt === row.attempts.at(-1) && attempt.outcome === null;
}

/** Pages of one tenant each. */
function pages(late: readonly Late[]): Late[][] {
  const byTenant = new Map<string, Late[]>();
  for (const one of late) byTenant.set(one.tenant, [...(byTenant.get(one.tenant) ?? []), one]);
  return [...byTenant.values()].flatMap((own) =>
    Array.from({ length: Math.ceil(own.length / PAGE) }, (_, n) => own.slice(n * PAGE, (n + 1) * PAGE)),
  );
}
