import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { openEmbeddedStore } from '#embedded/embedded-store';
import { connectMongo } from '#platform/mongo';
import { rootDir } from '#platform/root';
import { loadPages, type Pages } from '#rendering/pages';
import { loadTenants } from '#tenants/load-tenants';
import type { Tenant } from '#tenants/tenant';
import { NoticeStore } from './notice.store.js';
import { makeNotice, Notices } from './notices.js';

const tenants = loadTenants(join(rootDir(), 'tenants'), {});
const clinic = tenants.get('wellnesskliniken')!;
const DAY_ONE = new Date('2026-03-01T10:00:00Z');
const DAY_TWO = new Date('2026-04-01T10:00:00Z');

let pages: Pages;
let store: NoticeStore;
let close: () => Promise<void>;
beforeAll(async () => {
  pages = await loadPages(join(rootDir(), 'templates', 'pages'));
  const embedded = await openEmbeddedStore({ dataDir: 'memory' });
  const connection = await connectMongo(embedded.uri);
  store = new NoticeStore(connection);
  await store.createIndexes();
  close = async () => {
    await connection.close();
    await embedded.close();
  };
});
afterAll(() => close());

const version = (change: Partial<Tenant> = {}): string => makeNotice(pages, { ...clinic, ...change }).version;
const policy = (change: Partial<Tenant['policy']>): Partial<Tenant> => ({
  policy: { ...clinic.policy, ...change },
});

describe('a version of the notice', () => {
  it('is named by what it says, the same wherever it is made', () => {
    expect(version()).toMatch(/^[0-9a-f]{12}$/);
    expect(version()).toBe(
      version({ look: { colour: '#112233' }, locales: ['en', 'sv'], host: 'x.example.se' }),
    );
  });

  it.each<[string, Partial<Tenant>]>([
    ['retention', policy({ retentionMonths: 24 })],
    ['soft opt-in', policy({ softOptIn: false })],
    ['an assessment', policy({ legitimateInterest: { 'abandoned-booking': { assessment: 'LIA 2026-01' } } })],
    ['quiet hours', policy({ quietHours: { from: '20:00', to: '08:00' } })],
    ['how people are chosen', policy({ segmentServices: 'all' })],
    ['how long a guardian is waited for', policy({ minors: { deleteAfterMs: 20 * 86_400_000 } })],
    ['caps', policy({ caps: { marketing: { max: 4, withinMs: 7 * 86_400_000 } } })],
    ['whether services are named', policy({ showServiceNames: true })],
    ['the legal name', { legalName: 'Wellness AB' }],
    [
      'who sends',
      {
        accounts: {
          ...clinic.accounts,
          'wellnesskliniken-email': { kind: 'smtp', url: 'smtp://u:p@mail.example.se' },
        },
      },
    ],
    ['a recipient', { privacy: { recipients: [{ kind: 'it', name: 'Drift AB' }], processing: [] } }],
    ['an officer', { privacy: { officer: { email: 'dso@example.se' }, recipients: [], processing: [] } }],
  ])('changes with %s', (_, change) => {
    expect(version(change)).not.toBe(version());
  });

  it('is kept once, by the first of several processes, and never written over', async () => {
    const publish = (tenant: Tenant, at: Date) => Notices.publish(pages, [tenant], store, at);
    const said = await Promise.all([1, 2, 3].map(() => publish(clinic, DAY_ONE)));
    expect(new Set(said.map((one) => one.version('wellnesskliniken')))).toEqual(new Set([version()]));
    await publish({ ...clinic, legalName: 'Wellness AB' }, DAY_TWO);
    await publish(clinic, DAY_TWO);
    const kept = await store.list('wellnesskliniken');
    expect(kept.map((one) => one.since)).toEqual([DAY_TWO, DAY_ONE]);
    expect(kept[1]?.version).toBe(version());
    expect((await store.find('wellnesskliniken', version()))?.texts['sv']).toContain(
      'Wellnesskliniken i Östersund AB',
    );
    expect(await store.find('wellbe', version())).toBeNull();
  });
});

