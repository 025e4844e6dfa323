import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { CustomerStore } from '#customers/customer.store';
import { newCustomer } from '#customers/customer.types';
import { DeadLetterStore } from '#messaging/dead-letter.store';
import { readHouse } from '#platform/house-settings';
import { lagomProgram } from '../apps/cli/program.js';
import { endOf } from '../apps/cli/end-of.js';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit } from './visit.fixture.js';

const KEY = 'the-first-key-of-a-test';
let lagom: Lagom;
let folder: string;
beforeAll(async () => {
  lagom = await startLagom();
  folder = await mkdtemp(join(tmpdir(), 'lagom-cli-'));
});
afterAll(async () => {
  await lagom.close();
  await rm(folder, { recursive: true });
});

let said: { out: string; err: string };
beforeEach(() => {
  said = { out: '', err: '' };
  const hear = (stream: NodeJS.WriteStream, to: 'out' | 'err') =>
    jest.spyOn(stream, 'write').mockImplementation((...args: unknown[]) => {
      said[to] += String(args[0]);
      const done = args.at(-1);
      if (typeof done === 'function') (done as () => void)();
      return true;
    });
  hear(process.stdout, 'out');
  hear(process.stderr, 'err');
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Runs a command as a terminal would; how it ended and what it said. */
async function run(...args: string[]) {
  return runWith({ LAGOM_URL: lagom.url, LAGOM_ADMIN_KEY: KEY }, ['--tenant', CLINIC, ...args]);
}
async function runWith(env: Record<string, string>, args: string[]) {
  const before = process.exitCode;
  process.exitCode = undefined;
  said = { out: '', err: '' };
  const fault = await endOf(() =>
    lagomProgram((url) => readHouse(env, url)).parseAsync(args, { from: 'user' }),
  );
  const exit = fault ?? process.exitCode ?? 0;
  process.exitCode = before;
  return { exit, ...said };
}

/** The same where somebody sits at a terminal. */
async function atATerminal<T>(act: () => Promise<T>): Promise<T> {
  const before = process.stderr.isTTY;
  process.stderr.isTTY = true;
  try {
    return await act();
  } finally {
    process.stderr.isTTY = before;
  }
}

const fileOf = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

describe('lagom import', () => {
  it('takes a file, says what became of its rows, and ends well', async () => {
    const file = await fileOf('kunder.csv', 'id;namn;e-post\ncli-1;Åsa;asa@example.se\ncli-2;Bo;\n');
    const done = await run('import', 'customers', file);
    expect(done).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/^2 of 2 rows of customers[^]*created +2/),
    });
    expect(done.err).toContain('sending: ');
    expect((await lagom.api('GET', '/v1/customers/cli-1')).body).toMatchObject({ name: 'Åsa' });
    expect(await run('import', 'customers', file)).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/unchanged +2/),
    });
  });

  it('ends with 3 where rows were refused, names them, and writes all of them as CSV', async () => {
    const file = await fileOf('fel.csv', 'id,email\ncli-3,asa\n');
    const errors = join(folder, 'fel-errors.csv');
    const done = await run('import', 'customers', file, '--errors', errors);
    expect(done).toMatchObject({
      exit: 3,
      err: expect.stringContaining('row 2, email: expected email address'),
    });
    expect(await readFile(errors, 'utf8')).toMatch(/^row,column,expected,got,pointer\r\n2,email,/);
  });

  it('looks only, when told to', async () => {
    const file = await fileOf('dry.jsonl', '{"id":"cli-dry"}\n');
    expect(await run('import', 'customers', file, '--dry-run', '--json')).toMatchObject({
      exit: 0,
      out: expect.stringContaining('"dryRun": true'),
    });
    expect((await lagom.api('GET', '/v1/customers/cli-dry')).status).toBe(404);
  });

  it.each([
    [
      'a kind that is none',
      ['import', 'people', 'x.csv'],
      2,
      'there are imports of customers, choices, suppressions',
    ],
    ['a file that is not there', ['import', 'customers', 'nowhere.csv'], 2, 'is no file'],
    ['an ending that says nothing', ['import', 'customers', 'x.bin'], 2, '--format csv|json|jsonl'],
    ['a word that no command knows', ['importera'], 2, "unknown command 'importera'"],
    ['an option that is none', ['keys', 'list', '--alla'], 2, "unknown option '--alla'"],
  ])('with %s says what would be right', async (_, args, exit, words) => {
    expect(await run(...args)).toMatchObject({ exit, err: expect.stringContaining(words) });
  });

  it('passes on, line by line, why the house refuses a file', async () => {
    const file = await fileOf('utan.csv', 'namn\nÅsa\n');
    expect(await run('import', 'customers', file)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('#/id: expected a column id'),
    });
  });
});

