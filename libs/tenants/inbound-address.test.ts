import { afterEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { loadTenants, type TenantsError } from './load-tenants.js';

const clinic = readFileSync(join(rootDir(), 'tenants/wellnesskliniken.yaml'), 'utf8');
let folder: string | undefined;
afterEach(() => rmSync(folder ?? '', { recursive: true, force: true }));

/** The clinic's file with an inbound address, alone or beside a twin with another id. */
function load(email: string, change = (text: string) => text) {
  folder = mkdtempSync(join(tmpdir(), 'lagom-inbound-'));
  const text = change(clinic.replace('host: halsa', `inbound: { email: ${email} }\nhost: halsa`));
  writeFileSync(join(folder, 'a.yaml'), text);
  try {
    return loadTenants(folder, {}).all()[0]?.inbound?.email;
  } catch (error) {
    return (error as TenantsError).faults.map(({ path, problem }) => `${path}: ${problem}`).join('\n');
  }
}

it('is taken where an account of the file hands mail over', () => {
  expect(load('svar@in.wellnesskliniken.se')).toBe('svar@in.wellnesskliniken.se');
});

it.each<[string, string, (text: string) => string, RegExp]>([
  ['no address', 'svar', (text) => text, /^inbound\.email: is not an email address/],
  ['an address that sends', 'Nyheter@wellnesskliniken.se', (text) => text, /^inbound\.email: sends too/],
  [
    'one that nobody hands over',
    'svar@in.wellnesskliniken.se',
    (text) =>
      text
        .replace('kind: sendgrid', 'kind: smtp')
        .replace(/ {4}apiKey:.*\n {4}baseUrl:.*\n {4}webhookPublicKey:.*/, '    url: smtp://127.0.0.1:25'),
    /^inbound\.email: is heard by nobody/,
  ],
])('refuses %s', (_, email, change, fault) => {
  expect(load(email, change)).toMatch(fault);
});
