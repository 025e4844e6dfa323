import { DateTime } from 'luxon';
import type { BookingStore } from './booking.store.js';
import type { SurveyAnswer, SurveyAnswerStore } from './survey-answer.store.js';

const PAGE = 500;
const SCORES = 11;

/** What people thought of a service in a month. */
export interface SurveyResult {
  /** As the booking system names it; null: the booking names none, or is not known any more. */
  service: string | null;
  /** `YYYY-MM`, of the answers, by the tenant's calendar. */
  month: string;
  count: number;
  /** Two decimals. */
  mean: number;
  /** Net promoter score, −100 to 100: the share of 9 and 10 less the share of 0 to 6, in whole percent. */
  nps: number;
  promoters: number;
  passives: number;
  detractors: number;
  /** How often each score from 0 to 10 was given. */
  distribution: number[];
}

/** An answer with what it is about. */
export type AnsweredAbout = SurveyAnswer & { service: string | null };

/** Which answers are meant: `from` inclusive, `to` exclusive, by when they were first given. */
export interface SurveyFilter {
  from?: Date | undefined;
  to?: Date | undefined;
  service?: string | undefined;
}

/** Results of surveys: counted page by page, so that a year of them needs no more room than a month. */
export class SurveyResults {
  constructor(
    private readonly answers: SurveyAnswerStore,
    private readonly bookings: BookingStore,
  ) {}

  /** One for each service and month, the newest month first. */
  async tally(tenant: string, filter: SurveyFilter, timeZone: string): Promise<SurveyResult[]> {
    const counts = new Map<string, { service: string | null; month: string; scores: number[] }>();
    let after: { answeredAt: Date; id: string } | null = null;
    for (;;) {
      const { page, next } = await this.read(tenant, filter, after, PAGE);
      for (const { service, answeredAt, score } of page) {
        const month = DateTime.fromJSDate(answeredAt, { zone: timeZone }).toFormat('yyyy-MM');
        const key = JSON.stringify([month, service]);
        const known = counts.get(key) ?? { service, month, scores: Array<number>(SCORES).fill(0) };
        known.scores[score] = (known.scores[score] ?? 0) + 1;
        counts.set(key, known);
      }
      if (next === null) break;
      after = next;
    }
    return [...counts.values()]
      .map(({ service, month, scores }) => ({ service, month, ...figuresOf(scores) }))
      .sort((a, b) => b.month.localeCompare(a.month) || (a.service ?? '').localeCompare(b.service ?? ''));
  }

  /** One page of the answers themselves, the first given first. With a filter by service a page may be short. */
  async read(
    tenant: string,
    { from, to, service }: SurveyFilter,
    after: { answeredAt: Date; id: string } | null,
    limit: number,
  ): Promise<{ page: AnsweredAbout[]; next: { answeredAt: Date; id: string } | null }> {
    const found = await this.answers.page(tenant, { from, to }, after, limit);
    const bookings = await this.bookings.findMany(
      tenant,
      found.map(({ booking }) => booking),
    );
    const about = found.map((answer) => ({
      ...answer,
      service: bookings.get(answer.booking)?.service ?? null,
    }));
    const last = found.length < limit ? undefined : found.at(-1);
    return {
      page: about.filter((one) => service === undefined || one.service === service),
      next: last === undefined ? null : { answeredAt: last.answeredAt, id: last._id },
    };
  }
}

/** The figures of so many answers of each score. Pure. */
export function figuresOf(scores: readonly number[]): Omit<SurveyResult, 'service' | 'month'> {
  const within = (from: number, to: number): number =>
    scores.slice(from, to + 1).reduce((sum, count) => sum + count, 0);
  const [detractors, passives, promoters] = [within(0, 6), within(7, 8), within(9, 10)];
  const count = detractors + passives + promoters;
  const sum = scores.reduce((all, times, score) => all + times * score, 0);
  return {
    count,
    mean: count === 0 ? 0 : Math.round((100 * sum) / count) / 100,
    nps: count === 0 ? 0 : Math.round((100 * (promoters - detractors)) / count),
    ...{ promoters, passives, detractors },
    distribution: [...scores],
  };
}
