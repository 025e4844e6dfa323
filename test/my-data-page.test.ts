import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { CHROMIUM, enter, hasChromium, Judge, launch, readerPage, tabTo } from './browser.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { DAY, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
let browser: Browser;
let judge: Judge;
const look = hasChromium ? describe : describe.skip;

look(`the pages of one’s own data, without JavaScript (skipped where there is no ${CHROMIUM})`, () => {
  beforeAll(async () => {
    [lagom, browser] = await Promise.all([startLagom({ at: '2026-03-02T10:00:00Z' }), launch()]);
    judge = await Judge.of(browser);
  });
  afterAll(async () => {
    await browser.close();
    await lagom.close();
  });

  const booked = async (facts: Partial<Person>): Promise<Person> => {
    const who = person(facts);
    await tell(lagom, 'booking.confirmed', {
      ...{ customer: who, booking: visit(new Date(lagom.now().getTime() + 60 * DAY)) },
      marketingOptOutOffered: true,
    });
    return who;
  };
  const linkTo = async (address: string): Promise<string> => {
    await lagom.advance('PT0S');
    const [mail] = await lagom.inbox({ to: address, purpose: 'support' });
    return /https?:\/\/[^\s/]+\/me\/[\w/-]+/.exec(mail?.text ?? '')?.[0] ?? '';
  };
  const sees = async (page: Page, name: string): Promise<void> => {
    expect([name, await judge.faults(page, name)]).toEqual([name, []]);
  };

  it.each([
    [
      'sv',
      {
        ask: 'Skicka länken',
        open: 'Öppna',
        correct: 'Spara rättelserna',
        erase: 'Till radering',
        yes: 'Ja, radera allt',
      },
    ],
    [
      'en',
      {
        ask: 'Send the link',
        open: 'Open',
        correct: 'Save the corrections',
        erase: 'Go to erasing',
        yes: 'Yes, erase everything',
      },
    ],
  ])(
    'are walked by keyboard alone, and axe finds nothing: %s',
    async (locale, words) => {
      const who = await booked({ locale });
      const page = await readerPage(browser, locale);
      await page.goto(`${lagom.url}/me/${CLINIC}`);
      await sees(page, `${locale}-1-ask`);
      await tabTo(page, '#address');
      await page.keyboard.type('anna');
      await tabTo(page, words.ask);
      await enter(page);
      await sees(page, `${locale}-2-fault`);
      await page.locator('#address').fill(who.email ?? '');
      await tabTo(page, words.ask);
      await enter(page);
      await sees(page, `${locale}-3-sent`);

      const link = await linkTo(who.email ?? '');
      await page.goto(link);
      await sees(page, `${locale}-4-open`);
      await tabTo(page, words.open);
      await enter(page);
      expect(await page.locator('h1').textContent()).toContain(who.name);
      await sees(page, `${locale}-5-data`);
      // Everything opens and closes without a script.
      const closed = page.locator('details:not([open]) > summary');
      for (let left = await closed.count(); left > 0; left--) {
        await closed.first().focus();
        await page.keyboard.press('Enter');
      }
      expect(await page.locator('details:not([open])').count()).toBe(0);
      await sees(page, `${locale}-6-all-open`);

      await page.locator('#phone').fill('12');
      await tabTo(page, words.correct);
      await enter(page);
      await sees(page, `${locale}-7-faults`);
      await page.locator('#phone').fill('070-174 06 98');
      await tabTo(page, words.correct);
      await enter(page);
      expect(await page.locator('[role=status]').count()).toBe(1);
      await sees(page, `${locale}-8-corrected`);

      await tabTo(page, words.erase);
      await enter(page);
      await sees(page, `${locale}-9-erase`);
      await tabTo(page, words.yes);
      await enter(page);
      await sees(page, `${locale}-10-erased`);
      await page.goto(link);
      await sees(page, `${locale}-11-gone`);
      expect(await page.context().cookies()).toEqual([]);
      await page.context().close();
    },
    180_000,
  );

  it('show a family one at a time', async () => {
    const email = 'familjen.i.webben@example.se';
    await booked({ email, name: 'Mor Ek', phone: null });
    await booked({ email, name: 'Son Ek', phone: null });
    const page = await readerPage(browser, 'sv');
    await page.goto(`${lagom.url}/me/${CLINIC}`);
    await page.locator('#address').fill(email);
    await page.locator('button').click();
    await page.goto(await linkTo(email));
    await page.locator('button').click();
    await sees(page, 'sv-12-family');
    await page.getByText('Son Ek').click();
    expect(await page.locator('h1').textContent()).toContain('Son Ek');
    await page.context().close();
  });
});
