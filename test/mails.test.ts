import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { CaptureSender } from '#channels/capture.sender';
import { permitOf } from '#channels/envelope.fixture';
import { envelopeFor } from '#channels/envelope';
import type { CapturedMessage, InboxStore } from '#channels/inbox.store';
import type { Envelope } from '#channels/outcome';
import { ProviderSink } from '#channels/provider-sink.fixture';
import { SendGridSender } from '#channels/sendgrid.sender';
import { SmtpSender } from '#channels/smtp.sender';
import { SmtpSink } from '#channels/smtp-sink.fixture';
import { StoppedClock } from '#platform/clock';
import { rootDir } from '#platform/root';
import { RULES } from '#purposes/purposes';
import { readManifest } from '#rendering/template-manifest';
import type { RenderInput } from '#rendering/rendered';
import { loadTemplates, type Templates } from '#rendering/templates';
import { readTemplateFolder } from '#rendering/template-sources';
import { loadTenants } from '#tenants/load-tenants';
import type { Tenant } from '#tenants/tenant';
import { lintMail, type LintedMail } from './mail-lint.js';

const TEMPLATES = join(rootDir(), 'templates');
const NOW = new Date('2026-11-26T12:00:00Z');
const clock = new StoppedClock(NOW);
const ways = loadTenants(join(rootDir(), 'tenants'), {}).all();
/** Each tenant that there is; the first one hears mail. */
const tenants: Tenant[] = ways.map((tenant, index) =>
  index === 0 ? { ...tenant, inbound: { email: 'svar@in.wellbe-ims.com' } } : tenant,
);
/** As long as a token of a customer with a long id. */
const TOKEN = 'Zk3vQm8sT1xW0pLr5aYb'.repeat(9);

/** Facts that are plain, and facts that are as bad as people and booking systems make them. */
const SITUATIONS: Record<string, (input: RenderInput) => RenderInput> = {
  plain: (input) => input,
  'with little known': ({ booking, ...input }) => ({
    ...input,
    person: { name: null, timeZone: null, email: input.person.email },
    booking: booking && {
      ...booking,
      location: null,
      practitioner: null,
      price: null,
      url: null,
      cancelReason: null,
    },
  }),
  'with long and hostile facts': ({ booking, ...input }) => ({
    ...input,
    person: { ...input.person, name: '"><script>alert(1)</script> Åsa <b>Öst</b> & Söner' },
    booking: booking && {
      ...booking,
      service: 'Arbetsmarknadsföreningsrehabiliteringsutredningssamtal'.repeat(2),
      location: 'Realisationsvinstbeskattningsbyggnaden <img src=x onerror=alert(1)>, Östersund',
      practitioner: "Dr Ann-Sofie O'Brien-Lindqvist af Ugglas & Co",
      cancelReason: 'Överläkaren "Maria" <maria@example.se> är sjuk: a < b & c > d',
    },
  }),
};

let templates: Templates;
let purposes: ReadonlyMap<string, LintedMail['purpose']>;
let [mailer, sink]: [ProviderSink?, SmtpSink?] = [];
beforeAll(async () => {
  templates = await loadTemplates(TEMPLATES);
  const folder = await readTemplateFolder(TEMPLATES);
  const manifest = readManifest(folder.files.get('templates.yaml') ?? '', 'templates.yaml', []);
  purposes = new Map(Object.entries(manifest?.templates ?? {}).map(([name, { purpose }]) => [name, purpose]));
  [mailer, sink] = await Promise.all([ProviderSink.open(), SmtpSink.open()]);
});
afterAll(() => Promise.all([mailer?.close(), sink?.close()]));

/** The lint is of mails, not of the gate: which purpose it permits is all the same here. */
const permitFor = (envelope: Envelope) => permitOf({ ...envelope, purpose: 'booking' });