describe('lagom export', () => {
  it('writes to a file, whole or not at all, or to the standard output', async () => {
    await tell(lagom, 'customer.updated', { customer: person({ id: 'cli-export' }) });
    const path = join(folder, 'out.csv');
    expect(await run('export', 'customers', '-o', path)).toMatchObject({ exit: 0 });
    expect(await readFile(path, 'utf8')).toMatch(/^id,version,[^]*cli-export/);
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect((await run('export', 'customers', '--format', 'jsonl')).out).toContain('"id":"cli-export"');
    expect(await run('export', 'secrets')).toMatchObject({ exit: 2 });
  });

  it.each(['customers', 'choices', 'suppressions', 'messages'])(
    'of %s says before it begins how many records there are, and draws a bar up to them',
    async (kind) => {
      const id = `cli-total-${kind}`;
      await tell(lagom, 'customer.consent-changed', {
        // What breaks a line within quotes is one record all the same.
        customer: person({ id, name: 'Ett namn, "delat"' }),
        choices: [
          { ...choice('newsletter', 'email', 'given'), evidence: 'en\nrad, "två"\nrader' },
          choice('offers', 'sms', 'objected'),
        ],
      });
      await tell(lagom, 'booking.confirmed', {
        customer: person({ id: `${id}-2` }),
        booking: visit(new Date(lagom.now().getTime() + 10 * DAY)),
      });
      const { headers, body } = await lagom.api('GET', `/v1/exports/${kind}?format=jsonl`);
      const records = String(body).trimEnd().split('\n').length;
      expect(records).toBeGreaterThan(1);
      expect(headers.get('lagom-total')).toBe(String(records));
      for (const format of ['csv', 'jsonl']) {
        const { exit, err } = await atATerminal(() =>
          run('export', kind, '--format', format, '-o', join(folder, 'bar')),
        );
        expect([exit, stripVTControlCharacters(err)]).toEqual([
          0,
          expect.stringMatching(new RegExp(`exporting ${kind} █+ 100 % · ${records} of ${records} records`)),
        ]);
      }
    },
  );

  it('that breaks off leaves no file and no bar that is drawn on', async () => {
    const half = createHttpServer((_, response) => {
      response.writeHead(200, { 'lagom-total': '9' });
      response.write('{"id":"c1"}\n', () => response.destroy());
    }).listen(0, '127.0.0.1');
    await once(half, 'listening');
    const { port } = half.address() as { port: number };
    const out = join(folder, 'half.jsonl');
    const house = { LAGOM_URL: `http://127.0.0.1:${port}`, LAGOM_KEY: 'k' };
    const { exit, err } = await atATerminal(() =>
      runWith(house, ['export', 'customers', '--format', 'jsonl', '-o', out]),
    );
    half.close();
    expect([exit, err]).toEqual([1, expect.stringContaining('broke off before its end')]);
    // The cursor is given back once the bar has stopped.
    expect(err.lastIndexOf('\u001B[?25h')).toBeGreaterThan(err.lastIndexOf('\u001B[?25l'));
    expect((await readdir(folder)).filter((name) => name.startsWith('half'))).toEqual([]);
  });
});