describe('what the notice says', () => {
  const text = (change: Partial<Tenant> = {}, locale = 'sv'): string =>
    makeNotice(pages, { ...clinic, ...change }).texts[locale] ?? '';

  it('names the mail server by its host alone', () => {
    const url = 'smtp://user:secret@mail.example.se:2525';
    const said = text({ accounts: { ...clinic.accounts, 'wellnesskliniken-email': { kind: 'smtp', url } } });
    expect(said).toContain('mail.example.se');
    expect(said).not.toMatch(/secret|user:|SendGrid/);
  });

  it('says where data leaves the EEA, and by what right', () => {
    const recipients = [{ kind: 'it', name: 'Cloud Inc.', country: 'JP', safeguard: 'adequacy' }] as const;
    const said = text({ privacy: { recipients: [...recipients], processing: [] } });
    expect(said).toMatch(/Cloud Inc\., Japan: EU-kommissionens beslut/);
    const home = { service: {}, marketing: {} };
    expect(text({ senders: home, privacy: { recipients: [], processing: [] } })).toContain(
      'Inga uppgifter lämnar EU och EES.',
    );
    expect(text({ senders: home }, 'en')).toContain('No data leaves the EU and EEA.');
  });

  it('uses the tenant’s own words for a recipient, escaped', () => {
    const purpose = { sv: 'Kör ut <b>varor</b>', en: 'Delivers' };
    const change = {
      privacy: { recipients: [{ kind: 'transport' as const, name: 'A & B', purpose }], processing: [] },
    };
    expect(text(change)).toContain('<strong>A &amp; B</strong>: Kör ut &lt;b&gt;varor&lt;/b&gt;');
    expect(text(change, 'en')).toContain('</strong>: Delivers');
  });

  it('moves a purpose to the ground that the tenant claims for it', () => {
    const after = (said: string): string =>
      said.slice(said.indexOf('berättigat intresse</h3>'), said.indexOf('eller är kund hos oss</h3>'));
    expect(after(text())).not.toContain('påbörjade bokningar');
    const claimed = text(
      policy({ legitimateInterest: { 'abandoned-booking': { assessment: 'LIA 2026-01' } } }),
    );
    expect(after(claimed)).toContain('Påminnelser om påbörjade bokningar.');
    expect(claimed).toContain('vår avvägning heter LIA 2026-01');
    const strict = text(policy({ softOptIn: false }));
    expect(strict).not.toContain('eller är kund hos oss');
  });

  it('complains to the authority of the country', () => {
    expect(text()).toContain('imy@imy.se');
    expect(text({ country: 'FI' })).not.toContain('imy@imy.se');
  });
});

describe.each<[string, RegExp[], RegExp[]]>([
  [
    'wellnesskliniken',
    [
      /Inloggning där du bokar/,
      /Betalningar\./,
      /Kreditupplysning/,
      /Identifikation och ålderskontroll/,
      /Adresskontroll/,
      /från adressregister/,
      /bilder, foton och anteckningar som du själv väljer att lämna/i,
      /bokföringslagen, penningtvättslagen och reglerna om produktansvar/,
      /www\.wellnesskliniken\.se<\/a> använder kakor/,
    ],
    [
      /Logistikföretag och speditörer<\/strong>: transporter/,
      /Kortinlösande företag, banker och andra betaltjänstleverantörer<\/strong>: betalningar/,
      /Tryckerier och distributörer/,
      /Sociala medier<\/strong>: annonser/,
      /Mediebyråer och reklambyråer<\/strong>: marknadsföring/,
      /It-företag<\/strong>: drift, teknisk support och underhåll av våra it-lösningar/,
      /Twilio SendGrid \(Twilio Inc\.\)<\/strong>, USA: skickar våra mejl/,
      /Myndigheter<\/strong>: när lagen kräver det/,
    ],
  ],
  [
    'wellbe',
    [
      /ip-adress, webbläsare, operativsystem, appversion, språkval och besökta sidor/,
      /vilken enhet det är, dess inställningar och position/,
      /förebygger bedrägeri och andra olagliga eller oönskade aktiviteter/,
      /analyserar hur våra tjänster och erbjudanden används/,
      /www\.wellbe-ims\.com<\/a> använder kakor/,
      /språk, valuta och sökningar/,
      /Kakor från tredje part läses av den tredje parten/,
    ],
    [
      /Hälsotjänsthavare/,
      /Resetjänsthavare/,
      /Analysföretag/,
      /Myndigheter<\/strong>: [^<]*förebygga, avslöja eller utreda brott eller bedrägeri/,
    ],
  ],
])('the notice of %s', (id, done, shared) => {
  const text = (): string => makeNotice(pages, tenants.get(id)!).texts['sv'] ?? '';

  it('says what its published notice says is done beside the messages', () => {
    expect(done.filter((words) => !words.test(text()))).toEqual([]);
  });

  it('names everybody whom its published notice says data is shared with', () => {
    expect(shared.filter((words) => !words.test(text()))).toEqual([]);
  });

  it('says that data is needed for a booking, and how long it is kept and why', () => {
    expect(text()).toMatch(
      /Utan namn och kontaktuppgifter kan vi inte [^.]*ta emot en bokning eller ett köp/,
    );
    expect(text()).toMatch(/36 månader efter ditt senaste besök, [^.]*reklamationer och garantiärenden/);
  });
});