let count = 0;
/** Every mail that a tenant can send in a situation: each template in each language. */
function envelopesOf(tenant: Tenant, change: (input: RenderInput) => RenderInput): Envelope[] {
  return templates.names().flatMap((template) =>
    templates.locales().map((locale) => {
      const sample = change(templates.sample(template, 'email', locale)!);
      const purpose = purposes.get(template)!;
      const { name, legalName, email, phone, address, country, locales, timeZone, host, look, policy } =
        tenant;
      // Whatever links there are, each as long as the longest.
      const links = Object.fromEntries(
        Object.keys(sample.links).map((name) => [name, `https://${host}/${name.slice(0, 2)}/${TOKEN}`]),
      ) as RenderInput['links'];
      const result = templates.render({
        ...sample,
        tenant: {
          ...{ id: tenant.id, name, legalName, email, phone, country, locales, timeZone, host },
          addressLines: [...address.lines, `${address.postalCode} ${address.city}`],
          ...{ colour: look.colour, logo: look.logo, showServiceNames: policy.showServiceNames },
        },
        links,
      });
      if (result.kind === 'invalid') throw new Error(result.problem);
      count += 1;
      const ref = count.toString(16).padStart(32, '0');
      const row = { id: `row-${count}`, ref, purpose, channel: 'email' as const };
      return envelopeFor({ tenant, row, rendered: result.content, links, to: 'anna.berg@example.se' });
    }),
  );
}

const linted = (tenant: Tenant, { headers, content, purpose, to }: Envelope): LintedMail => ({
  ...{ tenant, purpose, locale: content.locale, to, headers },
  ...{ subject: content.subject ?? '', text: content.text, html: content.html ?? '' },
});

describe.each(Object.entries(SITUATIONS))('mails %s', (_, change) => {
  it.each(
    tenants.map(
      (tenant, index) => [tenant.inbound ? `${tenant.id}, which hears mail` : tenant.id, index] as const,
    ),
  )('of %s have no fault', (_name, index) => {
    const tenant = tenants[index]!;
    const faults = envelopesOf(tenant, change).flatMap((envelope) => {
      const { template, locale } = envelope.content;
      return lintMail(linted(tenant, envelope)).map((fault) => `${template}, ${locale}: ${fault}`);
    });
    expect(faults).toEqual([]);
  });
});

