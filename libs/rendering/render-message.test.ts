import { beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { convert } from 'html-to-text';
import { RULES } from '#purposes/purposes';
import type { Purpose } from '#purposes/purpose';
import { loadTemplates, type Templates } from './templates.js';
import type { Rendered, RenderInput } from './rendered.js';

/** The checkout's own templates: what is tested is what is sent. */
const TEMPLATES = join(import.meta.dirname, '../../templates');

const NAMES = [
  'booking-confirmation',
  'booking-change',
  'booking-cancellation',
  'booking-reminder',
  'abandoned-booking',
  'survey',
] as const;
const EVERY = NAMES.flatMap((name) => (['sv', 'en'] as const).map((locale) => ({ name, locale })));

let templates: Templates;
beforeAll(async () => {
  templates = await loadTemplates(TEMPLATES);
});

type Change = (input: RenderInput, booking: NonNullable<RenderInput['booking']>) => void;

function inputOf(
  name: string,
  {
    channel = 'email',
    locale = 'sv',
    change,
  }: { channel?: 'email' | 'sms'; locale?: string; change?: Change } = {},
): RenderInput {
  const input = structuredClone(templates.sample(name, channel, locale));
  if (!input?.booking) throw new Error(`no sample of ${name}`);
  change?.(input, input.booking);
  return input;
}

function rendered(...args: Parameters<typeof inputOf>): Rendered {
  const result = templates.render(inputOf(...args));
  if (result.kind === 'invalid') throw new Error(result.problem);
  return result.content;
}

function problem(...args: Parameters<typeof inputOf>): string {
  const result = templates.render(inputOf(...args));
  return result.kind === 'invalid' ? result.problem : 'rendered';
}

const CONFIRMATION = 'booking-confirmation';

describe('what a mail says', () => {
  it('greets with the whole name, dates in words, in both languages', () => {
    const swedish = rendered(CONFIRMATION);
    expect(swedish.subject).toBe('Din bokning är klar: torsdag 3 december kl. 10.15');
    expect(swedish.text).toContain('Hej Anna Berg!');
    expect(swedish.html).toContain('Hej Anna Berg!');
    expect(swedish.html).toContain('torsdag 3 december kl. 10.15');
    expect(swedish.locale).toBe('sv');
    const english = rendered(CONFIRMATION, {
      locale: 'en',
      change: (input) => (input.person.timeZone = 'Europe/Istanbul'),
    });
    expect(english.subject).toBe('Your booking is confirmed: Thursday 3 December at 10:15');
    expect(english.text).toContain("Hello James O'Neill,");
  });

  it('greets without a name where none is known', () => {
    const content = rendered(CONFIRMATION, { change: (input) => (input.person.name = null) });
    expect(content.text).toMatch(/^Hej!\n/);
    expect(content.html).toContain('>Hej!<');
  });

  it('escapes a name in HTML and writes it as it is in text', () => {
    const name = `Anna <b onclick="x">Berg</b> & 'Co' {{tenant.email}}`;
    const content = rendered(CONFIRMATION, { change: (input) => (input.person.name = name) });
    expect(content.text).toContain(`Hej ${name}!`);
    expect(content.html).not.toContain('<b onclick');
    expect(content.html).toContain(
      'Anna &lt;b onclick&#x3D;&quot;x&quot;&gt;Berg&lt;/b&gt; &amp; &#x27;Co&#x27; {{',
    );
  });

  it('keeps a line break or an override of direction out of subject, text and invitation', () => {
    const content = rendered(CONFIRMATION, {
      change: (input) => {
        input.tenant.name = 'Kliniken\r\nBcc: x@example.org';
        input.person.name = 'Anna\u202egreB';
      },
    });
    expect(content.text).toContain('Hej Anna greB!');
    expect(content.attachments[0]?.content).not.toMatch(/^Bcc/m);
    const survey = rendered('survey', { change: (input) => (input.tenant.name = 'A\r\nBcc: x@example.org') });
    expect(survey.subject).toBe('En kort fråga från A Bcc: x@example.org');
  });

  it('says old and new time of a moved booking, and claims no new time where none is', () => {
    const moved = rendered('booking-change');
    expect(moved.text).toContain('ny tid: torsdag 3 december kl. 10.15');
    expect(moved.text).toContain('i stället för tisdag 1 december kl. 14.30');
    for (const previous of [null, 'same'] as const) {
      const other = rendered('booking-change', {
        change: (_, booking) => (booking.previousStartsAt = previous && booking.startsAt),
      });
      expect(other.text).toContain('Så här gäller den nu:');
      expect(other.text).not.toContain('ny tid');
    }
  });

  it('says whose clock it is where the person may have another', () => {
    const at = (zone: string | null) =>
      rendered(CONFIRMATION, { change: (input) => (input.person.timeZone = zone) }).subject;
    const plain = 'Din bokning är klar: torsdag 3 december kl. 10.15';
    expect([at(null), at('Europe/Oslo')]).toEqual([plain, plain]);
    expect(at('Europe/London')).toBe(`${plain} (svensk tid)`);
    expect(at('not/a zone')).toBe(`${plain} (svensk tid)`);
    const venue: Change = (input, booking) => {
      booking.timeZone = null;
      input.tenant.timeZone = 'Europe/Istanbul';
    };
    const there = rendered(CONFIRMATION, { change: venue }).subject;
    expect(there).toBe('Din bokning är klar: torsdag 3 december kl. 12.15 (lokal tid i Istanbul)');
  });

  it('shows a reason of cancellation in words, not a code', () => {
    expect(rendered('booking-cancellation').text).toContain('Orsak: Maria har tyvärr blivit sjuk.');
    const code = rendered('booking-cancellation', {
      change: (_, booking) => (booking.cancelReason = 'customer-request'),
    });
    expect(`${code.text}${code.html}`).not.toContain('customer-request');
    expect(code.text).not.toContain('Orsak');
  });

  it('gives the way to the tenant where an unfinished booking has no link', () => {
    const content = rendered('abandoned-booking', { change: (_, booking) => (booking.url = null) });
    expect(content.html).not.toContain('Fortsätt bokningen');
    expect(content.text).toContain(
      'Ring 0647-123 45 eller mejla hej@fjallkliniken.example, så hjälper vi dig.',
    );
  });

  it('says of the last reminder that it is the last, in words of its own, and offers nothing', () => {
    for (const channel of ['email', 'sms'] as const) {
      for (const [locale, words] of [
        ['sv', 'vår sista påminnelse'],
        ['en', 'our last reminder'],
      ] as const) {
        const [first, last] = [false, true].map((isLast) =>
          rendered('abandoned-booking', { channel, locale, change: (input) => (input.isLast = isLast) }),
        );
        expect(first?.text).not.toContain(words);
        expect(last?.text).toContain(words);
        if (channel === 'email') {
          expect(first?.html).not.toContain(words);
          expect(last?.html).toContain(words);
          expect(last?.subject).not.toBe(first?.subject);
        }
      }
    }
  });

  it('gives a number that can be dialled from where the person is', () => {
    const called = (locale: string, change: Change = () => undefined) =>
      rendered('booking-reminder', {
        locale,
        change: (input, booking) => {
          input.tenant.phone = '0647-123 45';
          input.person.timeZone = null;
          change(input, booking);
        },
      }).text;
    expect(called('sv')).toContain('Ring 0647-123 45 ');
    expect(called('en')).toContain('call +46 647 123 45 ');
    expect(called('sv', (input) => (input.person.timeZone = 'Europe/London'))).toContain(
      'Ring +46 647 123 45 ',
    );
    expect(called('sv', (input) => (input.person.country = 'FI'))).toContain('Ring +46 647 123 45 ');
  });

  it('asks about a survey in one SMS, and says no in a second', () => {
    for (const locale of ['sv', 'en']) {
      const { text, sms } = rendered('survey', {
        ...{ channel: 'sms', locale },
        change: ({ tenant, links }) => {
          tenant.name = 'Wellnesskliniken';
          links.survey = 'https://halsa.wellnesskliniken.se/s/0123456789';
          links.optOut = 'https://halsa.wellnesskliniken.se/o/0123456789';
        },
      });
      expect(sms?.segments).toBe(2);
      expect(text.indexOf('/s/0123456789') + 13).toBeLessThanOrEqual(160);
    }
  });

  it('needs no booking for a survey', () => {
    expect(rendered('survey', { change: (input) => (input.booking = null) }).text).toContain(
      'Hur nöjd är du',
    );
  });

  it('shows a logo, with the name as its text, only where the tenant names one', () => {
    expect(rendered(CONFIRMATION).html).not.toContain('<img');
    const logo = { width: 160, height: 44, base64: 'iVBORw==' };
    const content = rendered(CONFIRMATION, { change: (input) => (input.tenant.logo = logo) });
    expect(content.html).toMatch(/<img src="cid:logo@lagom" alt="Fjällkliniken" width="160" height="44"/);
    expect(content.logo).toBe('iVBORw==');
    expect(rendered(CONFIRMATION)).not.toHaveProperty('logo');
  });

  it.each(EVERY)('$name ($locale) says the same in text and HTML', ({ name, locale }) => {
    const { text, html = '', subject } = rendered(name, { locale });
    expect(subject).not.toBe('');
    const flat = (value: string): string => value.replace(/\s+/g, ' ').trim();
    const shown = flat(
      convert(html, {
        wordwrap: false,
        selectors: [{ selector: 'a', options: { hideLinkHrefIfSameAsText: true, noAnchorUrl: false } }],
      }),
    );
    const paragraphs = text.split(/\n+/).filter((line) => line !== '--');
    expect(paragraphs.length).toBeGreaterThan(8);
    for (const line of paragraphs) {
      // Labels stand in cells of their own, links behind their words.
      for (const piece of line.split(
        /: (?=https)|^(?:Vad|När|Var|Hos|Pris|Orsak|What|When|Where|With|Price|Reason): |:$/,
      )) {
        if (piece)
          expect(shown).toContain(
            flat(piece)
              .replace(/här$|here$/, '')
              .trim(),
          );
      }
    }
  });

  it.each(EVERY)('$name ($locale) is light, in its language, and loads nothing', ({ name, locale }) => {
    const { html = '' } = rendered(name, { locale });
    expect(Buffer.byteLength(html)).toBeLessThan(20_000);
    expect(html).toMatch(new RegExp(`<html[^>]* lang="${locale}"`));
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).not.toMatch(/<img|<script|<link|url\(|@import|fonts\.google|src=/i);
    expect(html).not.toMatch(/\{\{|undefined|null|\[object/);
    for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^https:\/\//);
  });

  it.each(EVERY)(
    '$name ($locale) can be unsubscribed from exactly where its purpose can be objected to',
    ({ name, locale }) => {
      const purpose: Purpose = name === 'survey' || name === 'abandoned-booking' ? name : 'booking';
      const { text, html = '' } = rendered(name, { locale });
      const link = templates.sample(name, 'email', locale)?.links.unsubscribe ?? '';
      expect(text.includes(link)).toBe(RULES[purpose].stoppedByChoice);
      expect(html.includes(link.replace(/=/g, '&#x3D;'))).toBe(RULES[purpose].stoppedByChoice);
    },
  );
});

describe('what is refused', () => {
  it.each<[string, string, Change]>([
    ['booking.startsAt', CONFIRMATION, (_, booking) => (booking.startsAt = null)],
    ['tenant.phone', 'booking-reminder', (input) => (input.tenant.phone = '  ')],
    ['tenant.addressLines', 'survey', (input) => (input.tenant.addressLines = [''])],
    ['links.unsubscribe', 'survey', (input) => (input.links = { survey: 'https://a.example/s/1' })],
    ['links.survey', 'survey', (input) => delete input.links.survey],
    ['booking.startsAt', 'booking-reminder', (input) => (input.booking = null)],
    ['booking.service', 'booking-cancellation', (_, booking) => (booking.service = ' ')],
  ])('names %s where it is missing', (fact, name, change) => {
    expect(problem(name)).toBe('rendered');
    expect(problem(name, { change })).toBe(`${name} (email, sv): ${fact} is missing`);
  });

  it.each<[string, Change]>([
    ['booking.url is not a web link', (_, booking) => (booking.url = 'javascript:alert(1)')],
    ['booking.url is not a web link', (_, booking) => (booking.url = 'https://bank.example:x@evil.example/')],
    ['booking.url is not a link', (_, booking) => (booking.url = '/relative')],
    ['booking.startsAt is not a date', (_, booking) => (booking.startsAt = new Date(NaN))],
    ['booking.timeZone is not a time zone', (_, booking) => (booking.timeZone = 'Mars/Olympus')],
    [
      'booking.price is not an amount of a currency',
      (_, b) => (b.price = { amount: 'free', currency: 'SEK' }),
    ],
    ['booking.sequence is not a whole number from 0', (_, booking) => (booking.sequence = -1)],
    ['tenant.colour is not a colour like #2f6f5e', (input) => (input.tenant.colour = 'red;}')],
  ])('says: %s', (why, change) => {
    expect(problem(CONFIRMATION, { change })).toBe(`${CONFIRMATION} (email, sv): ${why}`);
  });

  it('refuses a marketing SMS without its way out', () => {
    const change: Change = (input) => delete input.links.optOut;
    expect(problem('abandoned-booking', { channel: 'sms', change })).toContain('links.optOut is missing');
  });

  it('refuses an unknown template', () => {
    expect(problem(CONFIRMATION, { change: (input) => (input.template = '__proto__') })).toContain(
      'no template',
    );
  });
});

describe('which language', () => {
  it.each<[string | null, string[], string]>([
    ['sv-SE', ['sv', 'en'], 'sv'],
    ['en-US', ['sv', 'en'], 'en'],
    ['EN_gb', ['sv', 'en'], 'en'],
    ['fi', ['sv', 'en'], 'sv'],
    [null, ['en', 'sv'], 'en'],
    ['en', ['sv'], 'sv'],
    ['fi', ['de', 'sv-SE'], 'sv'],
  ])('%s of %j is %s', (wanted, spoken, spokenTo) => {
    const change: Change = (input) => {
      input.locale = wanted;
      input.tenant.locales = spoken;
    };
    expect(rendered(CONFIRMATION, { change }).locale).toBe(spokenTo);
  });
});

describe('names of treatments (GDPR 9)', () => {
  const service = 'Ansiktsbehandling';
  it.each(NAMES)('%s: never outside the body of a mail unless the tenant shows them', (name) => {
    const mail = rendered(name);
    const preview = /display:none[^>]*>([^<]*)</.exec(mail.html ?? '')?.[1];
    expect(preview).toMatch(/\S/);
    const said = [
      mail.subject,
      preview,
      rendered(name, { channel: 'sms' }).text,
      JSON.stringify(mail.attachments),
    ];
    for (const text of said) {
      expect(text).not.toContain(service);
      expect(text).not.toContain('Lindqvist');
    }
  });

  it('names none at all in the mail about an unfinished booking', () => {
    const mail = rendered('abandoned-booking');
    expect(`${mail.text}${mail.html}`).not.toContain(service);
  });

  it('shows them where the tenant does', () => {
    const change: Change = (input) => (input.tenant.showServiceNames = true);
    expect(rendered('abandoned-booking', { change }).text).toContain(`boka ${service} hos`);
    expect(rendered('booking-reminder', { channel: 'sms', change }).text).toContain(service);
    expect(rendered(CONFIRMATION, { change }).attachments[0]?.content).toContain(`SUMMARY:${service} hos`);
  });
});

describe('an SMS', () => {
  it.each(EVERY)('$name ($locale) is GSM-7 and at most two segments', ({ name, locale }) => {
    const { text, sms, subject, html } = rendered(name, { locale, channel: 'sms' });
    expect(sms?.encoding).toBe('GSM-7');
    expect(sms?.segments).toBeLessThanOrEqual(2);
    expect(text).not.toMatch(/\n|\s{2}|^\s|\s$/);
    expect([subject, html]).toEqual([undefined, undefined]);
  });

  it.each(['sv', 'en'])('of marketing ends with the way out (%s)', (locale) => {
    const { text } = rendered('abandoned-booking', { locale, channel: 'sms' });
    expect(text.endsWith(templates.sample('abandoned-booking', 'sms', locale)?.links.optOut ?? '-')).toBe(
      true,
    );
  });

  it('loses no letter of a name', () => {
    const change: Change = (input) => (input.person.name = 'Łukasz 🌷');
    const { text, sms } = rendered('booking-reminder', { channel: 'sms', change });
    expect(text).toContain('Hej Łukasz 🌷!');
    expect(sms?.encoding).toBe('UCS-2');
  });

  it('refuses what no gateway takes', () => {
    const change: Change = (_, booking) => (booking.location = 'x'.repeat(1600));
    expect(problem('booking-reminder', { channel: 'sms', change })).toContain('longer than 1600');
  });
});

describe('the version', () => {
  it('differs per template, channel and locale, and holds still', async () => {
    const versions = EVERY.flatMap(({ name, locale }) =>
      (['email', 'sms'] as const).map((channel) => rendered(name, { locale, channel }).version),
    );
    expect(new Set(versions).size).toBe(24);
    for (const version of versions) expect(version).toMatch(/^[0-9a-f]{12}$/);
    const again = await loadTemplates(TEMPLATES);
    const result = again.render(inputOf(CONFIRMATION));
    expect(result.kind === 'rendered' && result.content.version).toBe(rendered(CONFIRMATION).version);
  });
});
