import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { readTenant } from './read-tenant.js';
import { isThirdCountry } from './tenant-privacy.js';

const site = readFileSync(join(rootDir(), 'tenants', 'wellbe.yaml'), 'utf8');
/** The site's file with another `privacy`, one line in YAML's flow style. */
const withPrivacy = (privacy: string): ReturnType<typeof readTenant> =>
  readTenant('wellbe.yaml', site.replace(/^privacy:\n(?: .*\n)+/m, `privacy: ${privacy}\n`), {});
const faults = (privacy: string): string[] =>
  withPrivacy(privacy).faults.map(({ path, problem }) => `${path}: ${problem}`);

describe('privacy in a tenant’s file', () => {
  it('is taken as it stands, and may be left out', () => {
    const { tenant } = withPrivacy(
      '{officer: {email: dso@example.se}, recipients: [{kind: it, name: Drift AB, country: US, safeguard: standard-clauses, purpose: {sv: Kör servrar}}]}',
    );
    expect(tenant?.privacy).toEqual({
      officer: { email: 'dso@example.se' },
      recipients: [
        {
          kind: 'it',
          name: 'Drift AB',
          country: 'US',
          safeguard: 'standard-clauses',
          purpose: { sv: 'Kör servrar' },
        },
      ],
      processing: [],
    });
    const without = readTenant('wellbe.yaml', site.replace(/^privacy:\n(?: .*\n)+/m, ''), {});
    expect([without.faults, without.tenant?.privacy]).toEqual([[], undefined]);
  });

  it.each([
    ['{recipients: [{kind: bank}]}', 'privacy.recipients[0].kind: is none of transport, payment'],
    [
      '{recipients: [{kind: it, country: Sverige}]}',
      'privacy.recipients[0].country: is not an ISO 3166-1 country',
    ],
    [
      '{recipients: [{kind: it, country: US}]}',
      'privacy.recipients[0].safeguard: is missing: the country lies outside the EEA',
    ],
    [
      '{recipients: [{kind: it, country: SE, safeguard: adequacy}]}',
      'privacy.recipients[0].safeguard: is of no use',
    ],
    [
      '{recipients: [{kind: it, safeguard: promise}]}',
      'privacy.recipients[0].safeguard: is none of adequacy',
    ],
    ['{recipients: [{kind: it, name: ""}]}', 'privacy.recipients[0].name: is not a text'],
    [
      '{recipients: [{kind: it, purpose: {swedish: x}}]}',
      'privacy.recipients[0].purpose.swedish: is not a language',
    ],
    ['{processing: [payment, payment]}', 'privacy.processing: names one twice'],
    ['{processing: [cooking]}', 'privacy.processing[0]: is none of online-account'],
    ['{processing: [website]}', 'privacy.website: is missing: processing names it'],
    ['{website: "http://example.se"}', 'privacy.website: is not an https URL'],
    ['{officer: {name: Anna}}', 'privacy.officer.email: is missing: an email address'],
    [
      '{officers: []}',
      'privacy.officers: is unknown here; known are officer, website, recipients, processing',
    ],
  ])('refuses %s by name', (privacy, fault) => {
    expect(faults(privacy)).toEqual([expect.stringContaining(fault)]);
  });

  it('knows which countries lie outside the EEA', () => {
    expect(['SE', 'NO', 'IS', 'LI', 'HR'].filter(isThirdCountry)).toEqual([]);
    expect(['US', 'GB', 'CH', 'JP'].filter(isThirdCountry)).toEqual(['US', 'GB', 'CH', 'JP']);
  });
});
