import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition } from '#messages/transition';
import { type Backlog, isHandled, type Standing } from '#messaging/backlog';
import type { Clock } from '#platform/clock';
import { dueTopic } from './due.types.js';
import type { ReleaseDue } from './release-due.js';

/** W + Q + 30 s (PROTOCOL C3): longer than any call that began in time can last. */
export const SENDING_STUCK_MS = 65_000;
/** Between two sightings of a released row before it is produced again (PROTOCOL C2). */
export const RELEASED_STUCK_MS = 300_000;
const PAGE = 500;

/** A row as it was first seen with this `rev`, when by the monotonic clock, and what lay on its topic then. */
interface Sighting {
  rev: string;
  mono: number;
  then?: Standing;
}

/**
 * Mends what a crash left. A row is stuck when the same `rev` was seen twice, far enough apart by this process's own
 * monotonic clock; no clock is compared across machines. `sending` becomes `unknown`; `released` is produced again, unless
 * its record may still lie on the topic: only once all has been handled that lay there when the row was first seen.
 */
export class RepairStuck {
  private readonly sightings = new Map<string, Sighting>();

  constructor(
    private readonly messages: MessageStore,
    private readonly releaseDue: ReleaseDue,
    private readonly backlog: Backlog,
    private readonly clock: Clock,
  ) {}

  async runOnce(now: Date): Promise<{ unknown: number; reproduced: number }> {
    const seen = new Set<string>();
    const unknown = await this.eachPage('sending', seen, async (rows) => {
      const moves = this.seenTwice(rows, SENDING_STUCK_MS).map((row) =>
        transition(
          row as MessageRow & { status: 'sending' },
          'unknown',
          'no outcome was recorded in time',
          now,
        ),
      );
      return (await this.messages.apply(moves)).size;
    });
    const standingOf = askedOnce(this.backlog);
    const reproduced = await this.eachPage('released', seen, async (rows) => {
      const old = this.seenTwice(rows, RELEASED_STUCK_MS);
      for (const row of rows) await this.noteStanding(row, standingOf);
      const lost: MessageRow[] = [];
      for (const row of old) if (await this.isPassed(row, standingOf)) lost.push(row);
      await this.releaseDue.produce(lost);
      for (const row of lost) this.sightings.delete(row._id);
      return lost.length;
    });
    for (const id of this.sightings.keys()) if (!seen.has(id)) this.sightings.delete(id);
    return { unknown, reproduced };
  }

  /** Of these rows, those that were seen long enough ago as they are now; the others are noted where they are new. */
  private seenTwice(rows: readonly MessageRow[], ms: number): MessageRow[] {
    const mono = this.clock.mono();
    return rows.filter((row) => {
      const before = this.sightings.get(row._id);
      if (before?.rev === row.rev) return mono - before.mono >= ms;
      this.sightings.set(row._id, { rev: row.rev, mono });
      return false;
    });
  }

  private async noteStanding(row: MessageRow, standingOf: StandingOf): Promise<void> {
    const sighting = this.sightings.get(row._id);
    if (sighting) sighting.then ??= await standingOf(dueTopic(row.dueClass));
  }

  private async isPassed(row: MessageRow, standingOf: StandingOf): Promise<boolean> {
    const then = this.sightings.get(row._id)?.then;
    return then !== undefined && isHandled(then, await standingOf(dueTopic(row.dueClass)));
  }

  private async eachPage(
    status: 'sending' | 'released',
    seen: Set<string>,
    mend: (rows: MessageRow[]) => Promise<number>,
  ): Promise<number> {
    let mended = 0;
    for (let after: string | null = null; ;) {
      const page: MessageRow[] = await this.messages.pageByStatus(status, after, PAGE);
      for (const { _id } of page) seen.add(_id);
      mended += await mend(page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return mended;
      after = last._id;
    }
  }
}

type StandingOf = (topic: string) => Promise<Standing>;

/** Each topic is asked about once a pass. */
function askedOnce(backlog: Backlog): StandingOf {
  const asked = new Map<string, Promise<Standing>>();
  return (topic) => {
    const standing = asked.get(topic) ?? backlog.standing(topic);
    asked.set(topic, standing);
    return standing;
  };
}
