import { afterEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { loadTenants, type TenantsError } from './load-tenants.js';

const sample = (id: string): string => readFileSync(join(rootDir(), 'tenants', `${id}.yaml`), 'utf8');
const clinic = sample('wellnesskliniken').replace(/ {2}logo: .*\n/, '');
const site = sample('wellbe').replace(/ {2}logo: .*\n/, '');

let folder: string | undefined;
afterEach(() => rmSync(folder ?? '', { recursive: true, force: true }));

/** The faults of these files as `file:line path: problem`; the tenants where there are none. */
function load(...texts: string[]) {
  folder = mkdtempSync(join(tmpdir(), 'lagom-ramp-'));
  texts.forEach((text, index) => writeFileSync(join(folder!, `${'ab'[index]}.yaml`), text));
  try {
    return loadTenants(folder, {});
  } catch (error) {
    return (error as TenantsError).faults.map(
      ({ file, line, path, problem }) => `${file?.slice(folder!.length + 1)}:${line} ${path}: ${problem}`,
    );
  }
}
const ramped = (ramp: string): string => clinic.replace('\njourneys:', `\nramp:\n  ${ramp}\njourneys:`);
const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
const GOOD = 'wellnesskliniken.se: { from: 2026-12-01, days: [200, 500, 500] }';

it('is taken of a domain that sends', () => {
  const tenants = load(ramped(GOOD), site);
  if (Array.isArray(tenants)) throw new Error(tenants.join('\n'));
  expect(tenants.get('wellnesskliniken')?.ramp).toEqual({
    'wellnesskliniken.se': { from: '2026-12-01', days: [200, 500, 500] },
  });
});

it.each<[string, string, RegExp]>([
  ['no start', 'wellnesskliniken.se: { days: [1] }', /ramp\.wellnesskliniken\.se\.from: is missing/],
  ['no such day', 'wellnesskliniken.se: { from: 2026-02-30, days: [1] }', /\.from: is not a date/],
  ['no days', 'wellnesskliniken.se: { from: 2026-12-01, days: [] }', /\.days: is empty/],
  ['a fall', 'wellnesskliniken.se: { from: 2026-12-01, days: [5, 2] }', /\.days: falls/],
  ['a day of none', 'wellnesskliniken.se: { from: 2026-12-01, days: [0] }', /\.days\[0\]: is not a whole/],
  ['what is no domain', 'news: { from: 2026-12-01, days: [1] }', /ramp\.news: is not a domain/],
  [
    'a domain that sends nothing',
    'x.se: { from: 2026-12-01, days: [1] }',
    /ramp\.x\.se: is the domain of no/,
  ],
])('is refused with its line: %s', (_, ramp, fault) => {
  const text = ramped(ramp);
  expect(load(text)).toEqual([expect.stringMatching(fault)]);
  expect(load(text)).toEqual([expect.stringContaining(`a.yaml:${lineOf(text, ramp)} `)]);
});

it('is refused of a domain that another tenant sends from, which would send past its number', () => {
  const same = site.replace('news@wellbe-ims.com', 'news@Wellnesskliniken.se');
  const text = ramped(GOOD);
  expect(load(text, same)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^a\\.yaml:${lineOf(text, GOOD)} ramp\\..*: sends for another tenant too, in .*b\\.yaml:${lineOf(same, 'from: news@W')}$`,
      ),
    ),
  ]);
});

it.each<[string, string, RegExp | null]>([
  ['in E.164', "'+46701740605'", null],
  ['without a country', "'070-174 06 05'", /people\[0\]\.phone: is not a phone number in E\.164/],
  ['that nobody has', "'+46701'", /is not a phone number in E\.164/],
  ['without quotes', '+46701740605', /put it in quotes/],
])('the number of staff stands there %s', (_, phone, fault) => {
  const named = clinic.replace("'+46701740612'", phone);
  const read = load(named);
  if (fault !== null) expect(read).toEqual([expect.stringMatching(fault)]);
  else if (Array.isArray(read)) throw new Error(read.join('\n'));
  else expect(read.get('wellnesskliniken')?.approval.people[0]).toMatchObject({ phone: '+46701740605' });
});
