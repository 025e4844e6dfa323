/** A share of people: so many of so many. */
export interface Share {
  count: number;
  of: number;
}

/** How much one share is above another, and between which bounds the truth lies. */
export interface Difference {
  /** From -1 to 1. */
  difference: number;
  low: number;
  high: number;
  /** How often such an interval holds the truth. */
  level: 0.95;
}

/** The standard normal quantile of 0.975. */
const Z = 1.959963984540054;

/**
 * The difference of two independent shares with its 95 per cent interval, by Newcombe's hybrid of two Wilson scores: good
 * also for few people and for shares near 0 or 1, where the usual formula promises too much. Null: of nobody there is no
 * share. Nobody counts who is not among them: a count above `of` is taken for all. Pure. Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions",
 * Statistics in Medicine 17 (1998), 873-890, method 10.
 */
export function compareShares(one: Share, other: Share): Difference | null {
  if (one.of === 0 || other.of === 0) return null;
  const [a, b] = [bounded(one), bounded(other)];
  const [p1, p2] = [a.count / a.of, b.count / b.of];
  const [w1, w2] = [wilson(a), wilson(b)];
  const difference = p1 - p2;
  return {
    difference,
    low: difference - Math.hypot(p1 - w1.low, w2.high - p2),
    high: difference + Math.hypot(w1.high - p1, p2 - w2.low),
    level: 0.95,
  };
}

/** Above `of` Wilson's root would be of less than nothing. */
const bounded = ({ count, of }: Share): Share => ({ count: Math.min(count, of), of });

/** Wilson's score interval of a share (E. B. Wilson, JASA 22 (1927), 209-212). */
function wilson({ count, of }: Share): { low: number; high: number } {
  const centre = 2 * count + Z * Z;
  const half = Z * Math.sqrt(Z * Z + (4 * count * (of - count)) / of);
  const below = 2 * (of + Z * Z);
  return { low: Math.max(0, (centre - half) / below), high: Math.min(1, (centre + half) / below) };
}
