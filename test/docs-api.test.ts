import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rootDir } from '#platform/root';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { Contract, readDocument, type Json } from './openapi.fixture.js';
import { linkFaults } from './structure.js';

const FOLDER = join(rootDir(), 'docs/api');
const document = readDocument();
const contract = new Contract(document);
const textOf = (name: string): string => readFileSync(join(FOLDER, `${name}.md`), 'utf8');
/** The pages in the order of their index: a line may use what one before it noted. */
const pages = [...textOf('README').matchAll(/^\| \[[^\]]+\]\(([\w-]+)\.md\)/gm)].map(([, name = '']) => name);

interface Line {
  command: string;
  status: number;
  /** What the answer must have, among other things; a text `$NAME` is noted. */
  answer: Json;
}

/** The commands of a page's `sh` blocks, each with the `# → 201 {…}` under it. */
function linesOf(page: string): Line[] {
  return [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block
      .split(/\n\s*\n/)
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const [, command, status, answer] = /^(curl .*)\n# → (\d{3})(?: (\{.*\}))?\s*$/s.exec(part) ?? [];
        if (command === undefined) throw new Error(`not a curl with its answer under it:\n${part}`);
        return { command, status: Number(status), answer: answer === undefined ? {} : JSON.parse(answer) };
      }),
  );
}

/** Every name that the document has for what one of these operations is asked with or answers. */
function namesOf(operations: readonly Json[]): Set<string> {
  const names = new Set<string>();
  const seen = new Set<string>();
  const walk = (node: Json): void => {
    if (Array.isArray(node)) return node.forEach(walk);
    if (typeof node !== 'object' || node === null) return;
    if (typeof node.$ref === 'string' && node.$ref.startsWith('#') && !seen.has(node.$ref)) {
      seen.add(node.$ref);
      walk(contract.at(node.$ref));
    }
    for (const name of Object.keys(node.properties ?? {})) names.add(name);
    if (typeof node.name === 'string' && node.in === 'query') names.add(node.name);
    Object.values(node).forEach(walk);
  };
  operations.forEach(walk);
  return names;
}

const firstCells = (page: string, head: string): string[][] => {
  const [, table = ''] = new RegExp(`^\\| ${head} \\|.*\\n\\|[ -|]*\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
  return table
    .trim()
    .split('\n')
    .map((row) => row.split(' | ').map((cell) => cell.replace(/^\| |\|$/g, '').trim()));
};

describe('the pages of the API', () => {
  it('are a page for each resource, and each stands in the index', () => {
    const tags = new Set(
      Object.entries(document.paths).flatMap(([path, methods]: [string, Json]) =>
        path.startsWith('/v1/') ? Object.values(methods).map((one: Json) => one.tags[0] as string) : [],
      ),
    );
    expect([...pages].sort()).toEqual([...tags].sort());
    const files = readdirSync(FOLDER).map((name) => name.replace(/\.md$/, ''));
    expect(files.sort()).toEqual([...pages, 'README'].sort());
  });

  it('have links that lead somewhere', () => {
    for (const name of ['README', ...pages]) {
      const there = (path: string): boolean => existsSync(join(rootDir(), path));
      expect(linkFaults(`docs/api/${name}.md`, textOf(name), there)).toEqual([]);
    }
  });

  it.each(pages)('tell every route of %s and who may ask it, and fields that there are', (name) => {
    const operations: [string, Json][] = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Json)
        .filter(([, one]: [string, Json]) => one.tags[0] === name)
        .map(([method, one]): [string, Json] => [`\`${method.toUpperCase()} ${path}\``, one]),
    );
    const who = (one: Json): string =>
      one['x-roles'].filter((role: string) => role !== 'admin').join(', ') || 'admin';
    const told = firstCells(textOf(name), 'ask').map(([route, roles]) => [route, roles]);
    expect(told.sort()).toEqual(operations.map(([route, one]) => [route, who(one)]).sort());
    const names = namesOf(operations.map(([, one]) => one));
    const fields = firstCells(textOf(name), 'field').map(([field = '']) => field.replaceAll('`', ''));
    expect(fields.length).toBeGreaterThan(0);
    expect(fields.filter((field) => !names.has(field))).toEqual([]);
  });
});

it('the page of campaigns tells every field that a marketer writes, and has a line for the winner', () => {
  const page = textOf('campaigns');
  const fields = [...namesOf([document.paths['/v1/campaigns'].post.requestBody])];
  expect(fields).toEqual(expect.arrayContaining(['testShare', 'winnerRule', 'utm', 'least']));
  expect(fields.filter((name) => !page.includes(`\`${name}\``) && !page.includes(`"${name}"`))).toEqual([]);
  expect(linesOf(page).some(({ command }) => command.includes('/winner"'))).toBe(true);
});

describe('the lines of the pages', () => {
  let lagom: Lagom;
  let folder: string;
  const noted: Record<string, string> = { LAGOM_ADMIN_KEY: 'the-first-key-of-a-test' };
  beforeAll(async () => {
    lagom = await startLagom();
    folder = await mkdtemp(join(tmpdir(), 'lagom-docs-'));
    noted['LAGOM'] = lagom.url;
  });
  afterAll(async () => {
    await lagom.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(command: string): Promise<{ status: number; body: string }> {
    const out = join(folder, 'answer');
    // The very curl, but that it tells its status and puts the answer where it can be looked at.
    const script = `set -euo pipefail\ncurl() { command curl -sS -o '${out}' -w '%{http_code}' "$@"; }\n: >'${out}'\n${command}`;
    const env = { PATH: process.env['PATH'] ?? '', ...noted };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
    return { status: Number(stdout), body: await readFile(out, 'utf8') };
  }

  /** Whether `seen` has what is wanted, among other things; what is named by `$NAME` is noted the first time. */
  function has(wanted: Json, seen: Json): boolean {
    if (typeof wanted === 'string' && wanted.startsWith('$')) {
      const name = wanted.slice(1);
      noted[name] ??= String(seen);
      return typeof seen === 'string' && noted[name] === seen;
    }
    if (Array.isArray(wanted))
      return (
        Array.isArray(seen) &&
        (wanted.length > 0 || seen.length === 0) &&
        wanted.every((one, n) => has(one, seen[n]))
      );
    if (typeof wanted !== 'object' || wanted === null) return wanted === seen;
    return (
      typeof seen === 'object' &&
      seen !== null &&
      Object.entries(wanted).every(([name, one]) => has(one, seen[name]))
    );
  }

  it('see an answer that is not as it should be', () => {
    expect(() => linesOf('```sh\ncurl "$LAGOM/v1/keys"\n```\n')).toThrow('not a curl with its answer');
    expect(has({ items: [{ a: 1 }] }, { items: [{ a: 1, b: 2 }, {}], more: 1 })).toBe(true);
    expect(has({ items: [{ a: 1 }] }, { items: [{ a: 2 }] })).toBe(false);
    expect(has({ items: [] }, { items: [1] })).toBe(false);
    expect(has({ id: '$GONE' }, {})).toBe(false);
  });

  it.each(pages)('%s', async (name) => {
    const lines = linesOf(textOf(name));
    expect(lines.length).toBeGreaterThan(0);
    for (const { command, status, answer } of lines) {
      const seen = await run(command);
      expect([command, seen.status, seen.body]).toEqual([command, status, seen.body]);
      if (Object.keys(answer).length > 0 && !has(answer, JSON.parse(seen.body)))
        throw new Error(`${command}\nanswered ${seen.body}\nwanted ${JSON.stringify(answer)}`);
    }
  });
});
