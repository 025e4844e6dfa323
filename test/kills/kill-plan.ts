import { Chance } from './chance.js';

/** One kill: so long after the one before, or when so many more calls have reached the provider, whichever is first. */
export interface Kill {
  afterMs: number;
  /** null: by time alone. */
  afterCalls: number | null;
  slot: string;
  /** How long it stays away before it is started again. */
  awayMs: number;
}

/** Mean time between two kills. */
export const KILL_EVERY_MS = 2_000;

/**
 * Kills in bursts, with quieter stretches between them in which the line works again: a burst takes one to four
 * processes within a moment. Half of them wait for calls to the provider, so that they fall between a claim, its
 * call and its record. In the last quarter no scheduler is killed: its mending takes 65 s of one life.
 */
export function killPlan(seed: number, kills: number, slots: readonly string[]): Kill[] {
  const chance = new Chance(seed ^ 0x5f3759df);
  const plan: Kill[] = [];
  while (plan.length < kills) {
    const burst = Math.min(1 + Math.floor(chance.next() * 4), kills - plan.length);
    for (let nth = 0; nth < burst; nth += 1) {
      const late = plan.length >= kills * 0.75;
      const from = slots.filter((slot) => !late || !slot.startsWith('scheduler'));
      const first = nth === 0;
      plan.push({
        afterMs: Math.round(
          first ? chance.between(1, 2.4) * KILL_EVERY_MS * burst - 500 : chance.between(0, 500),
        ),
        afterCalls: chance.happens(0.5) ? Math.floor(chance.between(1, first ? 60 : 6)) : null,
        slot: chance.pick(from),
        awayMs: Math.round(chance.happens(0.7) ? chance.between(0, 300) : chance.between(1_000, 4_000)),
      });
    }
  }
  return plan;
}
