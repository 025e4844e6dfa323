import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLINIC } from '../lagom.fixture.js';
import { HouseProcess } from '../processes.fixture.js';
import { until } from '../visit.fixture.js';

jest.setTimeout(400_000);

const ROWS = 10_000;
const KEY = 'the-first-key-of-a-test';
let folder: string;
let house: HouseProcess | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lagom-killed-'));
});
afterAll(async () => {
  await house?.kill();
  await rm(folder, { recursive: true });
});

const start = async (): Promise<string> => {
  house = HouseProcess.start('all', { LAGOM_DATA_DIR: folder, LAGOM_ADMIN_KEY: KEY, LOG_LEVEL: 'info' });
  return house.ready();
};

it('an import whose process is killed half-way goes on by itself where it was, without a double', async () => {
  let url = await start();
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, {
      ...init,
      headers: {
        authorization: `Bearer ${KEY}`,
        'lagom-tenant': CLINIC,
        ...(init.headers as Record<string, string>),
      },
    });
  const file = `id,name,email\n${Array.from({ length: ROWS }, (_, at) => `${at},Person ${at},p${at}@example.se\n`).join('')}`;
  const headers = { 'content-type': 'text/csv', prefer: 'respond-async' };
  const begun = await ask('/v1/imports?kind=customers', { method: 'POST', body: file, headers });
  const { id } = (await begun.json()) as { id: string };
  type Seen = { status: string; done: number; counts: Record<string, number> };
  const look = async () => (await (await ask(`/v1/imports/${id}`)).json()) as Seen;
  const atKill = await until(look, (seen) => seen.done >= 1_000 && seen, 110_000);
  await house?.kill();
  expect([atKill.status, atKill.done < ROWS]).toEqual(['running', true]);

  url = await start();
  const done = await until(look, (seen) => seen.status === 'done' && seen, 110_000);
  // What was read before the kill was not begun anew: only the batch under way may be seen twice.
  expect(done.done).toBe(ROWS);
  expect(done.counts['unchanged']).toBeLessThanOrEqual(500);
  expect((done.counts['created'] ?? 0) + (done.counts['unchanged'] ?? 0)).toBe(ROWS);
  const lines = (await (await ask('/v1/exports/customers')).text()).trim().split('\r\n').slice(1);
  expect(lines).toHaveLength(ROWS);
  expect(new Set(lines.map((line) => line.split(',')[0])).size).toBe(ROWS);
});
