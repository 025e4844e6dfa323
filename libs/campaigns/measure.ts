import { createHash } from 'node:crypto';
import type { OutEntry } from '#messaging/outbox';
import type { VersionedChange } from '#platform/versioned';
import type { Purpose } from '#purposes/purpose';

/** How often, and by whom; times are a person's, null while only machines came. */
export interface Counted {
  people: number;
  machines: number;
  firstAt: Date | null;
  lastAt: Date | null;
}

/** A link of a version: `b3` is the one of its fourth block (`linksOf`). */
export interface MeasuredLink extends Counted {
  link: string;
}

/** Which message was opened, as its row says. */
export interface MeasuredMessage {
  /** As the row's. */
  _id: string;
  tenant: string;
  campaign: string;
  customer: string;
  purpose: Purpose;
  variant: string;
  /** The language that it was said in. */
  locale: string;
  sentAt: Date;
}

/** What is known of the opens and clicks of one message; there is none before the first. */
export interface Measure extends MeasuredMessage {
  rev: string;
  clicks: MeasuredLink[];
  opens: Counted;
  /** When it was last written. */
  at: Date;
}

/** An open, or a click on a link, once it is known by whom. */
export interface Hit {
  /** null: an open. */
  link: string | null;
  by: 'person' | 'machine';
  at: Date;
}

/** A mail has at most as many blocks, each with one link at most. */
const MOST_LINKS = 60;

const NEVER: Counted = { people: 0, machines: 0, firstAt: null, lastAt: null };

/** Adds hits to what is known. A person's first open and first click are told to the world, once. Pure. */
export function measured(
  before: Measure | null,
  message: MeasuredMessage,
  hits: readonly Hit[],
  now: Date,
): VersionedChange<Measure> {
  // Whose it is now is what stands with it: a merge may have moved it.
  const { customer } = before ?? message;
  let opens = before?.opens ?? NEVER;
  const clicks = new Map((before?.clicks ?? []).map((click) => [click.link, click]));
  for (const hit of hits) {
    if (hit.link === null) opens = counted(opens, hit);
    else {
      const known = clicks.get(hit.link);
      if (known === undefined && clicks.size >= MOST_LINKS) continue;
      clicks.set(hit.link, { link: hit.link, ...counted(known ?? NEVER, hit) });
    }
  }
  const after: Measure = {
    ...{ ...message, customer, rev: '', clicks: [...clicks.values()], opens, at: now },
  };
  const tell = [
    ...(isOpened(after) && !isOpened(before) ? [told(after, 'opened', opens.firstAt ?? now, {})] : []),
    ...(isClicked(after) && !isClicked(before) ? [toldClick(after, now)] : []),
  ];
  return { before, after, tell };
}

function counted({ people, machines, firstAt, lastAt }: Counted, { by, at }: Hit): Counted {
  if (by === 'machine') return { people, machines: machines + 1, firstAt, lastAt };
  return {
    people: people + 1,
    machines,
    firstAt: firstAt === null || at < firstAt ? at : firstAt,
    lastAt: lastAt === null || at > lastAt ? at : lastAt,
  };
}

const isOpened = (measure: Measure | null): boolean => measure !== null && measure.opens.people > 0;
const isClicked = (measure: Measure | null): boolean =>
  measure !== null && measure.clicks.some(({ people }) => people > 0);

function toldClick(measure: Measure, now: Date): OutEntry {
  const first = measure.clicks
    .filter(({ people }) => people > 0)
    .sort((a, b) => (a.firstAt?.getTime() ?? 0) - (b.firstAt?.getTime() ?? 0))[0];
  return told(measure, 'clicked', first?.firstAt ?? now, { link: first?.link ?? '' });
}

/** The same first of the same message is the same event. */
function told(
  { _id }: Measure,
  word: 'opened' | 'clicked',
  at: Date,
  data: Record<string, string>,
): OutEntry {
  const digest = createHash('sha256').update(JSON.stringify([_id, word]));
  return {
    ...{ id: digest.digest('hex').slice(0, 32), type: `message.${word}.v1`, at },
    data: { channel: 'email', ...data },
  };
}
