import type { WinnerRule } from '#campaigns/campaign.types';
import type { Difference } from './compare-shares.js';

/** Of whom a figure is a share; what each means stands in the report itself. */
export const DENOMINATORS = {
  members: 'everybody whom the segment meant at the launch, of this line',
  sent: 'members whose message a provider took; what stays unknown is not among them',
  measured:
    'people who got it, or may have (`unknown`), and have agreed to be measured: nobody else is looked at',
  'members not held out':
    'everybody whom the segment meant, less who was held out; whether they got it or not',
  'held out': 'members who were drawn by lot to get nothing',
} as const;
export type Denominator = keyof typeof DENOMINATORS;

/** A count, and of whom it is a share. `share`: null of nobody, else 0 to 1. */
export interface Figure {
  count: number;
  of: number;
  share: number | null;
  denominator: Denominator;
}

/** What became of members of a line, all of them together. */
export interface Line {
  members: number;
  /** Not at their end yet: they wait for their hour, the pace, the winner, or are being sent. */
  waiting: Figure;
  sent: Figure;
  refused: Figure;
  /** Called off: the campaign was cancelled, or the person left while they waited. Nobody who was held out. */
  cancelled: Figure;
  expired: Figure;
  failed: Figure;
  /** May have been sent: the provider never said. */
  unknown: Figure;
  /** Of which the provider said so; not every provider does. */
  delivered: Figure;
  bounced: Figure;
  complained: Figure;
  /** Left by the link of this very message, or by its provider's. */
  unsubscribed: Figure;
  /** Of whom a provider took it: may be looked at, they consented to it. */
  measured: Figure;
  /** By a person, as far as that can be told; a mail that is read without pictures is not. */
  opened: Figure;
  /** Any link, by a person. */
  clicked: Figure;
  /** Booked within the window after their own message. Not because of it: see `comparison`. */
  booked: Figure;
}

/** The same of one language: who was not sent anything has none. */
export type LocaleLine = Pick<
  Line,
  'delivered' | 'bounced' | 'complained' | 'unsubscribed' | 'measured' | 'opened' | 'clicked' | 'booked'
> & {
  sent: number;
};

/** A link of a variant in a language: `b3` is the one of the fourth block. */
export interface LinkLine {
  variant: string;
  locale: string;
  link: string;
  clicked: Figure;
  /** How often, by people; and by machines, which nobody's share counts. */
  clicks: number;
  machineClicks: number;
}

/** Of an A/B test whose winner the others wait for. */
export interface TestReport {
  /** Per cent of who is not held out. */
  share: number;
  rule: WinnerRule | null;
  /** What is compared: as the rule says; without one clicks in mail, bookings after an SMS. */
  by: WinnerRule['by'];
  /** Who waits for the winner. */
  waiting: Figure;
  endedAt: Date | null;
  /** When the rule is asked; null: it was, or there is none, or the test still runs. */
  decidesAt: Date | null;
  /** When who waits gets nothing any more, unless somebody names a winner; null: not yet known, or it has one, or it is over. */
  lapsesAt: Date | null;
  winner: { variant: string; at: Date; by: string; how: 'rule' | 'hand' } | null;
  /** Where it stands, in words. */
  says: string;
  /** What the variants came to: as the winner was named; while there is none, as it is now. Null: not launched. */
  shares: { variant: string; figure: Figure }[] | null;
  /** The best less the next: where `isClear` is false it may be chance, winner or not. */
  difference: Difference | null;
  isClear: boolean;
}

/** Who was held out against all others, from the same hour on to the same end. */
export interface Comparison {
  booked: Figure;
  bookedHeldOut: Figure;
  /** The first share less the second. Null: nobody is on one side. */
  difference: Difference | null;
  /** Whether the interval leaves 0 out: else it may be chance. */
  isClear: boolean;
  method: string;
}

export interface Report {
  campaign: string;
  name: string;
  status: string;
  at: Date;
  launchedAt: Date | null;
  denominators: Record<Denominator, string>;
  total: Line;
  heldOut: Figure;
  /** Where the members stand, and why. */
  statuses: { status: string; reason: string | null; figure: Figure }[];
  variants: ({ variant: string } & Line)[];
  /** Null: of somebody who was erased since. */
  locales: ({ locale: string | null } & LocaleLine)[];
  /** Each variant in each language. */
  variantsByLocale: ({ variant: string; locale: string | null } & LocaleLine)[];
  links: LinkLine[];
  /** Null: nobody waits for a winner. */
  test: TestReport | null;
  /** Where the members of each variant stand, and why. */
  variantsByStatus: { variant: string; status: string; reason: string | null; figure: Figure }[];
  bookings: {
    /** What is counted. */
    what: string;
    /** An ISO 8601 duration. */
    window: string;
    /** Whether the window of everybody is over. */
    complete: boolean;
    /** Null: nobody was held out. */
    comparison: Comparison | null;
  };
}
