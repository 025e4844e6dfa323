import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition } from '#messages/transition';
import type { Clock } from '#platform/clock';
import type { ReleaseDue } from './release-due.js';

/** W + Q + 30 s (PROTOCOL C3): longer than any call that began in time can last. */
export const SENDING_STUCK_MS = 65_000;
/** Between two sightings of a released row before it is produced again (PROTOCOL C2). */
export const RELEASED_STUCK_MS = 300_000;
const PAGE = 500;

/**
 * Mends what a crash left. A row is stuck when the same `rev` was seen twice, far enough apart by this process's own
 * monotonic clock; no clock is compared across machines. `sending` becomes `unknown`, `released` is produced again.
 */
export class RepairStuck {
  private readonly sightings = new Map<string, { rev: string; mono: number }>();

  constructor(
    private readonly messages: MessageStore,
    private readonly releaseDue: ReleaseDue,
    private readonly clock: Clock,
  ) {}

  async runOnce(now: Date): Promise<{ unknown: number; reproduced: number }> {
    const seen = new Set<string>();
    const unknown = await this.stuck('sending', SENDING_STUCK_MS, seen, async (rows) => {
      const moves = rows.map((row) =>
        transition(
          row as MessageRow & { status: 'sending' },
          'unknown',
          'no outcome was recorded in time',
          now,
        ),
      );
      return (await this.messages.apply(moves)).size;
    });
    const reproduced = await this.stuck('released', RELEASED_STUCK_MS, seen, async (rows) => {
      await this.releaseDue.produce(rows);
      return rows.length;
    });
    for (const id of this.sightings.keys()) if (!seen.has(id)) this.sightings.delete(id);
    return { unknown, reproduced };
  }

  private async stuck(
    status: 'sending' | 'released',
    ms: number,
    seen: Set<string>,
    mend: (rows: MessageRow[]) => Promise<number>,
  ): Promise<number> {
    let mended = 0;
    for (let after: string | null = null; ;) {
      const page: MessageRow[] = await this.messages.pageByStatus(status, after, PAGE);
      const mono = this.clock.mono();
      const twice = page.filter((row) => {
        seen.add(row._id);
        const before = this.sightings.get(row._id);
        if (before?.rev === row.rev) return mono - before.mono >= ms;
        this.sightings.set(row._id, { rev: row.rev, mono });
        return false;
      });
      if (twice.length > 0) mended += await mend(twice);
      for (const row of twice) this.sightings.delete(row._id);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return mended;
      after = last._id;
    }
  }
}
