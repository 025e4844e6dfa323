import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measured, type Hit, type Measure } from './measure.js';

const SENT = new Date('2026-05-04T08:00:00Z');
const later = (seconds: number): Date => new Date(SENT.getTime() + seconds * 1_000);
const message = {
  ...{ _id: 't/anna/c-1', tenant: 't', campaign: 'c-1', customer: 'anna', purpose: 'newsletter' as const },
  ...{ variant: 'A', locale: 'sv', sentAt: SENT },
};
const open = (seconds: number, by: Hit['by'] = 'person'): Hit => ({ link: null, by, at: later(seconds) });
const click = (link: string, seconds: number, by: Hit['by'] = 'person'): Hit => ({
  ...{ link, by, at: later(seconds) },
});

describe('what is known of a message', () => {
  it('tells the world of the first open and the first click of a person, with the ids only', () => {
    const { after, tell } = measured(null, message, [open(60), click('b2', 90), open(120)], later(130));
    expect(after).toMatchObject({
      opens: { people: 2, machines: 0, firstAt: later(60), lastAt: later(120) },
      clicks: [{ link: 'b2', people: 1, machines: 0, firstAt: later(90), lastAt: later(90) }],
      at: later(130),
    });
    expect(tell).toEqual([
      expect.objectContaining({ type: 'message.opened.v1', at: later(60), data: { channel: 'email' } }),
      expect.objectContaining({
        ...{ type: 'message.clicked.v1', at: later(90), data: { channel: 'email', link: 'b2' } },
      }),
    ]);
    expect(measured(after, message, [open(200), click('b3', 201)], later(202)).tell).toEqual([]);
  });

  it('counts machines apart, tells nobody of them, and keeps no time of theirs', () => {
    const hits = [open(1, 'machine'), click('b0', 2, 'machine')];
    const { after, tell } = measured(null, message, hits, later(3));
    expect(tell).toEqual([]);
    expect(after.opens).toEqual({ people: 0, machines: 1, firstAt: null, lastAt: null });
    expect(after.clicks).toEqual([{ link: 'b0', people: 0, machines: 1, firstAt: null, lastAt: null }]);
    expect(measured(after, message, [open(60)], later(61)).tell).toHaveLength(1);
  });

  it('stays with whom a merge has given it to, and has no more links than a mail has blocks', () => {
    const moved: Measure = { ...measured(null, message, [open(1)], later(1)).after, customer: 'berit' };
    const many = Array.from({ length: 100 }, (_, index) => click(`b${index}`, 5));
    const { after } = measured(moved, message, many, later(6));
    expect(after.customer).toBe('berit');
    expect(after.clicks).toHaveLength(60);
  });

  it('says the same however the hits come in', () => {
    const hit = fc.record({
      link: fc.constantFrom(null, 'b0', 'b1'),
      by: fc.constantFrom('person' as const, 'machine' as const),
      at: fc.integer({ min: 1, max: 500 }).map(later),
    });
    fc.assert(
      fc.property(fc.array(hit, { minLength: 1, maxLength: 12 }), fc.nat(12), (hits, cut) => {
        const whole = measured(null, message, hits, later(600));
        const first = measured(null, message, hits.slice(0, cut), later(600));
        const second = measured(first.after, message, hits.slice(cut), later(600));
        expect(second.after).toEqual(whole.after);
        const types = [...(first.tell ?? []), ...(second.tell ?? [])].map(
          (one) => (one as { type: string }).type,
        );
        expect(types.sort()).toEqual((whole.tell ?? []).map((one) => (one as { type: string }).type).sort());
      }),
    );
  });
});
