import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MeasureTotals } from '#campaigns/sum-measures';
import type { RowGroup } from '#messages/campaign-rows';
import { STATUSES } from '#messages/moves';
import { foldReport, type BookedGroup } from './fold-report.js';
import type { Figure } from './report.types.js';

const group = (facts: Partial<RowGroup>): RowGroup => ({
  ...{ status: 'accepted', reason: null, variant: 'A', locale: 'sv', count: 1, unsubscribed: 0, measured: 0 },
  last: null,
  ...facts,
});
const times = { people: 0, machines: 0, firstAt: null, lastAt: null };
const totals = (facts: Partial<MeasureTotals>): MeasureTotals => ({
  ...{
    variant: 'A',
    locale: 'sv',
    opened: { byPerson: 0, byMachine: 0 },
    clicked: { byPerson: 0, byMachine: 0 },
  },
  ...{ opens: times, links: [] },
  ...facts,
});

describe('a report', () => {
  it('has no share above 1: who clicked a mail that counts as failed since is one of those who could', () => {
    const groups = [group({ count: 1, measured: 1 }), group({ status: 'failed', count: 2, measured: 2 })];
    const measures = [totals({ clicked: { byPerson: 3, byMachine: 0 } })];
    expect(foldReport(groups, [], measures).total.clicked).toMatchObject({ count: 3, of: 3, share: 1 });
  });

  it('takes clicks as shares of who is measured only, and no machine’s', () => {
    const measures = [
      totals({
        ...{ opened: { byPerson: 8, byMachine: 20 }, clicked: { byPerson: 5, byMachine: 20 } },
        links: [{ link: 'b3', byPerson: 4, byMachine: 20, ...times, people: 6, machines: 90 }],
      }),
    ];
    const groups = [
      group({ count: 100, measured: 15 }),
      // Nobody knows whether it was sent; who clicked knows.
      group({ status: 'unknown', count: 10, measured: 5 }),
      // Pinned, then refused by the provider: it was not sent.
      group({ status: 'failed', count: 10, measured: 10 }),
      group({ variant: 'B', count: 50, measured: 0 }),
    ];
    const { total, variants, links } = foldReport(groups, [], measures);
    const clicked = { count: 5, of: 20, share: 0.25, denominator: 'measured' };
    expect(total).toMatchObject({ clicked, opened: { count: 8, of: 20 }, measured: { count: 15, of: 150 } });
    expect(variants).toMatchObject([
      { variant: 'A', clicked },
      { variant: 'B', clicked: { count: 0, of: 0, share: null } },
    ]);
    expect(links).toEqual([
      {
        ...{ variant: 'A', locale: 'sv', link: 'b3', clicks: 6, machineClicks: 90 },
        clicked: { count: 4, of: 20, share: 0.2, denominator: 'measured' },
      },
    ]);
  });

  it('has what was sent in its lines by language whole, though somebody was erased since', () => {
    const groups = [
      group({ count: 4 }),
      group({ variant: 'B', locale: 'en', count: 2 }),
      group({ variant: 'B', locale: null, count: 1 }),
      group({ status: 'refused', reason: 'no-consent', locale: null, count: 9 }),
    ];
    const { total, locales, variantsByLocale } = foldReport(groups, [], []);
    expect(locales.map(({ locale, sent }) => [locale, sent])).toEqual([
      ['en', 2],
      ['sv', 4],
      [null, 1],
    ]);
    expect(variantsByLocale.map(({ variant, locale, sent }) => [variant, locale, sent])).toEqual([
      ['A', 'en', 0],
      ['A', 'sv', 4],
      ['B', 'en', 2],
      ['B', 'sv', 0],
      ['B', null, 1],
    ]);
    expect(total.sent.count).toBe(7);
    expect(foldReport([group({ status: 'refused', locale: null })], [], []).locales).toEqual([]);
  });

  it('compares who was held out with all others, not with who got it', () => {
    const groups = [
      group({ count: 400 }),
      group({ status: 'refused', reason: 'no-consent', locale: null, count: 600 }),
      group({ status: 'cancelled', variant: 'hold-out', locale: null, count: 500 }),
    ];
    const booked: BookedGroup[] = [
      { variant: 'A', locale: 'sv', afterMessage: 80, afterHour: 80 },
      { variant: 'A', locale: null, afterMessage: 0, afterHour: 20 },
      { variant: 'hold-out', locale: null, afterMessage: 0, afterHour: 25 },
    ];
    const { total, comparison, heldOut } = foldReport(groups, booked, []);
    expect(total.booked).toEqual({ count: 80, of: 400, share: 0.2, denominator: 'sent' });
    expect(heldOut).toMatchObject({ count: 500, of: 1_500 });
    expect(comparison).toMatchObject({
      booked: { count: 100, of: 1_000, share: 0.1, denominator: 'members not held out' },
      bookedHeldOut: { count: 25, of: 500, share: 0.05, denominator: 'held out' },
      isClear: true,
    });
    expect(comparison?.difference?.difference).toBeCloseTo(0.05, 10);
  });

  it('leaves nobody out and counts nobody twice', () => {
    const groups = fc.array(
      fc.record({
        status: fc.constantFrom(...STATUSES),
        reason: fc.constantFrom(null, 'capped', 'withdrawn'),
        variant: fc.constantFrom('A', 'B', 'winner', 'hold-out'),
        locale: fc.constantFrom(null, 'sv', 'en'),
        count: fc.integer({ min: 1, max: 1_000 }),
        unsubscribed: fc.constant(0),
        measured: fc.constant(0),
        last: fc.constant(null),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(groups, (all) => {
        const members = all.reduce((sum, { count }) => sum + count, 0);
        const { total, heldOut, statuses } = foldReport(all, [], []);
        const { waiting, sent, refused, cancelled, expired, failed, unknown } = total;
        const sum = (figures: readonly Figure[]): number =>
          figures.reduce((add, { count }) => add + count, 0);
        expect(total.members).toBe(members);
        expect(sum([waiting, sent, refused, cancelled, expired, failed, unknown, heldOut])).toBe(members);
        expect(sum([...statuses.map(({ figure }) => figure), heldOut])).toBe(members);
      }),
    );
  });
});
