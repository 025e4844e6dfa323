import { DateTime, Duration } from 'luxon';

/** Times as the page writes them, all in one zone. */
export class InboxTimes {
  constructor(
    readonly zone: string,
    private readonly now: Date,
  ) {}

  /** `09:12` */
  time = (at: Date): string => this.in(at).toFormat('HH:mm');

  /** `Mon 4 May 2026, 09:12:30` */
  clock = (at: Date): string => this.in(at).toFormat('ccc d LLL yyyy, HH:mm:ss');

  /** `Monday 4 May 2026, 09:12:30` */
  whole = (at: Date): string => this.in(at).toFormat('cccc d LLLL yyyy, HH:mm:ss');

  /** `Mon 4 May 09:12` */
  short = (at: Date): string => this.in(at).toFormat('ccc d LLL HH:mm');

  /** Instants inside a text, as `Mon 4 May 09:12`. */
  said = (text: string): string =>
    text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => this.short(new Date(instant)));

  /** `Today, Monday 4 May` */
  day(at: Date): string {
    const day = this.in(at);
    const today = this.in(this.now);
    const days = Math.round(day.startOf('day').diff(today.startOf('day'), 'days').days);
    const near = { [-1]: 'Yesterday, ', 0: 'Today, ', 1: 'Tomorrow, ' }[days] ?? '';
    return `${near}${day.toFormat(day.year === today.year ? 'cccc d LLLL' : 'cccc d LLLL yyyy')}`;
  }

  /** `in 3 days 2 hours`, for what lies ahead. */
  ahead = (at: Date): string => {
    const ms = at.getTime() - this.now.getTime();
    return ms < 1_000 ? 'now' : `in ${span(ms)}`;
  };

  /** RFC 3339, for `<time datetime>`. */
  exact = (at: Date): string => at.toISOString();

  private in(at: Date): DateTime {
    return DateTime.fromJSDate(at, { zone: this.zone }).setLocale('en-GB');
  }
}

/** `3 days 2 hours`: the two largest units that are not nothing. */
export function span(ms: number): string {
  if (ms < 1_000) return '0 seconds';
  const units = ['days', 'hours', 'minutes', 'seconds'] as const;
  const parts = Duration.fromMillis(ms).shiftTo(...units, 'milliseconds');
  const said = units.flatMap((unit) => {
    const count = parts.get(unit);
    return count === 0 ? [] : [`${count} ${count === 1 ? unit.slice(0, -1) : unit}`];
  });
  return said.slice(0, 2).join(' ');
}
