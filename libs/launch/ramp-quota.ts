import type { RampDay, RampDayStore } from '#campaigns/ramp-day.store';
import type { CampaignRows, RowStanding } from '#messages/campaign-rows';
import type { MessageRow } from '#messages/message.types';
import type { Status } from '#messages/moves';
import { SENT } from './fold-report.js';
import { boundOn, dayIn, nextDay, type RampedDomain } from './ramp.js';

/** More open places than this are looked through, though there is room left. */
const MOST_OPEN = 2_000;
/** How often what lost a race starts over; then the next pass does. */
const TRIES = 5;
/** Sent, or perhaps: a place is used. */
const USED: readonly Status[] = [...SENT, 'unknown'];
const UNSENT: readonly Status[] = ['refused', 'cancelled', 'expired', 'failed'];

/** A day of a domain: what may go, what is taken, and until when nothing more goes. */
export interface RampStanding {
  day: string;
  perDay: number;
  taken: number;
  fullUntil: Date | null;
}

type Day = Pick<RampDay, 'tenant' | 'domain' | 'day' | 'taken' | 'open'>;

/**
 * The places of a day of a sending domain that is warmed up. A row has its place before it is pulled, by compare-and-set on
 * the domain's document: a crash in between leaves a place unused, which is given back once the row has a new `rev`, so that
 * whoever slept over it cannot pull it any more. What ends unsent gives its place back. What a day has not ended has a place
 * of the next one too: no day sends more than its number, whatever is late.
 */
export class RampQuota {
  constructor(
    private readonly days: RampDayStore,
    private readonly rows: CampaignRows,
  ) {}

  /** How many more rows may be given a place now; null: any number. */
  async room(of: RampedDomain, now: Date): Promise<number | null> {
    const day = dayIn(of.zone, now);
    const bound = boundOn(of.ramp, day);
    if (bound === null) return null;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const known = await this.days.find(of.tenant, of.domain);
      // Somebody whose clock is ahead has begun another day: this one is over.
      if (known !== null && known.day > day) return 0;
      if (known !== null && known.day === day && !isToSettle(known, bound)) return bound - known.taken;
      const settled =
        known === null
          ? { tenant: of.tenant, domain: of.domain, day, taken: 0, open: [] }
          : await this.settle(known, of.zone, day);
      if (known !== null && isSame(known, settled)) return Math.max(0, bound - known.taken);
      const written = await this.days.write(known, settled);
      if (written !== null) return Math.max(0, bound - written.taken);
    }
    return 0;
  }

  /**
   * Those of these rows that have a place now. The rows were read before: a row of which the
   * place was given back since has another `rev`, and is not pulled.
   */
  async reserve(of: RampedDomain, rows: readonly MessageRow[], now: Date): Promise<MessageRow[]> {
    if (rows.length === 0) return [];
    const day = dayIn(of.zone, now);
    const bound = boundOn(of.ramp, day);
    if (bound === null) return [...rows];
    for (let tries = 0; tries < TRIES; tries += 1) {
      const known = await this.days.find(of.tenant, of.domain);
      if (known?.day !== day) return [];
      const open = new Set(known.open);
      const more = rows.filter(({ _id }) => !open.has(_id)).slice(0, Math.max(0, bound - known.taken));
      for (const { _id } of more) open.add(_id);
      const placed = rows.filter(({ _id }) => open.has(_id));
      if (placed.length === 0) return [];
      // Also where nothing is new: that nobody has given these places back since is what the write asks.
      const after = { ...known, taken: known.taken + more.length, open: [...open] };
      if ((await this.days.write(known, after)) !== null) return placed;
    }
    return [];
  }

  /** Where a domain stands today, without a write; null: it is bounded no more. */
  async standing(of: RampedDomain, now: Date): Promise<RampStanding | null> {
    const day = dayIn(of.zone, now);
    const perDay = boundOn(of.ramp, day);
    if (perDay === null) return null;
    const known = await this.days.find(of.tenant, of.domain);
    const taken = known?.day === day ? known.taken : 0;
    const isOver = known !== null && known.day > day;
    return { day, perDay, taken, fullUntil: isOver || taken >= perDay ? nextDay(of, now) : null };
  }

  /** Begins today for each domain that has rows of an earlier day, and deletes those that nothing bounds any more; how many. */
  async closeDays(find: (tenant: string, domain: string) => RampedDomain | null, now: Date): Promise<number> {
    let closed = 0;
    for (const known of await this.days.list()) {
      const of = find(known.tenant, known.domain);
      const day = of && dayIn(of.zone, now);
      if (of === null || day === null || boundOn(of.ramp, day) === null) {
        if (await this.days.delete(known)) closed += 1;
      } else if (known.day < day && known.open.length > 0) {
        await this.room(of, now);
        closed += 1;
      }
    }
    return closed;
  }

  /** The document once what has ended is taken out of it, on the day that it was at or on a new one. */
  private async settle(known: RampDay, zone: string, day: string): Promise<Day> {
    const rows = new Map(
      (await this.rows.findStandings(known.tenant, known.open)).map((row) => [row._id, row]),
    );
    const waiting = [...rows.values()].filter(waits);
    const freed = await this.rows.touchWaiting(waiting);
    const open: string[] = [];
    // Of a new day: sent on it already. Of the same: ended unsent.
    let sent = 0;
    let unsent = 0;
    for (const id of known.open) {
      const row = rows.get(id);
      if (row === undefined) continue;
      const sentOn = USED.includes(row.status)
        ? dayIn(zone, row.settledAt ?? row.dueAt ?? new Date(0))
        : null;
      if (freed.has(id) || UNSENT.includes(row.status)) unsent += 1;
      // Also what was sent on a day that is still to come here: a pass may have slept over midnight.
      else if (sentOn === null || sentOn > day) open.push(id);
      else if (sentOn === day) sent += 1;
    }
    const { tenant, domain } = known;
    const taken = known.day === day ? known.taken - unsent : sent + open.length;
    return { tenant, domain, day, taken, open };
  }
}

/** Whether a day may have places to give back. */
const isToSettle = ({ open, taken }: RampDay, bound: number): boolean =>
  open.length > MOST_OPEN || (taken >= bound && open.length > 0);

const isSame = (one: Day, other: Day): boolean =>
  one.day === other.day && one.taken === other.taken && one.open.length === other.open.length;

/** For its campaign to pull it, or to pull it again after a pause. */
const waits = ({ status, dueAt }: RowStanding): boolean => status === 'planned' && dueAt === null;
