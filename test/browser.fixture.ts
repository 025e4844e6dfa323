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

/** Judges what a reader sees on a page of its own, where axe can run; pictures of it where they are wanted. */
export class Judge {
  private constructor(
    private readonly page: Page,
    private readonly axe: string,
  ) {}

  static async of(browser: Browser): Promise<Judge> {
    return new Judge(await browser.newPage({ viewport: { width: 360, height: 800 } }), AXE());
  }

  /** What axe finds wrong, and at which widths the page is wider than its window: each in a line. */
  async faults(seen: Page, name: string): Promise<string[]> {
    const html = await seen.content();
    await this.page.setContent(html.replace('<head>', `<head><base href="${seen.url()}">`));
    await this.page.evaluate(this.axe);
    const found: string[] = await this.page.evaluate(
      'axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + " " + html.slice(0, 150))))',
    );
    for (const width of [320, 360, 1280]) {
      await this.page.setViewportSize({ width, height: 800 });
      const wide = await this.page.evaluate('document.documentElement.scrollWidth');
      if (wide !== width) found.push(`${String(wide)} wide at ${width}`);
      if (PICTURES !== undefined && width > 320) {
        mkdirSync(PICTURES, { recursive: true });
        await this.page.screenshot({ path: join(PICTURES, `${name}-${width}.png`), fullPage: true });
      }
    }
    return found;
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
