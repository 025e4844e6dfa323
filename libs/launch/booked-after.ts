import type { BookedSince, BookingStore } from '#customers/booking.store';
import type { CampaignRows, PersonRow } from '#messages/campaign-rows';
import { SENT, type BookedGroup } from './fold-report.js';

const PAGE = 1_000;

/** Whose bookings are counted, and when. */
export interface BookedAsk {
  tenant: string;
  campaign: string;
  /** Bookings that were first heard of from then to then: the campaign's whole time. */
  from: Date;
  to: Date;
  /** After their own message, of each person only what was made so long after it. After their hour all counts until `to`. */
  windowMs: number;
}

/** Who of a campaign's members booked afterwards: the tenant's bookings of that time, page by page, with the rows of its people. */
export class BookedAfter {
  constructor(
    private readonly rows: CampaignRows,
    private readonly bookings: BookingStore,
  ) {}

  /** People, each once, by variant and language. Held meanwhile: the ids of who booked. */
  async of({ tenant, campaign, from, to, windowMs }: BookedAsk): Promise<BookedGroup[]> {
    const groups = new Map<string, BookedGroup>();
    const counted = { afterMessage: new Set<string>(), afterHour: new Set<string>() };
    for (let after: BookedSince | null = null; ;) {
      const page: BookedSince[] = await this.bookings.pageMade(tenant, { from, to }, after, PAGE);
      const people = new Map<string, PersonRow[]>();
      for (const row of await this.rows.findOfPeople(
        tenant,
        campaign,
        page.map(({ customer }) => customer),
      )) {
        people.set(row.customer, [...(people.get(row.customer) ?? []), row]);
      }
      for (const booking of page) {
        for (const row of people.get(booking.customer) ?? []) {
          const group = groupOf(groups, row);
          for (const kind of ['afterMessage', 'afterHour'] as const) {
            const anchor = anchorOf(row, kind);
            // Who got it and who was held out are looked at until the same end: a message may come long after its hour.
            const until =
              kind === 'afterHour' || anchor === null ? to.getTime() : anchor.getTime() + windowMs;
            if (counted[kind].has(row._id) || !isAfter(booking, anchor, until)) continue;
            counted[kind].add(row._id);
            group[kind] += 1;
          }
        }
      }
      if (page.length < PAGE) return [...groups.values()];
      after = page.at(-1) ?? null;
    }
  }
}

/** From when on a booking counts; null: none does. */
function anchorOf(row: PersonRow, kind: 'afterMessage' | 'afterHour'): Date | null {
  if (kind === 'afterHour') return row.notBefore ?? null;
  return SENT.includes(row.status) ? (row.settledAt ?? null) : null;
}

/** Told late, it was made when its event says. `until`: in ms. */
function isAfter({ createdAt, gen }: BookedSince, anchor: Date | null, until: number): boolean {
  if (anchor === null) return false;
  const madeAt = Math.min(createdAt.getTime(), gen.time.getTime());
  return madeAt >= anchor.getTime() && madeAt < until;
}

function groupOf(groups: Map<string, BookedGroup>, row: PersonRow): BookedGroup {
  const keys = { variant: row.variant ?? null, locale: row.content?.locale ?? null };
  const key = JSON.stringify(keys);
  const known = groups.get(key) ?? { ...keys, afterMessage: 0, afterHour: 0 };
  groups.set(key, known);
  return known;
}
