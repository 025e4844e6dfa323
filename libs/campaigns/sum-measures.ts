import type { Counted, Measure } from './measure.js';

/** Messages in which a person did it, and in which a machine did; one message may be in both. */
export interface ByWhom {
  byPerson: number;
  byMachine: number;
}

/** A link of a version, over all messages of a variant in a language. */
export interface LinkTotals extends ByWhom, Counted {
  link: string;
}

/** What was opened of a variant in a language. Messages are counted in `opened` and `clicked`, times in `opens` and `links`. */
export interface MeasureTotals {
  variant: string;
  locale: string;
  opened: ByWhom;
  clicked: ByWhom;
  opens: Counted;
  links: LinkTotals[];
}

/** Adds up measures, one at a time: as much memory as there are links. */
export class SumMeasures {
  private readonly parts = new Map<string, MeasureTotals & { byLink: Map<string, LinkTotals> }>();

  add({ variant, locale, opens, clicks }: Pick<Measure, 'variant' | 'locale' | 'opens' | 'clicks'>): void {
    const key = JSON.stringify([variant, locale]);
    const part = this.parts.get(key) ?? {
      ...{ variant, locale, opened: nobody(), clicked: nobody(), opens: never(), links: [] },
      byLink: new Map<string, LinkTotals>(),
    };
    this.parts.set(key, part);
    note(part.opened, opens);
    add(part.opens, opens);
    note(part.clicked, {
      people: clicks.reduce((sum, { people }) => sum + people, 0),
      machines: clicks.reduce((sum, { machines }) => sum + machines, 0),
    });
    for (const { link, ...times } of clicks) {
      const total = part.byLink.get(link) ?? { link, ...nobody(), ...never() };
      part.byLink.set(link, total);
      note(total, times);
      add(total, times);
    }
  }

  /** By variant and language; links in the order of their blocks. */
  totals(): MeasureTotals[] {
    return [...this.parts.values()]
      .map(({ byLink, ...part }) => ({
        ...part,
        links: [...byLink.values()].sort((a, b) => order(a.link, b.link)),
      }))
      .sort((a, b) => order(a.variant, b.variant) || order(a.locale, b.locale));
  }
}

const nobody = (): ByWhom => ({ byPerson: 0, byMachine: 0 });
const never = (): Counted => ({ people: 0, machines: 0, firstAt: null, lastAt: null });
const order = new Intl.Collator('en', { numeric: true }).compare;

function note(total: ByWhom, { people, machines }: Pick<Counted, 'people' | 'machines'>): void {
  if (people > 0) total.byPerson += 1;
  if (machines > 0) total.byMachine += 1;
}

function add(total: Counted, { people, machines, firstAt, lastAt }: Counted): void {
  total.people += people;
  total.machines += machines;
  if (firstAt !== null && (total.firstAt === null || firstAt < total.firstAt)) total.firstAt = firstAt;
  if (lastAt !== null && (total.lastAt === null || lastAt > total.lastAt)) total.lastAt = lastAt;
}
