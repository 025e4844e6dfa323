import type mjml2html from 'mjml';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';

/** Where what MJML made is kept from one suite to the next. */
const FOLDER = join(rootDir(), '.cache', 'mjml');
/** Above this it begins anew: tests that draw their mails by chance leave some behind. */
const MOST_KEPT = 500;
/** By its place: by its name it would be this file. */
const THE_REAL = join(rootDir(), 'node_modules', 'mjml', 'lib', 'index.js');
/** Another version of any package may make something else. */
const LOCK = readFileSync(join(rootDir(), 'package-lock.json'));

/**
 * In place of `mjml` in tests (jest.config.mjs): the same answer for the same source. MJML makes each mail once, not at each
 * boot of a hundred suites, of which most then need not even load it and its five hundred modules.
 */
export default async function mjmlOnce(...asked: Parameters<typeof mjml2html>): Promise<unknown> {
  const key = createHash('sha256').update(LOCK).update(JSON.stringify(asked)).digest('hex');
  const file = join(FOLDER, `${key}.json`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Not made yet.
  }
  const { default: mjml } = (await import(THE_REAL)) as { default: typeof mjml2html };
  const made: unknown = await mjml(...asked);
  mkdirSync(FOLDER, { recursive: true });
  if (readdirSync(FOLDER).length >= MOST_KEPT) rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  // Whole or not at all: other suites read beside this one.
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(made));
  renameSync(`${file}.${process.pid}`, file);
  return made;
}
