import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

interface Named {
  secrets: string[];
  hashKeys: { id: string; key: Buffer }[];
  adminKey: string | null;
}

export interface Filled extends Named {
  adminKey: string;
  adminKeyIsNew: boolean;
}

/** `secrets.json` in the data folder (0600): what an embedded `all` made for itself. */
const Kept = z.object({
  secrets: z.array(z.string()).optional(),
  hashKeys: z.array(z.object({ id: z.string(), key: z.string() })).optional(),
  adminKey: z.string().optional(),
});
type Kept = z.infer<typeof Kept>;

const FILE = 'secrets.json';

/**
 * Completes what the environment named with what was kept, and makes and keeps the rest. What the environment
 * names wins and is not kept. Without a folder everything is made anew. Throws with a plain message where the
 * folder cannot be used: starting with other secrets would break every link and open every suppression.
 */
export function fillSecrets(dataDir: string | null, named: Named): Filled {
  const kept = dataDir === null ? {} : readKept(dataDir);
  const full: Required<Kept> = {
    secrets: kept.secrets ?? [randomBytes(32).toString('hex')],
    hashKeys: kept.hashKeys ?? [
      { id: `k${randomBytes(4).toString('hex')}`, key: randomBytes(32).toString('hex') },
    ],
    adminKey: kept.adminKey ?? randomBytes(24).toString('base64url'),
  };
  const toKeep: Kept = {
    ...kept,
    ...(named.secrets.length === 0 && { secrets: full.secrets }),
    ...(named.hashKeys.length === 0 && { hashKeys: full.hashKeys }),
    ...(named.adminKey === null && { adminKey: full.adminKey }),
  };
  if (dataDir !== null && JSON.stringify(toKeep) !== JSON.stringify(kept)) keep(dataDir, toKeep);
  return {
    secrets: named.secrets.length > 0 ? named.secrets : full.secrets,
    hashKeys:
      named.hashKeys.length > 0
        ? named.hashKeys
        : full.hashKeys.map(({ id, key }) => ({ id, key: Buffer.from(key, 'utf8') })),
    adminKey: named.adminKey ?? full.adminKey,
    adminKeyIsNew: named.adminKey === null && kept.adminKey === undefined,
  };
}

/** The first key that an embedded `all` made and kept there; null: there is none, or it cannot be read. */
export function keptAdminKey(dataDir: string): string | null {
  try {
    return readKept(dataDir).adminKey ?? null;
  } catch {
    return null;
  }
}

function readKept(dataDir: string): Kept {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`cannot read ${join(dataDir, FILE)} (${codeOf(error)})`, { cause: error });
  }
  try {
    return Kept.parse(JSON.parse(text));
  } catch {
    // Without the cause: a parser's message quotes what it read.
    throw new Error(
      `${join(dataDir, FILE)} is damaged: put back a copy, or remove the whole folder to begin anew`,
    );
  }
}

// Written beside and renamed: a crash leaves the old file or the new one, never half of one.
function keep(dataDir: string, kept: Kept): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const fresh = join(dataDir, `${FILE}.${process.pid}`);
    writeFileSync(fresh, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(fresh, join(dataDir, FILE));
  } catch (error) {
    throw new Error(`cannot write ${join(dataDir, FILE)} (${codeOf(error)})`, { cause: error });
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