describe('lagom extract and erase', () => {
  it('show everything of a person, and erase them once it was meant', async () => {
    await tell(lagom, 'customer.updated', { customer: person({ id: 'cli-gone', name: 'Gunn Borta' }) });
    expect((await run('extract', 'cli-gone')).out).toContain('Gunn Borta');
    expect(await run('erase', 'cli-gone', '--dry-run')).toMatchObject({
      exit: 0,
      out: expect.stringContaining('would be erased'),
    });
    expect(await run('erase', 'cli-gone')).toMatchObject({ exit: 2, err: expect.stringContaining('--yes') });
    expect((await lagom.api('GET', '/v1/customers/cli-gone')).body.erasedAt).toBeNull();
    expect(await run('erase', 'cli-gone', '--yes')).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/erased: customer[^]*kept: /),
    });
    expect(await run('erase', 'nobody', '--yes')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('not known'),
    });
  });
});

describe('lagom keys', () => {
  it('adds one that is printed alone, lists it without itself, and revokes it', async () => {
    const added = await run('keys', 'add', '--role', 'privacy', '--name', 'the command line');
    const key = added.out.trim();
    expect(key).toMatch(/^lagom_\S{30,}$/);
    const listed = await run('keys', 'list');
    expect(listed.out).toContain('the command line');
    expect(listed.out).not.toContain(key);
    const [id = ''] = /^(\S+) +privacy +the command line/m.exec(listed.out)?.slice(1) ?? [];
    // A tenant's own key needs no --tenant.
    const own = { LAGOM_URL: lagom.url, LAGOM_KEY: key };
    expect((await runWith(own, ['export', 'customers'])).exit).toBe(0);
    expect(await runWith(own, ['keys', 'list'])).toMatchObject({
      exit: 1,
      err: expect.stringContaining('may not do this'),
    });
    expect(await run('keys', 'revoke', id)).toMatchObject({ exit: 0, out: 'revoked\n' });
    expect(await runWith(own, ['export', 'customers'])).toMatchObject({
      exit: 1,
      err: expect.stringContaining('LAGOM_ADMIN_KEY'),
    });
    expect(await run('keys', 'add', '--role', 'king', '--name', 'x')).toMatchObject({ exit: 2 });
  });
});

describe('lagom dead-letters', () => {
  it('lists them, shows one with card numbers masked, and drives it again', async () => {
    const at = lagom.now();
    const value = Buffer.from(JSON.stringify({ note: 'mended' })).toString('base64');
    await lagom.app.get(DeadLetterStore).add({
      ...{ topic: 'booking.events', partition: 0, offset: '77', tenant: CLINIC, type: null, key: 'c1' },
      ...{ headers: [['ce_id', 'e77']], value, reason: 'not a CloudEvent', path: 'id', handler: 'ingest' },
      ...{ at, expiresAt: new Date(at.getTime() + 86_400_000) },
    });
    expect((await run('dead-letters', 'list')).out).toMatch(/booking\.events\/0\/77 .*not a CloudEvent/);
    const shown = await run('dead-letters', 'show', 'booking.events/0/77');
    expect(JSON.parse(shown.out)).toMatchObject({ headers: { ce_id: 'e77' }, value: '{"note":"mended"}' });
    expect(await run('dead-letters', 'show', 'booking.events/0/78')).toMatchObject({ exit: 1 });
    expect(
      (
        await runWith({ LAGOM_URL: lagom.url, LAGOM_ADMIN_KEY: KEY }, [
          '--tenant',
          TRAVEL,
          'dead-letters',
          'show',
          'booking.events/0/77',
        ])
      ).exit,
    ).toBe(1);
    expect(await run('dead-letters', 'redrive')).toMatchObject({ exit: 2 });
    expect((await run('dead-letters', 'redrive', '--all', '--dry-run')).out).toContain(
      '1 would be driven again',
    );
    expect((await run('dead-letters', 'redrive', 'booking.events/0/77')).out).toContain('1 driven again');
    expect(await run('dead-letters', 'redrive', 'booking.events/0/77')).toMatchObject({
      exit: 3,
      err: expect.stringContaining('again already'),
    });
  });
});

