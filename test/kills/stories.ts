import { Chance } from './chance.js';

/** How an event is told. */
export type Way = 'kafka' | 'http';
/** What a booking system may tell in a story; `choices` is `customer.consent-changed`. */
export type Telling = 'started' | 'confirmed' | 'rescheduled' | 'cancelled' | 'completed' | 'choices';

/** One thing that happens in a story. */
export type Act = { afterMs: number } & (
  | { kind: 'tell'; what: Telling; way: Way; again: Way | null }
  /** The link of the first advertising mail, once it came; it is clicked so long after. */
  | { kind: 'click' }
  /** PUT …/choices */
  | { kind: 'put' }
);

/** One person's dealings with the clinic: acts in order, each so long after the one before was acknowledged. */
export interface Story {
  id: string;
  atMs: number;
  by: 'email' | 'sms';
  acts: Act[];
}

/** What the person says no to in it, if anything. */
export const saysNo = (story: Story): boolean =>
  story.acts.some((act) => act.kind !== 'tell' || act.what === 'choices');

/** Numbers that are set aside for fiction, of which there are no more. */
export const FICTION_NUMBERS = 95;

/** Stories that begin evenly over `overMs`, the same for the same seed. */
export function storiesOf(seed: number, count: number, overMs: number): Story[] {
  const chance = new Chance(seed);
  let texted = 0;
  return Array.from({ length: count }, (_, index) => {
    const own = chance.branch();
    const kind = own.next();
    const by = kind < 0.55 && texted < FICTION_NUMBERS && own.happens(0.25) ? 'sms' : 'email';
    if (by === 'sms') texted += 1;
    return {
      id: `${seed.toString(36)}-${index}`,
      atMs: Math.round((overMs * index) / count),
      by,
      acts: kind < 0.55 ? visit(own) : kind < 0.85 ? cart(own) : survey(own),
    };
  });
}

function visit(chance: Chance): Act[] {
  const way = wayOf(chance);
  const acts: Act[] = [tell(chance, way, 'confirmed', 0)];
  if (chance.happens(0.6)) acts.push(tell(chance, way, 'rescheduled', chance.between(0, 6_000)));
  if (chance.happens(0.4)) acts.push(tell(chance, way, 'cancelled', chance.between(0, 6_000)));
  return acts;
}

/** A cart that is left: mails about it two and six seconds later. */
function cart(chance: Chance): Act[] {
  const way = wayOf(chance);
  const acts: Act[] = [tell(chance, way, 'started', 0)];
  const end = chance.next();
  if (end < 0.3) acts.push({ kind: 'click', afterMs: chance.between(0, 5_000) });
  else if (end < 0.5) acts.push({ kind: 'put', afterMs: chance.between(0, 7_000) });
  // Over HTTP its answer promises what a click's does.
  else if (end < 0.65) acts.push(tell(chance, () => 'http', 'choices', chance.between(0, 7_000)));
  else if (end < 0.8) acts.push(tell(chance, way, 'confirmed', chance.between(0, 7_000)));
  return acts;
}

/** A visit that is over: a survey two seconds later. */
function survey(chance: Chance): Act[] {
  const way = wayOf(chance);
  const acts = [
    tell(chance, way, 'confirmed', 0),
    tell(chance, way, 'completed', chance.between(500, 3_000)),
  ];
  if (chance.happens(0.4)) acts.push({ kind: 'put', afterMs: chance.between(0, 3_500) });
  return acts;
}

/** Most stories keep to one way; where they mix, a later event may overtake an earlier one. */
function wayOf(chance: Chance): () => Way {
  const mixed = chance.happens(0.2);
  const way = chance.pick<Way>(['kafka', 'http']);
  return () => (mixed ? chance.pick<Way>(['kafka', 'http']) : way);
}

function tell(chance: Chance, way: () => Way, what: Telling, afterMs: number): Act {
  const again = chance.happens(0.1) ? chance.pick<Way>(['kafka', 'http']) : null;
  return { kind: 'tell', what, way: way(), again, afterMs: Math.round(afterMs) };
}
