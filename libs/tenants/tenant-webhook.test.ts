import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refusalLines } from '#platform/boot-refusal';
import { rootDir } from '#platform/root';
import { loadTenants } from './load-tenants.js';

const dir = mkdtempSync(join(tmpdir(), 'lagom-hooks-'));
const clinic = readFileSync(join(rootDir(), 'tenants', 'wellnesskliniken.yaml'), 'utf8');
const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const env = {
  ...{ HOOK: SECRET, SENDGRID_API_KEY: 'k', TWILIO_ACCOUNT_SID: 's', TWILIO_AUTH_TOKEN: 't' },
};
afterAll(() => rmSync(dir, { recursive: true }));

function load(webhooks: string, { live = false, variables = env } = {}) {
  writeFileSync(join(dir, 'a.yaml'), `${clinic}\nwebhooks: ${webhooks}\n`);
  try {
    return loadTenants(dir, variables, { live }).get('wellnesskliniken')?.webhooks;
  } catch (error) {
    return (refusalLines(error) ?? []).join('\n');
  }
}

it('takes an address with its secret from the environment, and the types that it wants', () => {
  expect(load(`[{url: https://hooks.example.se/x, secret: "\${HOOK}", types: [choice.changed.v1]}]`)).toEqual(
    [{ url: 'https://hooks.example.se/x', secret: SECRET, types: ['choice.changed.v1'] }],
  );
  expect(load(`[{url: "http://127.0.0.1:4000/x", secret: "\${HOOK}"}]`)).toHaveLength(1);
  expect(load(`[{url: https://10.0.0.7/x, secret: "\${ABSENT}"}]`)).toEqual([{ url: 'https://10.0.0.7/x' }]);
});

it.each<[string, string, RegExp, boolean?]>([
  ['http', `[{url: "http://hooks.example.se"}]`, /webhooks\[0\]\.url.*is no https URL/],
  ['a user', `[{url: "https://a:b@example.se"}]`, /webhooks\[0\]\.url/],
  [
    'a short secret',
    `[{url: https://example.se, secret: whsec_abc}]`,
    /webhooks\[0\]\.secret.*whsec_ and 24/,
  ],
  ['an unknown type', `[{url: https://example.se, types: [x]}]`, /webhooks\[0\]\.types\[0\].*is none of/],
  ['a private one', `[{url: https://10.0.0.7/x, secret: "\${HOOK}"}]`, /a\.yaml:\d+.*private network/, true],
  ['this machine', `[{url: "http://localhost/x", secret: "\${HOOK}"}]`, /private network/, true],
  ['no secret', `[{url: https://example.se, secret: "\${ABSENT}"}]`, /the variable ABSENT is absent/, true],
])('refuses at boot, with file and line: %s', (_, webhooks, problem, live = false) => {
  const lines = load(webhooks, { live });
  expect(lines).toMatch(problem);
  expect(lines).toMatch(/a\.yaml:\d+/);
  expect(lines).not.toContain('abc');
});
