import { describe, expect, it } from '@jest/globals';
import type { Campaign, Schedule } from '#campaigns/campaign.types';
import { countsOf, laxerFaults, limitReached, limitsOf } from './limits.js';
import { paced } from './pull-campaigns.js';
import { launchAt, sendTime } from './send-times.js';
import { HOLD_OUT, partOf } from './split.js';

const at = (text: string): Date => new Date(text);
const variant = (name: string, weight = 1) => ({ name, template: 't-1', version: 1, weight });

describe('a split', () => {
  const people = Array.from({ length: 20_000 }, (_, n) => `customer-${n}`);
  const shares = (holdOut: number, ...variants: ReturnType<typeof variant>[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const one of people) {
      const part = partOf('c-1', one, holdOut, variants);
      counts[part] = (counts[part] ?? 0) + 1 / people.length;
    }
    return Object.fromEntries(
      Object.entries(counts).map(([part, share]) => [part, Math.round(share * 50) / 50]),
    );
  };

  it('gives each variant its share of who is not held out', () => {
    expect(shares(0, variant('A'))).toEqual({ A: 1 });
    expect(shares(20, variant('A', 3), variant('B', 1))).toEqual({ A: 0.6, B: 0.2, [HOLD_OUT]: 0.2 });
  });

  it('moves nobody in or out of the hold-out when weights change, and is another for another campaign', () => {
    const held = (campaign: string, ...variants: ReturnType<typeof variant>[]): string[] =>
      people.slice(0, 500).filter((one) => partOf(campaign, one, 20, variants) === HOLD_OUT);
    expect(held('c-1', variant('A'), variant('B', 9))).toEqual(held('c-1', variant('A')));
    expect(held('c-2', variant('A'))).not.toEqual(held('c-1', variant('A')));
  });
});

describe('the hour', () => {
  const schedule = (changes: Partial<Schedule> = {}): Schedule => ({
    at: '2026-03-29T02:30',
    zone: 'tenant',
    ifPassed: 'send',
    ...changes,
  });
  const now = at('2026-03-28T12:00:00Z');

  it('that the clock jumps over comes right after', () => {
    expect(launchAt(schedule(), 'Europe/Stockholm', now)).toEqual(at('2026-03-29T01:30:00Z'));
  });

  it('is waited for from where it comes first on earth, and never before the grace ends', () => {
    expect(launchAt(schedule({ zone: 'recipient' }), 'Europe/Stockholm', now)).toEqual(
      at('2026-03-28T12:30:00Z'),
    );
    expect(launchAt(schedule({ at: null }), 'Europe/Stockholm', now)).toEqual(now);
    const late = at('2026-04-01T00:00:00Z');
    expect(launchAt(schedule(), 'Europe/Stockholm', late)).toEqual(late);
  });

  it('is the person’s own, the tenant’s where theirs is none', () => {
    const own = schedule({ at: '2026-05-04T09:00', zone: 'recipient' });
    const time = (zone: string | null) => sendTime(own, zone, 'Europe/Stockholm', now);
    expect(time('Asia/Tokyo')).toEqual({ kind: 'from', at: at('2026-05-04T00:00:00Z') });
    for (const zone of [null, 'Mars/Crater'])
      expect(time(zone)).toEqual({ kind: 'from', at: at('2026-05-04T07:00:00Z') });
  });

  it('that is only just over is on time; then what was chosen is done', () => {
    const time = (ifPassed: Schedule['ifPassed'], launched: string) =>
      sendTime(schedule({ at: '2026-05-04T09:00', ifPassed }), null, 'Europe/Stockholm', at(launched));
    expect(time('skip', '2026-05-04T07:15:00Z')).toEqual({ kind: 'from', at: at('2026-05-04T07:00:00Z') });
    expect(time('skip', '2026-05-04T07:15:01Z')).toEqual({ kind: 'passed' });
    expect(time('send', '2026-05-04T07:15:01Z')).toEqual({ kind: 'from', at: at('2026-05-04T07:15:01Z') });
    expect(time('next-day', '2026-05-06T07:15:01Z')).toEqual({
      kind: 'from',
      at: at('2026-05-07T07:00:00Z'),
    });
  });
});

