import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { CLINIC } from './lagom.fixture.js';

/** The sample tenants in a folder of their own, this text of the clinic's file replaced: for `LAGOM_TENANTS`. */
export async function tenantsWith(
  replaced: string,
  by: string,
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'lagom-tenants-'));
  await cp(join(rootDir(), 'tenants'), folder, { recursive: true });
  const file = join(folder, `${CLINIC}.yaml`);
  const text = await readFile(file, 'utf8');
  if (!text.includes(replaced)) throw new Error(`${CLINIC}.yaml does not say: ${replaced}`);
  await writeFile(file, text.replace(replaced, by));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
