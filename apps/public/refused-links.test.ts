import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LinkTokens, type LinkUse } from '#consent/link-token';
import { ShortCodeStore, type CodeUse } from '#consent/short-code.store';
import { packPairs } from '#consent/pairs';
import { CLINIC, type PublicSide, startPublic } from './public.fixture.js';

let side: PublicSide;
beforeAll(async () => {
  side = await startPublic();
  await side.plant({ customer: 'anna', email: 'anna@example.se' });
});
afterAll(() => side.close());

/** Each page that a link opens, and what its token is for. */
const PAGES: Record<string, LinkUse> = {
  u: 'unsubscribe',
  p: 'preferences',
  s: 'survey',
  c: 'confirm',
};
const WISHES = packPairs([{ purpose: 'newsletter', channel: 'email' }])!;
const WEEK = 7 * 86_400_000;

/** A token that the page of its use takes. */
function token(use: LinkUse, more: object = {}, customer = 'anna'): string {
  const about = {
    ...(use === 'survey' ? { purpose: 'survey' as const, subject: 'b1' } : {}),
    ...(use === 'confirm' ? { subject: WISHES, expiresAt: new Date(side.clock.now().getTime() + WEEK) } : {}),
    ...more,
  };
  return side.get(LinkTokens).seal(use, side.linkTo(customer, 'anna@example.se', about));
}

async function open(path: string, method = 'GET', language = 'sv') {
  const answer = await fetch(`${side.url}/${path}`, {
    method,
    redirect: 'manual',
    headers: { 'accept-language': language },
    ...(method === 'POST'
      ? { body: new URLSearchParams({ do: 'stop', stop: 'marketing', confirm: 'yes' }) }
      : {}),
  });
  return { status: answer.status, html: await answer.text(), headers: answer.headers };
}

const flipped = (text: string): string => {
  const at = Math.floor(text.length / 2);
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
};

/** What a link can have become on its way, or be made of. */
const SPOILT: Record<string, (use: LinkUse) => string> = {
  'one character of it changed': (use) => flipped(token(use)),
  'its end cut off': (use) => token(use).slice(0, -3),
  'half of it cut off': (use) => token(use).slice(0, 60),
  'something behind it': (use) => `${token(use)}x`,
  'made for another page': (use) => token(use === 'unsubscribe' ? 'preferences' : 'unsubscribe'),
  'of a tenant that is not here': (use) => token(use, { tenant: 'nobody' }),
  'sealed by a stranger': (use) =>
    new LinkTokens(['another secret']).seal(use, side.linkTo('anna', 'anna@example.se', { subject: 'b1' })),
  'words of somebody': () => 'hello',
};

describe.each(Object.entries(PAGES))('a link to /%s', (path, use) => {
  it('opens its page where nothing is wrong with it', async () => {
    expect((await open(`${path}/${token(use)}`)).status).toBe(200);
  });

  it.each(Object.entries(SPOILT))(
    '%s: is refused with a page that helps, and changes nothing',
    async (_, make) => {
      const before = await side.find('anna');
      for (const method of ['GET', 'POST']) {
        const { status, html, headers } = await open(`${path}/${make(use)}`, method);
        expect({ method, status }).toEqual({ method, status: 404 });
        expect(html).toContain('<h1>Länken fungerar inte</h1>');
        expect(html).toContain('Öppna meddelandet igen');
        expect(html).not.toMatch(/anna|wellnesskliniken|<form/i);
        expect([headers.get('set-cookie'), headers.get('location')]).toEqual([null, null]);
        expect(headers.get('referrer-policy')).toBe('no-referrer');
      }
      expect(await side.find('anna')).toEqual(before);
      expect(await side.optOuts('anna@example.se')).toEqual([]);
    },
  );

  it('cut before its token says so in the language of the browser', async () => {
    const { status, html } = await open(path, 'GET', 'en');
    expect({ status, html }).toEqual({ status: 404, html: expect.stringContaining('lang="en"') });
    expect(html).toContain('<h1>');
  });

  it('of another tenant speaks for that tenant only', async () => {
    await open(`${path}/${token(use, { tenant: 'wellbe' })}`, 'POST');
    expect((await side.find('anna'))?.choiceLog).toHaveLength(1);
    expect(await side.gate('anna', 'newsletter')).toBe('permit');
  });
});

describe('a short link', () => {
  const code = async (use: CodeUse, about: object, message = use as string): Promise<string> => {
    const payload = side.linkTo('anna', '+46701740605', { channel: 'sms', ...about });
    return (await side.get(ShortCodeStore).ensure(CLINIC, use, [{ message, payload }])).get(message) ?? '';
  };

  it('that is none, is cut or is another page’s is refused with a page that helps', async () => {
    const made = await code('unsubscribe', {});
    expect((await open(`o/${made}`)).status).toBe(200);
    const survey = await code('survey', { subject: 'b1' });
    for (const wrong of [made.slice(0, -1), `${made}1`, flipped(made), survey, 'stop']) {
      for (const method of ['GET', 'POST']) {
        const { status, html } = await open(`o/${wrong}`, method);
        expect({ wrong: wrong.length, status }).toEqual({ wrong: wrong.length, status: 404 });
        expect(html).toContain('Öppna meddelandet igen');
      }
    }
    expect(await side.optOuts('+46701740605')).toEqual([]);
  });

  it('that has run out is gone', async () => {
    const past = new Date(side.clock.now().getTime() - 1);
    const made = await code('confirm', { subject: WISHES, expiresAt: past });
    const { status, html } = await open(`c/${made}`);
    expect({ status, html }).toMatchObject({
      status: 410,
      html: expect.stringContaining('används inte längre'),
    });
  });
});

describe('a link that says yes', () => {
  it('is gone once it is used or has run out, with a page that says whom to ask', async () => {
    await side.plant({ customer: 'bo', email: 'anna@example.se' });
    const link = `c/${token('confirm', {}, 'bo')}`;
    expect((await open(link, 'POST')).status).toBe(200);
    const old = `c/${token('confirm', { expiresAt: new Date(side.clock.now().getTime() - 1_000) }, 'bo')}`;
    for (const [path, method] of [
      [link, 'GET'],
      [link, 'POST'],
      [old, 'GET'],
      [old, 'POST'],
    ] as const) {
      const { status, html } = await open(path, method);
      expect({ path: path === old, method, status }).toEqual({ path: path === old, method, status: 410 });
      expect(html).toContain('Hör gärna av dig till oss');
    }
    const given = (await side.find('bo'))?.choiceLog.filter(({ via }) => via === 'double-opt-in');
    expect(given).toHaveLength(1);
  });
});

it('that says no works again and again, and for ever', async () => {
  await side.plant({ customer: 'cia', email: 'anna@example.se' });
  for (let times = 0; times < 3; times += 1) {
    expect((await open(`u/${token('unsubscribe', {}, 'cia')}`, 'POST')).status).toBe(200);
    expect((await open(`p/${token('preferences', {}, 'cia')}`)).status).toBe(200);
  }
  expect(() => token('unsubscribe', { expiresAt: side.clock.now() })).toThrow('never runs out');
});
