import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BURST_MS, machineBy, tellApart, TOO_SOON_MS, type Heard } from './tell-machines.js';

const by = (userAgent: string | undefined, ...purposes: string[]) => machineBy({ userAgent, purposes });

describe('a request', () => {
  it.each([
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17628; Pro)',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  ])('may be of a person: %s', (agent) => {
    expect(by(agent)).toBeNull();
  });

  it.each([
    [
      'mail-proxy',
      'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
    ],
    ['mail-proxy', 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html'],
    ['mail-proxy', 'Mozilla/5.0'],
    ['scanner', 'Barracuda Sentinel (EE)'],
    ['scanner', 'Microsoft-SafeLinks/1.0 (Windows NT 10.0)'],
    ['scanner', 'Mozilla/5.0 (compatible; Proofpoint URL Defense)'],
    ['scanner', 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; BingPreview/1.0b) Safari/537.36'],
    ['robot', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)'],
    ['robot', 'python-requests/2.32.0'],
    ['robot', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/126.0.0.0 Safari/537.36'],
    ['nameless', undefined],
    ['nameless', '-'],
  ])('is of a %s: %s', (kind, agent) => {
    expect(by(agent)).toBe(kind);
  });

  it.each(['prefetch', 'prefetch;prerender', 'preview'])(
    'that fetches ahead is nobody’s click: %s',
    (purpose) => {
      expect(by('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', purpose)).toBe(
        'prefetch',
      );
    },
  );
});

describe('what was heard of one mail', () => {
  const SENT = new Date('2026-05-04T08:00:00Z');
  const heard = (link: string | null, ms: number, machine: Heard['machine'] = null): Heard => ({
    ...{ link, at: new Date(SENT.getTime() + ms), machine },
  });
  const told = (all: Heard[], ...handedOver: Date[]) =>
    tellApart(all, [SENT, ...handedOver]).map(({ machine }) => machine);

  it('is a person’s where nothing says otherwise: an open, a link, later another, the same one twice', () => {
    expect(
      told([heard(null, 60_000), heard('b1', 62_000), heard('b1', 62_100), heard('b2', 62_100 + BURST_MS)]),
    ).toEqual([null, null, null, null]);
  });

  it('is a machine’s within seconds of its sending, and of its delivery hours later', () => {
    expect(told([heard('b1', 0), heard('b1', TOO_SOON_MS - 1), heard('b1', TOO_SOON_MS)])).toEqual([
      ...['too-soon', 'too-soon', null],
    ]);
    const delivered = new Date(SENT.getTime() + 7_200_000);
    // A receipt may be written down shortly after the gateway has looked.
    expect(told([heard('b1', 7_199_000), heard(null, 7_205_000)], delivered)).toEqual([
      'too-soon',
      'too-soon',
    ]);
  });

  it('is a machine’s where two links were asked for at once, with the picture beside them', () => {
    expect(
      told([heard('b1', 60_000), heard('b2', 60_900), heard(null, 60_500), heard('b1', 99_000)]),
    ).toEqual([...['burst', 'burst', 'burst', null]]);
    expect(told([heard('b1', 60_000, 'robot'), heard('b2', 60_000)])).toEqual(['robot', 'burst']);
    expect(told([heard('b1', 60_000), heard(null, 60_000)])).toEqual([null, null]);
  });

  it('takes no more than a line through it, however often somebody asked', () => {
    let looks = 0;
    const counting = (link: string | null, ms: number) => {
      const { at, ...rest } = heard(link, ms);
      return Object.defineProperty(rest as Heard, 'at', { enumerable: true, get: () => ((looks += 1), at) });
    };
    const all = Array.from({ length: 2_000 }, (_, n) => counting('b1', 60_000 + n));
    expect(new Set(told([...all, counting('b2', 99_000)]))).toEqual(new Set([null]));
    expect(looks).toBeLessThan(2_000 * 60);
  });

  it('says the same as looking at each beside each', () => {
    const one = fc.tuple(fc.constantFrom(null, 'b1', 'b2', 'b3'), fc.integer({ min: 60_000, max: 68_000 }));
    fc.assert(
      fc.property(fc.array(one), (pairs) => {
        const all = pairs.map(([link, ms]) => heard(link, ms));
        const expected = pairs.map(([, ms]) => {
          const near = pairs.filter(([link, other]) => link !== null && Math.abs(other - ms) < BURST_MS);
          return new Set(near.map(([link]) => link)).size > 1 ? 'burst' : null;
        });
        expect(told(all)).toEqual(expected);
      }),
    );
  });
});
