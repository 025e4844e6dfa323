import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { CHROMIUM, faultsOn, hasChromium, launch } from './browser.fixture.js';

const look = hasChromium ? describe : describe.skip;

look(`what a page is judged by (skipped where there is no ${CHROMIUM})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const page = (body: string, style = '') =>
    `<!doctype html><html lang="sv"><head><title>x</title><meta name="viewport" content="width=device-width">` +
    `<style>:root{color-scheme:light dark}${style}</style></head>` +
    `<body><main><h1>Rubrik</h1>${body}</main></body></html>`;
  const judged = async (html: string): Promise<string[]> => {
    const opened = await browser.newPage();
    try {
      await opened.setContent(html);
      return await faultsOn(opened);
    } finally {
      await opened.close();
    }
  };

  it('finds nothing on a page that each case below spoils', async () => {
    expect(await judged(page('<p>Text</p><button>Spara</button>'))).toEqual([]);
  });

  it.each([
    [
      'targets that are too small and too close (WCAG 2.2)',
      page(
        '<button>a</button><button>b</button>',
        'button{width:12px;height:12px;padding:0;border:0;margin:0}',
      ),
      ['target-size ', '(320, light)'],
    ],
    [
      'a contrast that is too low at night only',
      page('<p>Text</p>', '@media (prefers-color-scheme: dark){p{color:#555;background:#444}}'),
      ['color-contrast ', '(1280, dark)'],
    ],
    ['what is wider than a phone only', page('<div style="width:600px">Text</div>'), ['wide at 320']],
  ])('finds %s', async (_, html, words) => {
    const found = await judged(html);
    for (const word of words) expect(found).toContainEqual(expect.stringContaining(word));
    expect(found.filter((fault) => !fault.includes(words[0]!))).toEqual([]);
  });
});
