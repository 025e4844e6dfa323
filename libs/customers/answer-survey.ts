import type { Clock } from '#platform/clock';
import { maskCardNumbers } from '#platform/masking';
import type { CustomerStore } from './customer.store.js';
import type { Customer } from './customer.types.js';
import { ANSWER_OPEN_MS, type SurveyAnswer, type SurveyAnswerStore } from './survey-answer.store.js';

/** Whose visit is asked about. */
export interface Visit {
  tenant: string;
  customer: string;
  booking: string;
}

export type Survey =
  | { kind: 'open'; customer: Customer; answer: SurveyAnswer | null }
  | { kind: 'closed'; customer: Customer | null };

/** One answer for a visit, that may be changed for a week; none of who is not known, or not any more. */
export class AnswerSurvey {
  constructor(
    private readonly customers: CustomerStore,
    private readonly answers: SurveyAnswerStore,
    private readonly clock: Clock,
  ) {}

  /** Whether there is still something to answer, and what was answered. Changes nothing. */
  async look({ tenant, customer, booking }: Visit): Promise<Survey> {
    const [person, answer] = await Promise.all([
      this.customers.find(tenant, customer),
      this.answers.find(tenant, booking),
    ]);
    if (person === null || person.erasedAt) return { kind: 'closed', customer: null };
    const isOpen =
      answer === null ||
      (answer.customer === person.customer && this.clock.now() < openUntil(answer.answeredAt));
    return isOpen ? { kind: 'open', customer: person, answer } : { kind: 'closed', customer: person };
  }

  /** Keeps an answer; null where the survey is closed. */
  async answer(
    { tenant, customer, booking }: Visit,
    said: { score: number; comment: string | null; language: string },
  ): Promise<SurveyAnswer | null> {
    const comment = said.comment === null ? null : maskCardNumbers(said.comment).text;
    // The link may name an id that has been merged since.
    const giver = (await this.customers.find(tenant, customer))?.customer ?? customer;
    const kept = await this.answers.keep(
      tenant,
      { booking, customer: giver, ...said, comment },
      this.clock.now(),
    );
    // An erasure deletes what there is after its tombstone stands: what came in between is deleted here.
    const person = await this.customers.find(tenant, giver);
    if (person !== null && !person.erasedAt) return kept;
    await this.answers.deleteOfCustomer(tenant, giver, this.clock.now());
    return null;
  }
}

/** Until when an answer may be changed. */
export function openUntil(answeredAt: Date): Date {
  return new Date(answeredAt.getTime() + ANSWER_OPEN_MS);
}
