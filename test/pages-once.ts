import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { readTemplateFolder } from '#rendering/template-sources';
import { loadPages as loadAndJudge, Pages } from '../libs/rendering/pages.js';

export { Pages } from '../libs/rendering/pages.js';

/** Where it is kept which pages were judged, by whom, and in which languages they are. */
const FOLDER = join(rootDir(), '.cache', 'pages');
const JUDGES = join(rootDir(), 'libs', 'rendering');
const LOCK = readFileSync(join(rootDir(), 'package-lock.json'));

/**
 * In place of `#rendering/pages` in tests (jest.config.mjs): the same pages, without judging them at each boot of sixty suites,
 * which compiles all of them and fills in each sample. Whoever changes a page, or what judges it, has it judged once.
 */
export async function loadPages(dir: string): Promise<Pages> {
  const folder = await readTemplateFolder(dir);
  const digest = createHash('sha256')
    .update(LOCK)
    .update(JSON.stringify([...folder.files]));
  for (const name of readdirSync(JUDGES).sort()) digest.update(readFileSync(join(JUDGES, name)));
  const file = join(FOLDER, digest.digest('hex'));
  try {
    return new Pages(folder, JSON.parse(readFileSync(file, 'utf8')) as string[]);
  } catch {
    // Not judged yet.
  }
  const pages = await loadAndJudge(dir);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, JSON.stringify(pages.locales));
  return pages;
}
