import { afterEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootFault } from '#platform/boot-refusal';
import { rootDir } from '#platform/root';
import { loadTenants, type TenantsError } from './load-tenants.js';

const SAMPLES = join(rootDir(), 'tenants');
const clinic = readFileSync(join(SAMPLES, 'wellnesskliniken.yaml'), 'utf8');
const site = readFileSync(join(SAMPLES, 'wellbe.yaml'), 'utf8');

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lagom-tenants-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** The faults as `file:line path: problem`, without the folder. */
function faults(files: Record<string, string>, env = {}, live = false): string[] {
  const folder = folderOf(files);
  try {
    loadTenants(folder, env, { live });
    return [];
  } catch (error) {
    return (error as TenantsError).faults.map(
      ({ file, line, path, problem }: BootFault) =>
        `${file?.slice(folder.length + 1)}:${line} ${path}: ${problem}`,
    );
  }
}

/** The clinic's file with one text for another; the test fails where it does not stand there. */
function spoilt(from: string, to: string): string {
  expect(clinic).toContain(from);
  return clinic.replace(from, to);
}
const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;

describe('the sample tenants', () => {
  const tenants = loadTenants(SAMPLES, { SENDGRID_API_KEY: 'SG.key' });

  it('are the clinic and the travel site', () => {
    expect(tenants.all().map((tenant) => tenant.id)).toEqual(['wellbe', 'wellnesskliniken']);
    expect(tenants.get('nobody')).toBeUndefined();
    expect(tenants.get('wellnesskliniken')).toMatchObject({
      legalName: 'Wellnesskliniken i Östersund AB',
      email: 'info@wellnesskliniken.se',
      phone: '063-10 20 00',
      address: { lines: ['Prästgatan 31'], postalCode: '831 31', city: 'Östersund' },
    });
  });

  it.each(['wellnesskliniken', 'wellbe'])('%s is what the contract says of both', (id) => {
    const tenant = tenants.get(id);
    expect(tenant).toMatchObject({
      timeZone: 'Europe/Stockholm',
      locales: ['sv', 'en'],
      policy: {
        softOptIn: true,
        legitimateInterest: {},
        showServiceNames: false,
        caps: { marketing: { max: 5, withinMs: 7 * 86_400_000 } },
        quietHours: { from: '21:00', to: '08:00' },
        serviceHours: { from: '08:00', to: '20:00' },
        maxEventAgeMs: 72 * 3_600_000,
        retentionMonths: 36,
        minors: { deleteAfterMs: 2_592_000_000 },
        timeZone: 'Europe/Stockholm',
        unknownAge: 'adult',
      },
      journeys: {
        'abandoned-booking': {
          after: [
            { kind: 'after', ms: 3_600_000 },
            { kind: 'after', ms: 86_400_000 },
          ],
        },
        reminder: { at: [{ kind: 'day-before', days: 1, time: '09:00' }] },
        survey: { after: [{ kind: 'after', ms: 86_400_000 }] },
      },
    });
    for (const stream of ['service', 'marketing'] as const) {
      expect(tenant?.senders[stream].sms?.from).toMatch(/^[A-Za-z0-9 ]{1,11}$/);
      expect(tenant?.senders[stream].email?.from).toContain('@');
    }
  });

  it('fill in what the environment has, and leave out what it has not', () => {
    expect(tenants.account('wellbe-email')?.account).toEqual({ kind: 'sendgrid', apiKey: 'SG.key' });
    expect(tenants.account('wellbe-sms')?.account).toEqual({ kind: 'twilio' });
    expect([tenants.account('constructor'), tenants.account('none')]).toEqual([undefined, undefined]);
  });
});

