import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readHouse } from '#platform/house-settings';
import { rootDir } from '#platform/root';
import { drawColumns } from '#transfer/columns';
import { IMPORT_KINDS } from '#transfer/import.types';
import { endOf } from '../apps/cli/end-of.js';
import { lagomProgram } from '../apps/cli/program.js';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';

const page = readFileSync(join(rootDir(), 'docs', 'imports.md'), 'utf8');
const shell = [...page.matchAll(/```sh\n([^`]+)```/g)].map(([, block = '']) => block);
const KEY = 'the-first-key-of-a-test';
/** The files that the page's lines name. */
const FILES = {
  'kunder.csv': 'Kundnr;Namn;E-post\npage-1;Åsa Öst;asa.page@example.se\n',
  'val.csv': 'kund;ändamål;kanal;val\npage-1;nyhetsbrev;e-post;avregistrerad\n',
  'bounces.csv': 'email,created\nbounced.page@example.se,1700000000\n',
};

let lagom: Lagom;
let folder: string;
const there = process.cwd();
beforeAll(async () => {
  lagom = await startLagom();
  folder = await mkdtemp(join(tmpdir(), 'lagom-page-'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(there);
  await lagom.close();
  await rm(folder, { recursive: true });
});

it.each(IMPORT_KINDS)('the page of imports names the columns of %s that there are', (kind) => {
  expect(page).toContain(drawColumns(kind));
});

it('the page’s request with curl does what it says', async () => {
  const [line = ''] = shell.filter((block) => block.includes('curl'));
  expect(line).not.toBe('');
  // Its first line sets what the test sets.
  const curl = line.split('\n').slice(1).join('\n');
  const env = { PATH: process.env.PATH, LAGOM_URL: lagom.url, LAGOM_ADMIN_KEY: KEY };
  const found = await promisify(execFile)('bash', ['-c', `command -v curl >/dev/null || exit 77; ${curl}`], {
    env,
    cwd: folder,
  }).catch((error: unknown) => error as { code?: number });
  // Not every machine has curl: then the line is not tried, and that is said.
  if ('code' in found && found.code === 77)
    return void process.stderr.write('no curl here: its line was not tried\n');
  expect(found).not.toHaveProperty('code');
  expect(JSON.parse((found as { stdout: string }).stdout)).toMatchObject({
    dryRun: true,
    counts: { created: 1 },
  });
});

it('the page’s lines of the command line do what they say, in their order', async () => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const lines = shell
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('npm run lagom -- '));
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) {
    const args = line.slice('npm run lagom -- '.length).split(/\s+/);
    const env = { LAGOM_URL: lagom.url, LAGOM_ADMIN_KEY: KEY };
    const end = await endOf(() =>
      lagomProgram((url) => readHouse(env, url)).parseAsync(args, { from: 'user' }),
    );
    expect([line, end, process.exitCode ?? 0]).toEqual([line, undefined, 0]);
  }
  jest.restoreAllMocks();
  const { body } = await lagom.api('GET', '/v1/customers/page-1', undefined, { tenant: TRAVEL });
  expect(body).toMatchObject({ name: 'Åsa Öst', choices: [{ purpose: 'newsletter', state: 'withdrawn' }] });
});
