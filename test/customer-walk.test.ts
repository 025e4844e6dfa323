import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { CHROMIUM, enter, hasChromium, Judge, launch, readerPage, tabTo } from './browser.fixture.js';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { DAY, person, tell, visit, type Person } from './visit.fixture.js';

/** What leads on, in each language; of a box or a field its id. */
const WORDS = {
  sv: {
    unsubscribe: 'Avregistrera dig här',
    yesStop: 'Ja, sluta skicka',
    choose: 'Välj själv vad du vill få och hur',
    save: 'Spara',
    undo: 'Ångra, skicka som förut',
    answer: 'Svara på frågan',
    sendAnswer: 'Skicka svaret',
    notice: 'Så hanterar vi dina personuppgifter',
    ask: 'Skicka länken',
    open: 'Öppna',
    correct: 'Spara rättelserna',
    toErase: 'Till radering',
    erase: 'Ja, radera allt',
  },
  en: {
    unsubscribe: 'Unsubscribe here',
    yesStop: 'Yes, stop sending',
    choose: 'Choose what you would like to get, and how',
    save: 'Save',
    undo: 'Undo, send as before',
    answer: 'Answer the question',
    sendAnswer: 'Send my answer',
    notice: 'How we handle your personal data',
    ask: 'Send the link',
    open: 'Open',
    correct: 'Save the corrections',
    toErase: 'Go to erasing',
    erase: 'Yes, erase everything',
  },
} as const;

/** What axe asks of a page of a site; a mail is shown inside its reader's. */
const OF_A_PAGE = /^(landmark-one-main|page-has-heading-one|region) /;

const look = hasChromium ? describe : describe.skip;