describe('loadTenants', () => {
  it('takes the file that each fault below spoils', () => {
    expect(faults({ 'a.yaml': clinic })).toEqual([]);
  });

  it.each<[name: string, from: string, to: string, path: string, problem: RegExp]>([
    [
      'an unknown setting',
      '  softOptIn: true',
      '  softOptin: true',
      'policy.softOptin',
      /unknown here; known are .*softOptIn/,
    ],
    [
      'one of an account',
      `    baseUrl: \${SENDGRID`,
      `    baseURL: \${SENDGRID`,
      'accounts.wellnesskliniken-email.baseURL',
      /known are .*baseUrl/,
    ],
    ['an id', 'id: wellnesskliniken', 'id: Wellness Kliniken', 'id', /lower-case letters/],
    ['a phone number without quotes', "'063-10 20 00'", '063102000', 'phone', /put it in quotes/],
    ['a postal code without quotes', "'831 31'", '83131', 'address.postalCode', /put it in quotes/],
    ['a country', 'country: SE', 'country: Sweden', 'country', /ISO 3166-1/],
    ['a country that is none', 'country: SE', 'country: XX', 'country', /ISO 3166-1/],
    ['a language', 'locales: [sv, en]', 'locales: [sv, english_]', 'locales[1]', /BCP 47/],
    ['a language twice', 'locales: [sv, en]', 'locales: [sv, SV]', 'locales', /twice/],
    ['no language', 'locales: [sv, en]', 'locales: []', 'locales', /empty/],
    ['a zone', 'Europe/Stockholm', 'Europe/Ostersund', 'timeZone', /IANA/],
    ['an offset for a zone', 'Europe/Stockholm', '"+01:00"', 'timeZone', /IANA/],
    ['a scheme in the host', 'host: halsa', 'host: https://halsa', 'host', /without scheme/],
    ['a port in the host', 'kliniken.se\nlook', 'kliniken.se:8080\nlook', 'host', /without scheme/],
    ['a colour', "'#2f6b5e'", 'green', 'look.colour', /hexadecimal/],
    ['an address', 'email: info@wellnesskliniken.se', 'email: info', 'email', /email address/],
    [
      'a kind of account',
      'kind: sendgrid',
      'kind: mailgun',
      'accounts.wellnesskliniken-email.kind',
      /none of sendgrid, twilio, smtp/,
    ],
    [
      'an unnamed credential',
      `    apiKey: \${SENDGRID_API_KEY}\n`,
      '',
      'accounts.wellnesskliniken-email.apiKey',
      /is missing/,
    ],
    [
      'a malformed variable',
      `\${SENDGRID_API_KEY}`,
      `\${apiKey}`,
      'accounts.wellnesskliniken-email.apiKey',
      /names no variable/,
    ],
    [
      'a long SMS name',
      'from: WellnessNu',
      'from: Wellnesskliniken',
      'senders.marketing.sms.from',
      /at most 11/,
    ],
    [
      'an account that is none',
      'account: wellnesskliniken-email\n    sms',
      'account: other\n    sms',
      'senders.service.email.account',
      /no account of this file: "other"/,
    ],
    [
      'an account that cannot',
      'account: wellnesskliniken-email\n    sms',
      'account: wellnesskliniken-sms\n    sms',
      'senders.service.email.account',
      /kind twilio; email needs sendgrid or smtp/,
    ],
    [
      'a fallback that is none',
      'account: wellnesskliniken-email\n    sms',
      'account: wellnesskliniken-email\n      fallback: [other]\n    sms',
      'senders.service.email.fallback[0]',
      /no account of this file: "other"/,
    ],
    [
      'a fallback that cannot',
      'account: wellnesskliniken-email\n    sms',
      'account: wellnesskliniken-email\n      fallback: [wellnesskliniken-sms]\n    sms',
      'senders.service.email.fallback[0]',
      /kind twilio; email needs sendgrid or smtp/,
    ],
    [
      'a fallback on itself',
      'account: wellnesskliniken-email\n    sms',
      'account: wellnesskliniken-email\n      fallback: [wellnesskliniken-email]\n    sms',
      'senders.service.email.fallback[0]',
      /a second time/,
    ],
    [
      'a webhook key that is none',
      `webhookPublicKey: \${SENDGRID_WEBHOOK_PUBLIC_KEY}`,
      'webhookPublicKey: MFkwEwYHKoZIzj0CAQYI',
      'accounts.wellnesskliniken-email.webhookPublicKey',
      /: is not the verification key that SendGrid shows: base64 of a P-256 public key$/,
    ],
    [
      'one address for both streams',
      'from: nyheter@',
      'from: Bokning@',
      'senders.marketing.email.from',
      /for marketing, and in .* for service/,
    ],
    ['a retention', '36 months', 'three years', 'policy.retention', /months or years/],
    ['a cap', 'max: 5', 'max: 0', 'policy.caps.marketing.max', /whole number/],
    ['a window', 'within: 7 days', 'within: a week', 'policy.caps.marketing.within', /duration/],
    ['hours', 'quietHours: 21:00–08:00', 'quietHours: at night', 'policy.quietHours', /hours of the day/],
    [
      'service hours over midnight',
      'serviceHours: 08:00–20:00',
      'serviceHours: 20:00–08:00',
      'policy.serviceHours',
      /ends before/,
    ],
    ['an age', 'maxEventAge: 72h', 'maxEventAge: 72', 'policy.maxEventAge', /put it in quotes/],
    ['a yes', 'softOptIn: true', 'softOptIn: yes', 'policy.softOptIn', /neither true nor false/],
    [
      'an unknown age',
      'unknownAge: adult',
      'unknownAge: child',
      'policy.unknownAge',
      /neither adult nor minor/,
    ],
    ['a wait', 'deleteAfter: 30d', 'deleteAfter: soon', 'policy.minors.deleteAfter', /duration/],
    [
      'an assessment of a purpose that may have none',
      'softOptIn: true',
      'legitimateInterest: { newsletter: { assessment: x } }',
      'policy.legitimateInterest.newsletter',
      /known are abandoned-booking, market-research/,
    ],
    [
      'a timing',
      '[1h, 24h]',
      '[1h, tomorrow]',
      'journeys.abandoned-booking.after[1]',
      /duration or a time before/,
    ],
    [
      'a lone timing',
      '09:00 the day before',
      '9 the day before',
      'journeys.reminder.at[0]',
      /duration or a time before/,
    ],
    [
      'a map that is none',
      "address:\n  lines: [Prästgatan 31]\n  postalCode: '831 31'\n  city: Östersund",
      'address: here',
      'address',
      /not a map/,
    ],
  ])('refuses %s, with line and path', (_name, from, to, path, problem) => {
    const text = spoilt(from, to);
    const found = faults({ 'a.yaml': text });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^a\\.yaml:\\d+ ${path.replace(/[[\].]/g, '\\$&')}: `));
    expect(found[0]).toMatch(problem);
  });

  it('names the line where it stands, and of a missing one the line above it', () => {
    const wrong = spoilt('max: 5', 'max: five');
    expect(faults({ 'a.yaml': wrong })[0]).toContain(
      `a.yaml:${lineOf(wrong, 'max: five')} policy.caps.marketing.max`,
    );
    const missing = spoilt('  city: Östersund\n', '');
    expect(faults({ 'a.yaml': missing })).toEqual([
      `a.yaml:${lineOf(missing, 'address:')} address.city: is missing: a text of 1 to 100 characters`,
    ]);
  });

  it('refuses a fallback for a number, which belongs to one account, and takes one for a name', () => {
    const second = clinic.replace(
      '\nsenders:',
      `\n  spare-sms:\n    kind: twilio\n    accountSid: \${A}\n    authToken: \${B}\nsenders:`,
    );
    const named = second.replace('from: WellnessNu', 'from: WellnessNu\n      fallback: [spare-sms]');
    expect(faults({ 'a.yaml': named })).toEqual([]);
    const numbered = named.replace('from: WellnessNu', 'from: "+46701740605"');
    expect(faults({ 'a.yaml': numbered })).toEqual([
      expect.stringMatching(/^a\.yaml:\d+ senders\.marketing\.sms\.fallback: is of no use: the number/),
    ]);
    // Under `live` what a fallback needs is needed as much.
    const env = { SENDGRID_API_KEY: 'k', TWILIO_ACCOUNT_SID: 's', TWILIO_AUTH_TOKEN: 't', A: 'a' };
    expect(faults({ 'a.yaml': named }, env, true)).toEqual([
      expect.stringMatching(/^a\.yaml:\d+ accounts\.spare-sms\.authToken: the variable B is absent/),
    ]);
  });

  it('takes the key that SendGrid shows, and refuses one of another curve, without repeating it', () => {
    const key = (namedCurve: string) =>
      generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'der', type: 'spki' });
    const withKey = (der: Buffer) =>
      faults({ 'a.yaml': clinic }, { SENDGRID_WEBHOOK_PUBLIC_KEY: der.toString('base64') });
    expect(withKey(key('prime256v1'))).toEqual([]);
    const other = key('secp384r1');
    const problem =
      /^a\.yaml:\d+ accounts\.wellnesskliniken-email\.webhookPublicKey: is not the verification/;
    expect(withKey(other)).toEqual([expect.stringMatching(problem)]);
    expect(withKey(other).join()).not.toContain(other.toString('base64').slice(0, 20));
  });

  it('names every fault of every file at once', () => {
    const found = faults({
      'a.yaml': spoilt('country: SE', 'country: se').replace('max: 5', 'max: 0'),
      'b.yaml': site.replace('look:', 'looks:'),
    });
    expect(found.map((fault) => fault.split(': ')[0])).toEqual([
      expect.stringMatching(/^a\.yaml:\d+ country$/),
      expect.stringMatching(/^a\.yaml:\d+ policy\.caps\.marketing\.max$/),
      expect.stringMatching(/^b\.yaml:1 look$|^b\.yaml:\d+ look$/),
      expect.stringMatching(/^b\.yaml:\d+ looks$/),
    ]);
  });

  it('says what would be right', () => {
    const folder = folderOf({ 'a.yaml': spoilt('timeZone: Europe/Stockholm', 'timeZone: CET+1') });
    expect(() => loadTenants(folder, {})).toThrow(
      /timeZone: is not an IANA time zone: "CET\+1"; for example Europe\/Stockholm/,
    );
  });

  it.each<[string, string, RegExp]>([
    ['broken YAML', 'id: [', /^a\.yaml:\d+ undefined: is no YAML/],
    ['a key that comes twice', `${clinic}id: other\n`, /is no YAML: Map keys must be unique/],
    ['an empty file', '', /is not a map of settings/],
    ['a list', '- id', /unknown here|not a map/],
    [
      'aliases without end',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f', 'g'].map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcdef'[i]}`).join(',')}]`).join('\n')}\n`,
      /is no YAML/,
    ],
  ])('refuses %s', (_name, text, problem) => {
    const found = faults({ 'a.yaml': text });
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(problem);
  });

  it('refuses what two tenants may not share', () => {
    const twin = clinic.replace('from: bokning@', 'from: hej@').replace('from: nyheter@', 'from: bokning@');
    const found = faults({ 'a.yaml': clinic, 'b.yaml': twin });
    expect(found.map((fault) => fault.replace(/:\d+/, ''))).toEqual([
      expect.stringMatching(/^b\.yaml id: the id "wellnesskliniken" is taken by .*a\.yaml:2$/),
      expect.stringContaining('b.yaml host: the host "halsa.wellnesskliniken.se" is taken by'),
      expect.stringContaining('b.yaml accounts.wellnesskliniken-email: the account name'),
      expect.stringContaining('b.yaml accounts.wellnesskliniken-sms: the account name'),
      expect.stringContaining('b.yaml senders.marketing.email.from: sends for marketing'),
    ]);
  });

  it('refuses one number for both streams; one name is no address', () => {
    const named = clinic.replace('from: WellnessNu', 'from: Wellness');
    expect(faults({ 'a.yaml': named })).toEqual([]);
    const numbered = clinic
      .replace('from: WellnessNu', 'from: "+46701740605"')
      .replace('from: Wellness\n', 'from: "+46701740605"\n');
    expect(faults({ 'a.yaml': numbered })).toEqual([
      expect.stringContaining('senders.marketing.sms.from: sends for'),
    ]);
  });

  it('refuses an absent credential under live only, and only of a used sender', () => {
    const twilio = { TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: 'x' };
    expect(faults({ 'a.yaml': clinic }, twilio)).toEqual([]);
    expect(faults({ 'a.yaml': clinic }, twilio, true)).toEqual([
      expect.stringMatching(
        /accounts\.wellnesskliniken-email\.apiKey: the variable SENDGRID_API_KEY is absent/,
      ),
    ]);
    const unused = clinic
      .replaceAll('account: wellnesskliniken-email', 'account: mail')
      .replace('accounts:\n', `accounts:\n  mail: { kind: smtp, url: "\${SMTP_URL}" }\n`);
    expect(faults({ 'a.yaml': unused }, { ...twilio, SMTP_URL: 'smtp://localhost:25' }, true)).toEqual([]);
  });

  it('does not repeat what the environment holds', () => {
    const folder = folderOf({ 'a.yaml': clinic });
    const env = { SENDGRID_BASE_URL: 'hunter2', SENDGRID_API_KEY: 'hunter2' };
    expect(() => loadTenants(folder, env)).toThrow(
      /accounts\.wellnesskliniken-email\.baseUrl: is not an http or https URL;/,
    );
    expect(() => loadTenants(folder, env)).not.toThrow(/hunter2/);
  });

  it('refuses a folder that is not there or empty, naming the variable', () => {
    const variable = { faults: [expect.objectContaining({ variable: 'LAGOM_TENANTS' })] };
    for (const dir of [folderOf({ 'readme.md': '' }), '/does/not/exist']) {
      expect(() => loadTenants(dir, {})).toThrow(expect.objectContaining(variable));
    }
  });
});
