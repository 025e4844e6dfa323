import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rootDir } from '#platform/root';

const POM = join(rootDir(), 'test', 'servers', 'pom.xml');
const CACHE = join(rootDir(), '.cache', 'servers');

/** A class path of what the pom names, fetched by Maven once for each state of the pom. */
export async function classPath(): Promise<string> {
  const pom = await readFile(POM);
  const folder = join(CACHE, createHash('sha256').update(pom).digest('hex').slice(0, 12));
  const there = await access(folder).then(
    () => true,
    () => false,
  );
  if (!there) await fetchInto(folder);
  return join(folder, '*');
}

/** Beside, then moved: a fetch that was cut off is never taken for a whole one. */
async function fetchInto(folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const beside = await mkdtemp(join(CACHE, 'fetching-'));
  try {
    const goals = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${beside}`];
    await promisify(execFile)('mvn', goals, { timeout: 180_000 });
    await rename(beside, folder).catch(async (error: unknown) => {
      // Another run was quicker.
      await access(folder).catch(() => {
        throw error;
      });
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}