look(`a customer, by keyboard and without JavaScript (skipped where there is no ${CHROMIUM})`, () => {
  let lagom: Lagom;
  let browser: Browser;
  let judge: Judge;
  /** What the pages asked for outside the house. */
  const strangers: string[] = [];
  beforeAll(async () => {
    [lagom, browser] = await Promise.all([startLagom({ at: '2026-03-02T10:00:00Z' }), launch()]);
    judge = await Judge.of(browser);
  });
  afterAll(async () => {
    await browser.close();
    await lagom.close();
  });

  const decision = async (who: Person, purpose: string): Promise<string> => {
    const { body } = await lagom.api('POST', '/v1/decisions', {
      ...{ customer: who.id, purpose, channel: 'email' },
    });
    return (body.reason ?? body.outcome) as string;
  };
  /** The person's newest mail of a purpose, opened in the inbox and then alone. */
  const openMail = async (page: Page, who: Person, purpose: string): Promise<void> => {
    const [mail] = await lagom.inbox({ to: who.email ?? '', purpose });
    await page.goto(`${lagom.url}/inbox?find=${encodeURIComponent(who.id)}`);
    await tabTo(page, mail?.subject ?? 'no mail');
    await enter(page);
    await tabTo(page, 'Open the mail alone');
    const href = await page.evaluate('document.activeElement.href');
    // A new window of the browser's; here it may as well be this one.
    await page.goto(String(href));
  };

  it.each(['sv', 'en'] as const)('goes from a mail to the last page of an erasure: %s', async (locale) => {
    const words = WORDS[locale];
    const who = person({ locale });
    const starts = new Date(lagom.now().getTime() + 2 * DAY);
    const booking = visit(starts);
    await tell(lagom, 'booking.confirmed', { customer: who, booking, marketingOptOutOffered: true });
    await tell(lagom, 'booking.started', {
      ...{ customer: who, booking: { id: `${booking.id}-2`, service: 'Massage' } },
      cartId: `k-${booking.id}`,
    });
    await lagom.advance('PT61M');
    let page = await readerPage(browser, locale);
    page.context().on('request', (request) => {
      if (!request.url().startsWith(lagom.url) && !/^data:/.test(request.url()))
        strangers.push(request.url());
    });
    let step = 0;
    const at = async (name: string): Promise<void> => {
      step += 1;
      const picture = `walk-${locale}-${String(step).padStart(2, '0')}-${name}`;
      const faults = await judge.faults(page, picture);
      expect([name, faults.filter((fault) => !name.endsWith('mail') || !OF_A_PAGE.test(fault))]).toEqual([
        name,
        [],
      ]);
    };
    const go = async (to: string): Promise<void> => {
      await tabTo(page, to);
      await enter(page);
    };

    /** A mail's links open a window of their own. */
    const follow = async (to: string): Promise<void> => {
      await tabTo(page, to);
      const [opened] = await Promise.all([page.context().waitForEvent('page'), page.keyboard.press('Enter')]);
      await opened.waitForLoadState();
      page = opened;
    };

    await openMail(page, who, 'abandoned-booking');
    await at('mail');
    await follow(words.unsubscribe);
    await at('unsubscribe');
    expect(await decision(who, 'abandoned-booking')).toBe('permit');
    await go(words.yesStop);
    await at('unsubscribed');
    expect(await decision(who, 'abandoned-booking')).toBe('withdrawn');
    await go(words.undo);
    await at('undone');
    expect(await decision(who, 'abandoned-booking')).toBe('permit');
    await go(words.choose);
    await at('preferences');
    const box = page.locator('section[aria-labelledby=service] input[type=checkbox]:checked').first();
    const id = (await box.getAttribute('id')) ?? '';
    await tabTo(page, `#${id}`);
    await page.keyboard.press('Space');
    await go(words.save);
    expect(await page.locator('[role=status]').count()).toBe(1);
    expect(await page.locator(`#${id.replaceAll('.', '\\.')}`).isChecked()).toBe(false);
    await at('saved');
    await page.locator(`#${id.replaceAll('.', '\\.')}`).focus();
    await page.keyboard.press('Space');
    await go(words.save);

    await lagom.advanceTo(new Date(starts.getTime() + 3 * 3_600_000));
    await tell(lagom, 'booking.completed', { customer: who, booking });
    await lagom.advance('P2D');
    await openMail(page, who, 'survey');
    await at('survey-mail');
    await follow(words.answer);
    await at('survey');
    await tabTo(page, '#score-');
    for (let score = 0; score < 9; score += 1) await page.keyboard.press('ArrowRight');
    await tabTo(page, '#comment');
    await page.keyboard.type(locale === 'sv' ? 'Så lugnt och fint.' : 'So calm and kind.');
    await go(words.sendAnswer);
    await at('survey-thanks');
    await go(words.notice);
    expect(new URL(page.url()).pathname).toBe(`/privacy/${CLINIC}/${locale}`);
    await at('notice');

    await page.goto(`${lagom.url}/me/${CLINIC}`);
    await tabTo(page, '#address');
    await page.keyboard.type(who.email ?? '');
    await go(words.ask);
    await lagom.advance('PT0S');
    await openMail(page, who, 'support');
    await at('link-mail');
    const [link] =
      /https?:\/\/[^\s/]+\/me\/[\w/-]+/.exec(
        (await lagom.inbox({ to: who.email ?? '', purpose: 'support' }))[0]?.text ?? '',
      ) ?? [];
    await page.goto(link ?? '');
    await go(words.open);
    await at('my-data');
    expect(await page.content()).toContain(locale === 'sv' ? 'Så lugnt och fint.' : 'So calm and kind.');
    await tabTo(page, '#name');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('Åsa Berg');
    await go(words.correct);
    await at('corrected');
    expect((await lagom.api('GET', `/v1/customers/${who.id}`)).body.name).toBe('Åsa Berg');
    await go(words.toErase);
    await at('erase');
    await go(words.erase);
    await at('erased');
    expect(await decision(who, 'booking')).toBe('erased');
    expect(JSON.stringify((await lagom.api('GET', `/v1/customers/${who.id}`)).body)).not.toContain('Berg');

    expect(await page.context().cookies()).toEqual([]);
    expect(strangers).toEqual([]);
    await page.context().close();
  });
});