describe('the same mail', () => {
  const tenant = tenants[0]!;
  const envelopes = () => envelopesOf(tenant, SITUATIONS['with long and hostile facts']!);

  it('goes through SendGrid with every header, its logo, and all that the account adds switched off', async () => {
    const sender = new SendGridSender({ apiKey: 'SG.x', baseUrl: mailer?.url }, { account: 'a', clock });
    for (const envelope of envelopes()) {
      expect(await sender.send(permitFor(envelope), envelope)).toMatchObject({ kind: 'accepted' });
      const mail = JSON.parse(mailer?.requests.at(-1)?.body ?? '');
      expect(mail.personalizations).toEqual([
        {
          to: [{ email: envelope.to }],
          headers: envelope.headers,
          custom_args: { r: envelope.ref, t: tenant.id },
        },
      ]);
      expect(mail.headers ?? {}).toEqual({});
      expect(mail.tracking_settings).toEqual({
        click_tracking: { enable: false, enable_text: false },
        open_tracking: { enable: false },
        subscription_tracking: { enable: false },
        ganalytics: { enable: false },
      });
      expect([mail.asm, mail.categories, mail.send_at]).toEqual([undefined, undefined, undefined]);
      expect(mail.content.slice(0, 2)).toEqual([
        { type: 'text/plain', value: envelope.content.text },
        { type: 'text/html', value: envelope.content.html },
      ]);
      expect(mail.attachments).toContainEqual(
        expect.objectContaining({ content_id: 'logo@lagom', disposition: 'inline', type: 'image/png' }),
      );
    }
    sender.close();
  });

  it('goes through a mail server with every header on one line, and its logo inside', async () => {
    const sender = new SmtpSender({ url: `smtp://127.0.0.1:${sink?.port}` }, { account: 'a', clock });
    for (const envelope of envelopes()) {
      expect(await sender.send(permitFor(envelope), envelope)).toMatchObject({ kind: 'accepted' });
      const raw = sink?.mails.at(-1)?.raw ?? '';
      const mail = await simpleParser(raw);
      for (const [name, value] of Object.entries(envelope.headers))
        expect(raw).toMatch(new RegExp(`(?:^|\\n)${escaped(`${name}: ${value}`)}\\r\\n`, 'i'));
      expect(mail.subject).toBe(envelope.content.subject);
      expect(mail.text?.trim()).toBe(envelope.content.text.trim());
      const logo = mail.attachments.find(({ cid }) => cid === 'logo@lagom');
      expect(logo?.content.toString('base64')).toBe(tenant.look.logo?.base64);
      expect((mail.html || '').replace(/src="data:[^"]*"/, 'src="cid:logo@lagom"').trim()).toBe(
        envelope.content.html?.trim(),
      );
    }
    sender.close();
  });

  it('is what the inbox shows while nothing is sent', async () => {
    const kept: Omit<CapturedMessage, 'id'>[] = [];
    const inbox = { keep: (some: typeof kept) => Promise.resolve(void kept.push(...some)) };
    const sender = new CaptureSender(inbox as unknown as InboxStore, { account: 'a', clock });
    for (const envelope of envelopes()) {
      await sender.send(permitFor(envelope), envelope);
      const { headers, subject, text, html } = kept.at(-1)!;
      expect({ headers, subject, text, html }).toEqual({
        headers: envelope.headers,
        subject: envelope.content.subject,
        text: envelope.content.text,
        html: envelope.content.html,
      });
    }
  });
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('the lint', () => {
  const tenant = tenants[0]!;
  const survey = (): LintedMail => {
    const all = envelopesOf(tenant, SITUATIONS['plain']!);
    return linted(
      tenant,
      all.find(({ purpose, content }) => purpose === 'survey' && content.locale === 'sv')!,
    );
  };

  it('finds nothing in the mail that each case below spoils', () => expect(lintMail(survey())).toEqual([]));

  it.each<[string, (mail: LintedMail) => Partial<LintedMail>, RegExp]>([
    [
      'a missing one-click',
      ({ headers: { 'List-Unsubscribe-Post': _, ...headers } }) => ({ headers }),
      /8058/,
    ],
    [
      'two web addresses',
      ({ headers }) => ({
        headers: { ...headers, 'List-Unsubscribe': '<https://a.se/u/1>, <https://a.se/u/2>' },
      }),
      /exactly one web address/,
    ],
    ['a way out of what has none', () => ({ purpose: 'booking' }), /cannot be objected to/],
    [
      'a recipient in the feedback id',
      ({ headers }) => ({ headers: { ...headers, 'Feedback-ID': 'anna.berg:b:c:lagom' } }),
      /names the recipient/,
    ],
    [
      'faint text',
      ({ html }) => ({ html: html.replaceAll('#26302e', '#b9bdbc') }),
      /light: #b9bdbc on #ffffff/,
    ],
    [
      'dark text in the dark',
      ({ html }) => ({ html: html.replaceAll('#e8ecea', '#4a4f4d') }),
      /dark: #4a4f4d on #202626/,
    ],
    [
      'a link called here',
      ({ html }) => ({ html: html.replace(/Avregistrera dig här\./, 'Här') }),
      /say nothing: Här/,
    ],
    [
      'a picture from elsewhere',
      ({ html }) => ({ html: html.replace('cid:logo@lagom', 'https://x.se/p') }),
      /elsewhere/,
    ],
    [
      'a picture without words',
      ({ html }) => ({ html: html.replace(/alt="[^"]*"/, 'alt=""') }),
      /without words/,
    ],
    [
      'a text that leaves out a fact',
      ({ text }) => ({ text: text.replace('halv minut', '') }),
      /text does not say: halv/,
    ],
    ['another language', () => ({ locale: 'en' }), /language is not en/],
    ['no address', ({ text }) => ({ text: text.replace(/Exempelgatan 1.*/, '') }), /names no street address/],
    ['a mail that Gmail cuts', ({ html }) => ({ html: html + ' '.repeat(103 * 1024) }), /Gmail cuts/],
  ])('finds %s', (_, spoil, fault) => {
    const mail = survey();
    expect(lintMail({ ...mail, ...spoil(mail) }).join('\n')).toMatch(fault);
  });

  it('is of every purpose that has a template, objectionable or not', () => {
    const kinds = new Set([...purposes.values()].map((purpose) => RULES[purpose].stoppedByChoice));
    expect(kinds).toEqual(new Set([true, false]));
  });
});
