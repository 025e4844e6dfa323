import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  circleFaults,
  clockFaults,
  environmentFaults,
  layerFaults,
  linkFaults,
  nameFaults,
  readSources,
  sizeFaults,
  type Layers,
  type Tree,
} from './structure.js';

const ROOT = join(import.meta.dirname, '..');
const layers = JSON.parse(readFileSync(join(ROOT, 'layers.json'), 'utf8')) as Layers;

/** The house as it stands on the disk. */
function treeOnDisk(): Tree {
  const tree = new Map<string, string>();
  // A folder that holds nothing yet is not in a clone.
  for (const top of ['apps', 'libs', 'test', 'bench', 'examples', 'openapi'].filter((name) =>
    existsSync(join(ROOT, name)),
  )) {
    for (const entry of readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(?:ts|mjs)$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      tree.set(relative(ROOT, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
    }
  }
  return tree;
}

/** A made-up house, to see each check fail. */
const madeUp = (files: Record<string, string>) => readSources(new Map(Object.entries(files)));
const lines = (count: number): string => 'export const line = 1;\n'.repeat(count);

const house = readSources(treeOnDisk());

describe('the house', () => {
  it('is looked at whole', () => {
    const paths = house.map((source) => source.path);
    expect(paths).toEqual(expect.arrayContaining(['libs/platform/clock.ts', 'test/structure.ts']));
    const table = house.find((source) => source.path === 'libs/purposes/purposes.ts');
    expect(table?.imports).toContainEqual({ name: './purpose.js', file: 'libs/purposes/purpose.ts' });
  });
  it('has arrows that point down only', () => {
    expect(layerFaults(house, layers)).toEqual([]);
  });
  it('has no circle of files', () => {
    expect(circleFaults(house)).toEqual([]);
  });
  it('has small files', () => {
    expect(sizeFaults(house)).toEqual([]);
  });
  it('has names that say something, and no barrels', () => {
    expect(nameFaults(house)).toEqual([]);
  });
  it('takes the time from the clock', () => {
    expect(clockFaults(house)).toEqual([]);
  });
  it('reads the environment in one place', () => {
    expect(environmentFaults(house)).toEqual([]);
  });
  it('has pages whose links lead somewhere', () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/architecture.md'];
    const faults = pages.flatMap((page) =>
      linkFaults(page, readFileSync(join(ROOT, page), 'utf8'), (path) => existsSync(join(ROOT, path))),
    );
    expect(faults).toEqual([]);
  });
  it('is drawn in the architecture page as it is held here', () => {
    const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const drawing = /```text rows\n([^`]+)```/.exec(page)?.[1] ?? '';
    const rows = drawing
      .trim()
      .split('\n')
      .map((row) => row.trim().split(/\s+/).sort());
    expect(rows).toEqual([layers.apps, ...layers.libs].map((row) => [...row].sort()));
  });
});

describe('layers', () => {
  const sound = {
    'libs/platform/clock.ts': '',
    'libs/consent/may-send.ts': `import '#platform/clock'; import './trace.js'; import 'luxon';`,
    'libs/consent/trace.ts': '',
    'libs/messages/row.ts': '',
    'libs/dispatch/dispatch-batch.ts': `import '#consent/may-send'; import '#messages/row';`,
    'libs/dispatch/dispatch-batch.fixture.ts': '',
    'apps/platform.module.ts': `import '#platform/clock';`,
    'apps/ingest/ingest.module.ts': `import '../platform.module.js';`,
    'apps/all/all.module.ts': `import '../ingest/ingest.module.js';`,
    'test/line.test.ts': `import '../apps/all/all.module.js';`,
  };
  it('accepts the sound house that each case below spoils', () => {
    expect(layerFaults(madeUp(sound), layers)).toEqual([]);
  });
  it.each([
    ['an arrow upwards', 'libs/platform/clock.ts', `import '#consent/may-send';`],
    ['an arrow upwards', 'libs/consent/trace.ts', `import type { Batch } from '#dispatch/dispatch-batch';`],
    ['an arrow upwards', 'libs/consent/trace.ts', `export * from '../dispatch/dispatch-batch.js';`],
    ['an arrow upwards', 'libs/consent/trace.ts', `const later = await import('#dispatch/dispatch-batch');`],
    ['an arrow upwards', 'libs/consent/trace.ts', `type Late = import('#dispatch/dispatch-batch').Late;`],
    ['siblings in a row', 'libs/consent/trace.ts', `import '#messages/row';`],
    ['siblings in a row', 'libs/consent/trace.test.ts', `import '#messages/row';`],
    ['no lib knows a process', 'libs/dispatch/a.ts', `import '../../apps/ingest/ingest.module.js';`],
    ['no lib knows a process', 'libs/dispatch/a.ts', `import '../../apps/platform.module.js';`],
    ['only apps/all imports', 'apps/public/main.ts', `import '../ingest/ingest.module.js';`],
    ['only apps/all imports', 'apps/platform.module.ts', `import './ingest/ingest.module.js';`],
    ['imports no test', 'libs/dispatch/a.ts', `import './dispatch-batch.fixture.js';`],
    ['imports no test', 'apps/all/main.ts', `import '../../test/line.test.js';`],
    ['no such file', 'libs/dispatch/a.ts', `import '#consent/may-sent';`],
    ['no row for it', 'libs/attic/box.ts', ''],
    ['no such process', 'apps/attic/main.ts', ''],
  ])('sees %s: %s', (fault, path, text) => {
    expect(layerFaults(madeUp({ ...sound, [path]: text }), layers)).toEqual([expect.stringContaining(fault)]);
  });
});

describe('circles', () => {
  const chain = {
    'libs/a/one.ts': `import './two.js';`,
    'libs/a/two.ts': `import '#b/three';`,
    'libs/b/three.ts': '',
  };
  it('accepts a chain', () => {
    expect(circleFaults(madeUp(chain))).toEqual([]);
  });
  it.each([
    [
      'of three',
      { 'libs/b/three.ts': `import '#a/one';` },
      'libs/a/one.ts → libs/a/two.ts → libs/b/three.ts → libs/a/one.ts',
    ],
    [
      'of types',
      { 'libs/a/two.ts': `import type { One } from './one.js';` },
      'libs/a/one.ts → libs/a/two.ts → libs/a/one.ts',
    ],
    ['of one', { 'libs/b/three.ts': `import '#b/three';` }, 'libs/b/three.ts → libs/b/three.ts'],
  ])('sees a circle %s', (_, spoilt, circle) => {
    expect(circleFaults(madeUp({ ...chain, ...spoilt }))).toEqual([circle]);
  });
  it('sees a second circle behind the first', () => {
    const two = {
      'a.ts': `import './b.js';`,
      'b.ts': `import './a.js'; import './c.js';`,
      'c.ts': `import './b.js';`,
    };
    expect(circleFaults(madeUp(two))).toEqual(['a.ts → b.ts → a.ts', 'b.ts → c.ts → b.ts']);
  });
});

describe('sizes', () => {
  const nine = Object.fromEntries(
    Array.from({ length: 9 }, (_, n) => [`libs/a/f${String(n)}.ts`, lines(250)]),
  );
  it('accepts nine files in ten of 250 lines and one of 400', () => {
    expect(sizeFaults(madeUp({ ...nine, 'libs/a/big.ts': lines(400) }))).toEqual([]);
  });
  it('sees a file of 401 lines', () => {
    expect(sizeFaults(madeUp({ ...nine, 'libs/a/big.ts': lines(401) }))).toEqual([
      'libs/a/big.ts: 401 lines, above 400',
    ]);
  });
  it('sees a house of large files', () => {
    const spoilt = { ...nine, 'libs/a/f0.ts': lines(251), 'libs/a/big.ts': lines(251) };
    expect(sizeFaults(madeUp(spoilt))).toEqual(['the 90th percentile is 251 lines, above 250']);
  });
});

describe('names', () => {
  it('accepts nouns and verbs', () => {
    expect(
      nameFaults(madeUp({ 'libs/a/key-index.ts': `export const a = 1; export * from './b.js';` })),
    ).toEqual([]);
  });
  it.each([
    ['libs/a/utils.ts', 'const a = 1;'],
    ['libs/common/date.ts', 'const a = 1;'],
    ['libs/a/date-helpers.ts', 'const a = 1;'],
    ['libs/a/common.test.ts', 'const a = 1;'],
    ['test/index.ts', 'const a = 1;'],
    ['libs/a/all.ts', `export * from './b.js';\nexport { c } from './c.js';`],
  ])('sees %s', (path, text) => {
    expect(nameFaults(madeUp({ [path]: text }))).toHaveLength(1);
  });
});

describe('time', () => {
  it('accepts the clock, a date made from something, and tests', () => {
    const sound = {
      'libs/platform/clock.ts': 'Date.now(); new Date(); performance.timeOrigin;',
      'libs/a/later.ts':
        'new Date(0); new Date(a.b); Date.parse(x); clock.now(); performance.now(); DateTime.fromJSDate(now); DateTime.utc(2026);',
      'libs/a/later.test.ts': 'Date.now();',
    };
    expect(clockFaults(madeUp(sound))).toEqual([]);
  });
  it.each([
    'Date.now()',
    'const now = Date.now;',
    'globalThis.Date.now()',
    'new Date()',
    'new Date',
    'Date()',
    'DateTime.now()',
    'DateTime.utc()',
    'performance.timeOrigin + performance.now()',
  ])('sees %s', (text) => {
    expect(clockFaults(madeUp({ 'libs/a/later.ts': `\n${text}` }))).toEqual([
      expect.stringContaining('libs/a/later.ts:2'),
    ]);
  });
});

describe('environment', () => {
  it('accepts the configuration, tests, and another env', () => {
    const sound = {
      'libs/platform/config.ts': 'process.env.PORT',
      'libs/a/b.test.ts': 'process.env.PORT',
      'bench/load.ts': 'process.env.PORT',
      'apps/all/main.ts': `import { argv } from 'node:process'; config.env.PORT; process.argv;`,
    };
    expect(environmentFaults(madeUp(sound))).toEqual([]);
  });
  it.each([
    'process.env.PORT',
    `process['env'].PORT`,
    'globalThis.process.env',
    'const { env } = process;',
    'const { env: all } = process;',
    `import { env } from 'node:process';`,
  ])('sees %s', (text) => {
    expect(environmentFaults(madeUp({ 'apps/all/main.ts': text }))).toEqual([
      'apps/all/main.ts:1: reads the environment',
    ]);
  });
});

describe('links', () => {
  const text = '[a](a.md) [b](../b.md#part) [web](https://example.org/x.md) [here](#part) `f(x)`';
  it('accepts files that are there, the web and the page itself', () => {
    expect(linkFaults('docs/page.md', text, (path) => ['docs/a.md', 'b.md'].includes(path))).toEqual([]);
  });
  it('sees a link that leads nowhere', () => {
    expect(linkFaults('docs/page.md', text, (path) => path === 'b.md')).toEqual([
      'docs/page.md links to docs/a.md: there is no such file',
    ]);
  });
});
