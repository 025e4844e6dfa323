import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { BootRefusal } from './boot-refusal.js';
import { keptAdminKey } from './kept-secrets.js';
import { rootDir } from './root.js';

/** Where a running house is, and the key to ask it with. */
export interface HouseSettings {
  /** Without a trailing slash. */
  url: string;
  /** null: none was found. */
  key: string | null;
}

/**
 * Reads where the house is (`told`, LAGOM_URL, else this machine's PORT) and the key: LAGOM_KEY, LAGOM_ADMIN_KEY, or for a
 * house on this machine the first key that an embedded `all` keeps in its data folder. That one goes nowhere else.
 */
export function readHouse(env: NodeJS.ProcessEnv, told?: string): HouseSettings {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const url = urlOf(told ?? given('LAGOM_URL') ?? `http://localhost:${given('PORT') ?? '3000'}`);
  const key = given('LAGOM_KEY') ?? given('LAGOM_ADMIN_KEY');
  if (key !== undefined) return { url: url.href.replace(/\/+$/, ''), key };
  const folder = given('LAGOM_DATA_DIR');
  const isKept = isThisMachine(url) && folder !== 'memory';
  const dataDir = folder === undefined ? resolve(rootDir(), '.lagom') : resolve(folder);
  return { url: url.href.replace(/\/+$/, ''), key: isKept ? keptAdminKey(dataDir) : null };
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url !== null && isWeb && url.username === '' && url.password === '') return url;
  throw new BootRefusal('lagom does not know where the house is', [
    {
      variable: 'LAGOM_URL',
      problem: 'is no http or https address without a name and password in it',
      example: 'LAGOM_URL=http://localhost:3000',
    },
  ]);
}

function isThisMachine({ hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