describe('lagom retention', () => {
  it('says what would go and why the rest stays, and deletes nobody by hand', async () => {
    const long = lagom.now().getTime() - 40 * 31 * 86_400_000;
    const old = { ...newCustomer(CLINIC, 'cli-old', new Date(long)), name: 'Old' };
    await lagom.app.get(CustomerStore).write([{ before: null, after: old }]);
    await tell(lagom, 'customer.updated', { customer: person({ id: 'cli-new' }) });
    const table = await run('retention', '--dry-run');
    expect(table).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/delete +retention +1\n[^]*keep +recent-visit +\d/),
    });
    const bar = await atATerminal(() => run('retention', '--dry-run'));
    expect(stripVTControlCharacters(bar.err)).toMatch(/looking █+ 100 % · (\d+) of \1 people/);
    expect((await run('retention', '--dry-run', '--list')).out).toContain('cli-old  retention  since 20');
    const all = (await run('retention', '--dry-run', '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(all).toContainEqual({
      customer: 'cli-new',
      fate: 'keep',
      why: 'recent-visit',
      at: expect.any(String),
    });
    const csv = await lagom.api('GET', '/v1/retention?fate=delete', undefined, {
      headers: { accept: 'text/csv' },
    });
    expect(csv.body).toMatch(/^customer,fate,why,at\r\ncli-old,delete,retention,20[^\n]+\r\n$/);
    expect(await run('retention')).toMatchObject({ exit: 2, err: expect.stringContaining('--dry-run') });
  });
});

describe('lagom', () => {
  it('says what it can do, of each command too', async () => {
    const all = await run('--help');
    expect(all.exit).toBe(0);
    for (const command of [
      'import',
      'export',
      'extract',
      'erase',
      'restore-choices',
      'dead-letters',
      'keys',
    ]) {
      expect(all.out).toContain(command);
      expect(await run(command, '--help')).toMatchObject({
        exit: 0,
        out: expect.stringContaining('--tenant <id>'),
      });
    }
  });

  it('that finds no house, no key or no tenant says what to set', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as { port: number };
    nobody.close();
    await once(nobody, 'close');
    const keys = ['keys', 'list'];
    expect(await runWith({ LAGOM_URL: `http://127.0.0.1:${port}`, LAGOM_KEY: 'k' }, keys)).toMatchObject({
      ...{
        exit: 1,
        err: expect.stringMatching(
          /no house answers at .* start it \(npm start\), or say where it is with LAGOM_URL/,
        ),
      },
    });
    expect(await runWith({ LAGOM_URL: 'https://example.se' }, keys)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('LAGOM_ADMIN_KEY'),
    });
    expect(await runWith({ LAGOM_URL: lagom.url, LAGOM_ADMIN_KEY: KEY }, keys)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--tenant'),
    });
    expect(await runWith({ LAGOM_URL: 'lagom.example' }, keys)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('LAGOM_URL=http'),
    });
  });

  it('takes the first key of a house on this machine from its data folder, and gives it to no other', async () => {
    await writeFile(join(folder, 'secrets.json'), JSON.stringify({ adminKey: KEY }));
    const env = { LAGOM_DATA_DIR: folder };
    expect(readHouse({ ...env, PORT: '4711' })).toEqual({ url: 'http://localhost:4711', key: KEY });
    expect(readHouse({ ...env, LAGOM_URL: 'https://lagom.example' }).key).toBeNull();
    expect((await runWith({ ...env, LAGOM_URL: lagom.url }, ['--tenant', CLINIC, 'keys', 'list'])).exit).toBe(
      0,
    );
  });
});
