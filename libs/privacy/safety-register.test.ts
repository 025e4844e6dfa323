import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';

/** Who may know the safety register: what writes it, what shows a person their own data or says what is kept of them, what ends it. */
const MAY_KNOW = [
  'apps/line.providers.ts',
  'apps/people.providers.ts',
  'libs/ingest/other-facts.ts',
  'libs/privacy/delete-expired.ts',
  'libs/privacy/erase.ts',
  'libs/privacy/extract.ts',
  'libs/privacy/extract.types.ts',
  'libs/privacy/kept.ts',
  'libs/privacy/person-extract.ts',
];

describe('the safety register', () => {
  it('is read by nobody but who keeps it: no segment, no campaign, no gate (GPSR art. 35(3))', () => {
    const sources = ['apps', 'libs'].flatMap((folder) =>
      readdirSync(join(rootDir(), folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.ts$/.test(file) && !/\.(?:test|contract|fixture)\.ts$/.test(file))
        .map((file) => `${folder}/${file}`),
    );
    const knowing = sources.filter((file) =>
      /safety-register\.store|safety_register/.test(readFileSync(join(rootDir(), file), 'utf8')),
    );
    const own = ['libs/privacy/personal-collections.ts', 'libs/privacy/safety-register.store.ts'];
    expect(knowing.filter((file) => !own.includes(file)).sort()).toEqual(MAY_KNOW);
  });
});
