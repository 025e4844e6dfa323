import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type BootFault, BootRefusal } from '#platform/boot-refusal';
import { type Checked, checkTenants } from './check-tenants.js';
import { readTenant } from './read-tenant.js';
import { Tenants } from './tenant.js';

/** What is wrong with the tenants' files, every fault at once: file, line, path, what, and what would be right. */
export class TenantsError extends BootRefusal {
  override name = 'TenantsError';

  constructor(faults: readonly BootFault[]) {
    super('The tenants are not right', faults);
  }
}

/**
 * Reads a folder of one YAML file per tenant. `env` is what `${VARIABLE}`s name (`config.providers`); under `live`
 * an absent credential of a used sender is refused. Throws one `TenantsError`.
 */
export function loadTenants(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  { live = false }: { live?: boolean } = {},
): Tenants {
  const read = filesOf(dir).map((name) =>
    readTenant(shown(join(dir, name)), readFileSync(join(dir, name), 'utf8'), env),
  );
  const right = read.filter((one): one is Checked => one.tenant !== null);
  const faults = [...read.flatMap((one) => one.faults), ...checkTenants(right, live)];
  if (faults.length > 0) throw new TenantsError(faults);
  return new Tenants(right.map((one) => one.tenant));
}

function filesOf(dir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => /^[^.].*\.ya?ml$/.test(name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw refused(`cannot read the folder ${shown(dir)} (${code ?? 'unknown'})`);
  }
  if (names.length === 0) throw refused(`the folder ${shown(dir)} has no tenant's file (.yaml)`);
  return names.sort();
}

const refused = (problem: string): TenantsError =>
  new TenantsError([{ variable: 'LAGOM_TENANTS', problem, example: 'LAGOM_TENANTS=tenants/' }]);

/** As one would type it from here. */
const shown = (path: string): string => {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
};
