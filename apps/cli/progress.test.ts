import { afterEach, describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { Progress } from './progress.js';

/** A terminal, or none, that is looked at afterwards. */
function stream({ isTTY }: { isTTY: boolean }) {
  const to = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  let said = '';
  to.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    to: to as unknown as NodeJS.WriteStream,
    raw: () => said,
    said: () => stripVTControlCharacters(said),
  };
}

const open: Progress[] = [];
const progressOn = (...given: ConstructorParameters<typeof Progress>): Progress => {
  const progress = new Progress(...given);
  open.push(progress);
  return progress;
};
afterEach(() => {
  for (const one of open.splice(0)) one.stop();
});

describe('on a terminal', () => {
  it('draws a bar up to what was done, and leaves it there', () => {
    const { to, raw, said } = stream({ isTTY: true });
    const progress = progressOn('importing', 'rows', 200, to);
    progress.update(50);
    progress.update(150);
    progress.stop();
    expect(said()).toMatch(/importing ░+ 0 % · 0 of 200 rows/);
    expect(said()).toMatch(/importing █+░+ 75 % · 150 of 200 rows · \S+ left\s*$/);
    // The cursor is hidden while it is drawn, and given back.
    const shown = raw();
    expect(shown.indexOf('\u001B[?25l')).toBeLessThan(shown.indexOf('150 of 200'));
    expect(shown.lastIndexOf('\u001B[?25h')).toBeGreaterThan(shown.indexOf('150 of 200'));
  });

  it('begins the bar as soon as it is known how much there is', () => {
    const { to, said } = stream({ isTTY: true });
    const progress = progressOn('replaying', 'places', null, to);
    progress.update(3);
    expect(said()).toBe('replaying: 3 places\n');
    progress.update(30, 40);
    progress.stop();
    expect(said()).toMatch(/replaying █+░+ 75 % · 30 of 40 places/);
  });

  it('that was never begun leaves nothing', () => {
    const { to, said } = stream({ isTTY: true });
    progressOn('importing', 'rows', 200, to).stop();
    expect(said()).toBe('');
  });
});

describe('elsewhere', () => {
  it('says a line now and then', () => {
    const { to, raw } = stream({ isTTY: false });
    let now = 0;
    const progress = progressOn('exporting', 'records', 9, to, () => now);
    progress.update(1);
    now = 4_999;
    progress.update(2);
    now = 5_000;
    progress.update(3);
    progress.stop();
    expect(raw()).toBe('exporting: 1 of 9 records\nexporting: 3 of 9 records\n');
  });
});
