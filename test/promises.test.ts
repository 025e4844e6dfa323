import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { faultsOf, plain, readPromises, type Held, uncovered } from './promises.js';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = readPromises(read('docs/promises.md'));
const house: Held = {
  test: (path) => (existsSync(join(ROOT, path)) ? read(path) : null),
};

/** Each notice: the heading of its table, its text here, and where its original lies beside the checkout, if it does. */
const NOTICES = [
  ['Wellnesskliniken', 'test/notices/wellnesskliniken.txt', '../shared/notices/000_e96016af1643362b.txt'],
  ['Wellbe', 'test/notices/wellbe.txt', '../shared/notices/002_6739af6624197444.txt'],
] as const;

describe.each(NOTICES)('the notice of %s', (heading, text, original) => {
  const rows = page.rows.filter((row) => row.heading === heading);

  it('has every sentence in the page, and the page none that it does not have', () => {
    expect(rows.length).toBeGreaterThan(30);
    const quotes = rows.map(({ quote }) => quote);
    expect(quotes.filter((quote) => !plain(read(text)).includes(quote))).toEqual([]);
    expect(uncovered(plain(read(text)), quotes)).toEqual([]);
  });

  const published = join(ROOT, original);
  const compare = existsSync(published) ? it : it.skip;
  compare('is the one that was published (skipped where that does not lie beside the checkout)', () => {
    expect(readFileSync(published, 'utf8')).toBe(read(text));
  });
});

describe('the page of promises', () => {
  it('says of each what keeps it and names tests that are there, or what it waits for', () => {
    expect(faultsOf(page, house)).toEqual([]);
  });

  const SOUND = `## N\n| No. | W | K | H |\n| --- | --- | --- | --- |\n| A1 | Vi lovar. | kept | \`a.test.ts\` “keeps it” |\n| A2 | Sedan. | so far | Waits for calls. So far: \`a.test.ts\` |\n## What waits\n- **Calls**: A2.\n`;
  const faults = (change: (text: string) => string): string[] =>
    faultsOf(readPromises(change(SOUND)), {
      test: (path) => (path === 'a.test.ts' ? "it('keeps it', () => {" : null),
    });

  it('accepts the sound one that each case below spoils', () => {
    expect(faults((text) => text)).toEqual([]);
  });

  it.each<[string, (text: string) => string, string]>([
    [
      'a test that is not there',
      (text) => text.replace('a.test.ts', 'b.test.ts'),
      'A1: there is no b.test.ts',
    ],
    [
      'a title that is not there',
      (text) => text.replace('keeps it', 'breaks it'),
      'A1: a.test.ts has no “breaks it”',
    ],
    [
      'a promise that nothing holds',
      (text) => text.replace('`a.test.ts` “keeps it”', 'hope'),
      'A1: nothing holds it',
    ],
    [
      'a promise that is kept by nothing',
      (text) => text.replace('kept', ''),
      'A1: nothing is said to keep it',
    ],
    [
      'one that waits and is not listed',
      (text) => text.replace(': A2.', ': none.'),
      'A2: waits, but is not listed as waiting',
    ],
    [
      'one that is listed and does not wait',
      (text) => text.replace(': A2.', ': A1, A2.'),
      'A1: is listed as waiting, but does not',
    ],
    ['a number that comes twice', (text) => text.replace('| A2 |', '| A1 |'), 'A1: stands twice'],
  ])('sees %s', (_, change, fault) => {
    expect(faults(change)).toContain(fault);
  });

  it('sees a sentence that stands in no row', () => {
    expect(uncovered('Vi lovar. Och mer: detta', ['Vi lovar.'])).toEqual(['Och mer: detta']);
    expect(uncovered('Vi lovar. • Sedan.', ['Vi lovar.', 'Sedan.'])).toEqual([]);
  });
});