describe('a pace', () => {
  const now = at('2026-05-04T07:00:00Z');
  const later = (ms: number): Date => new Date(now.getTime() + ms);

  it('lets the first go at once, then one after the other', () => {
    expect(paced({ pace: { perHour: 60 }, pulledTo: null }, now).count).toBe(1);
    expect(paced({ pace: { perHour: 60 }, pulledTo: now }, later(59_999)).count).toBe(0);
    expect(paced({ pace: { perHour: 60 }, pulledTo: now }, later(60_000)).count).toBe(1);
    expect(paced({ pace: { perHour: 3_600 }, pulledTo: now }, later(10_000)).count).toBe(10);
  });

  it('makes up for a minute of what it missed, not for a night', () => {
    expect(paced({ pace: { perHour: 3_600 }, pulledTo: now }, later(8 * 3_600_000)).count).toBe(60);
    expect(paced({ pace: { perHour: 1 }, pulledTo: now }, later(8 * 3_600_000)).count).toBe(1);
  });

  it('adds up to what was said over an hour, however often it is asked', () => {
    let pulledTo: Date | null = null;
    let sum = 0;
    for (let ms = 0; ms < 3_600_000; ms += 7_300) {
      const { count, from, intervalMs } = paced({ pace: { perHour: 1_000 }, pulledTo }, later(ms));
      if (count === 0) continue;
      pulledTo = new Date(from + count * intervalMs!);
      sum += count;
    }
    expect(Math.abs(sum - 1_000)).toBeLessThanOrEqual(3);
  });
});

describe('a limit', () => {
  const limits: Campaign['limits'] = { complaints: 0.01, bounces: 0.05, errors: 0.2, least: 100 };
  it.each([
    [
      'is not looked at before enough was sent',
      [
        ['accepted', 10],
        ['complained', 5],
      ],
      null,
    ],
    [
      'is not reached by a share that is just allowed',
      [
        ['accepted', 99],
        ['complained', 1],
      ],
      null,
    ],
    [
      'of complaints',
      [
        ['delivered', 98],
        ['complained', 2],
      ],
      'complaints: 2 of 100 sent, more than 1 per cent',
    ],
    [
      'of bounces',
      [
        ['accepted', 90],
        ['bounced', 10],
      ],
      'bounces: 10 of 100 sent, more than 5 per cent',
    ],
    [
      'of errors, of what is in doubt too',
      [
        ['accepted', 75],
        ['failed', 15],
        ['unknown', 10],
      ],
      'errors: 25 of 100 sent, more than 20 per cent',
    ],
    [
      'counts nobody who was refused',
      [
        ['accepted', 50],
        ['refused', 500],
        ['complained', 5],
      ],
      null,
    ],
  ] as const)('%s', (_, counts, why) => {
    expect(limitReached({ limits }, countsOf(counts.map(([status, count]) => ({ status, count }))))).toBe(
      why,
    );
  });

  it('looks only at what came since it was resumed', () => {
    const limitsFrom = { sent: 100, complaints: 2, bounces: 0, errors: 0 };
    const counts = (complained: number, delivered: number) =>
      countsOf([
        { status: 'complained', count: complained },
        { status: 'delivered', count: delivered },
      ]);
    const reached = (complained: number, delivered: number) =>
      limitReached({ limits, limitsFrom }, counts(complained, delivered));
    expect(reached(2, 98)).toBeNull();
    expect(reached(4, 195)).toBeNull();
    expect(reached(4, 196)).toBe('complaints: 2 of 100 sent since it was resumed, more than 1 per cent');
    // Rows went meanwhile, with whom they were about.
    expect(reached(0, 20)).toBeNull();
  });

  it('of a campaign is at most the tenant’s, or the house’s', () => {
    expect(laxerFaults({ ...limits, complaints: 0.003 }, {})).toEqual([]);
    expect(limitsOf({ campaigns: { limits } })).toBe(limits);
    expect(laxerFaults({ ...limits, complaints: 0.02 }, { campaigns: { limits } })).toEqual([
      { path: ['limits', 'complaints'], detail: "expected at most 0.01, which is the tenant's" },
    ]);
  });
});
