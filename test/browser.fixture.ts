import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

export const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);
/** Where pictures of the pages are wanted, to be looked at. */
const PICTURES = process.env['LAGOM_PICTURES'];
const AXE = (): string => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'].concat(
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ),
  });
}

/** A page for a person without JavaScript. */
export async function readerPage(browser: Browser, locale: string): Promise<Page> {
  const context = await browser.newContext({
    ...{ javaScriptEnabled: false, locale },
    viewport: { width: 360, height: 800 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}

/** The narrowest that a page has to do with, and a desk; by day and by night. */
const WIDTHS = [320, 1280] as const;
const SCHEMES = ['light', 'dark'] as const;

/** Every rule of WCAG 2.2 to AA, those too that axe leaves out unless told (`target-size`, its experiments), and its own advice. */
const RUN_AXE = `(() => {
  const upToAa = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
  const ours = axe.getRules(upToAa).filter(({ tags }) => !tags.includes('deprecated'));
  const rules = Object.fromEntries(ours.map(({ ruleId }) => [ruleId, { enabled: true }]));
  return axe.run({ rules }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html.slice(0, 150))));
})()`;

/**
 * What axe finds wrong on an open page, and where it is wider than its window: each in a line, with the width and the scheme.
 * `look` is told of each view.
 */
export async function faultsOn(
  page: Page,
  look: (width: number, scheme: string) => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  await page.evaluate(AXE());
  const found = new Set<string>();
  for (const scheme of SCHEMES) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      if (wide !== width) found.add(`${String(wide)} wide at ${width}`);
      for (const fault of await page.evaluate<string[]>(RUN_AXE)) found.add(`${fault} (${width}, ${scheme})`);
      await look(width, scheme);
    }
  }
  return [...found];
}

/** Judges what a reader sees on a page of its own, where axe can run; pictures of it where they are wanted. */
export class Judge {
  private constructor(private readonly page: Page) {}

  static async of(browser: Browser): Promise<Judge> {
    return new Judge(await browser.newPage());
  }

  /** What is wrong with what is seen, each in a line. */
  async faults(seen: Page, name: string): Promise<string[]> {
    const html = await seen.content();
    await this.page.setContent(html.replace('<head>', `<head><base href="${seen.url()}">`));
    return faultsOn(this.page, async (width, scheme) => {
      if (PICTURES === undefined) return;
      mkdirSync(PICTURES, { recursive: true });
      await this.page.screenshot({ path: join(PICTURES, `${name}-${width}-${scheme}.png`), fullPage: true });
    });
  }
}

/** Between the last link and the first nothing has the focus, and the body, which holds every word of the page, stands for it. */
const WHERE_FOCUS_IS = `document.activeElement === document.body ? ''
  : '#' + (document.activeElement?.id ?? '') + ' ' + (document.activeElement?.textContent ?? '')`;

/** Tab by tab to what has that text or that id; Enter is for the caller. */
export async function tabTo(page: Page, wanted: string): Promise<void> {
  for (let tabs = 0; tabs < 80; tabs++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(WHERE_FOCUS_IS);
    if (String(at).includes(wanted)) return;
  }
  throw new Error(`no way by Tab to ${wanted}`);
}

/** Enter on what has the focus, and the page that follows. */
export async function enter(page: Page): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}
