import { afterAll, afterEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { loadTenants, type TenantsError } from './load-tenants.js';
import { readLogo } from './logo.js';

const SAMPLES = join(rootDir(), 'tenants');
const png = readFileSync(join(SAMPLES, 'wellbe.png'));
const folder = mkdtempSync(join(tmpdir(), 'lagom-logo-'));
afterEach(() => rmSync(join(folder, 'own.png'), { force: true }));

function read(bytes: Buffer) {
  writeFileSync(join(folder, 'own.png'), bytes);
  return readLogo(folder, 'own.png');
}
afterAll(() => rmSync(folder, { recursive: true }));

/** The sample with another width and height in its header. */
function sized(width: number, height: number): Buffer {
  const other = Buffer.from(png);
  other.writeUInt32BE(width, 16);
  other.writeUInt32BE(height, 20);
  return other;
}

it('is shown at half its pixels, and known by what it is made of', () => {
  expect(read(png)).toMatchObject({ width: 132, height: 44, base64: png.toString('base64') });
  const [one, other] = [read(png), read(sized(260, 88))];
  expect(one).not.toMatchObject({ version: (other as { version: string }).version });
});

it('of a sample is found by a copy of its file in another folder', () => {
  expect(readLogo(folder, 'wellbe.png')).toMatchObject({ width: 132 });
});

it.each<[string, Buffer, RegExp]>([
  ['what is no PNG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /no whole PNG/],
  ['half of one', png.subarray(0, 900), /no whole PNG/],
  ['an empty file', Buffer.alloc(0), /no whole PNG/],
  ['one too wide for a phone', sized(1200, 88), /is 1200 × 88 pixels/],
  ['a dot', sized(1, 1), /is 1 × 1 pixels/],
  [
    'one that would weigh on every mail',
    Buffer.concat([png.subarray(0, -12), Buffer.alloc(30_000), png.subarray(-12)]),
    /every mail carries it/,
  ],
])('refuses %s', (_, bytes, problem) => {
  expect(read(bytes)).toMatch(problem);
});

it.each([
  ['nowhere.png', /look\.logo: names no file/],
  ['../secrets.png', /look\.logo: is not a PNG beside this file/],
  ['https://example.se/logo.png', /look\.logo: is not a PNG beside this file/],
])('named %s stops the boot', (name, problem) => {
  const text = readFileSync(join(SAMPLES, 'wellbe.yaml'), 'utf8').replace('wellbe.png', name);
  writeFileSync(join(folder, 'a.yaml'), text);
  try {
    loadTenants(folder, {});
    throw new Error('loaded');
  } catch (error) {
    const faults = (error as TenantsError).faults.map((fault) => `${fault.path}: ${fault.problem}`);
    expect(faults.join('\n')).toMatch(problem);
  }
});
