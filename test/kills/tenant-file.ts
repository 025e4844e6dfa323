import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { rootDir } from '#platform/root';
import { TENANT } from './teller.js';

/** Writes the tenant's file, changed, into a folder of its own under this one: for `LAGOM_TENANTS`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a file as it stands, before it is checked
export async function tenantFolder(folder: string, change: (file: any) => void): Promise<string> {
  const own = join(folder, 'tenants');
  const file = parse(await readFile(join(rootDir(), 'tenants', `${TENANT}.yaml`), 'utf8'));
  change(file);
  await mkdir(own);
  await writeFile(join(own, `${TENANT}.yaml`), stringify(file));
  return own;
}
