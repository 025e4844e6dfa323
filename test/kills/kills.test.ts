import { expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { REAL } from '../home.fixture.js';
import { judge, type Evidence, type Violation } from './judge.js';
import { killRun } from './run.js';
import { customerOf } from './teller.js';
import type { Death } from './house.js';

const KILLS = Number(process.env.KILLS ?? 0);
const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));
/** A full run of a hundred kills, its closing, and a machine that is busy. */
const PATIENCE_MS = 45 * 60_000;
const { brokers, mongoUri } = REAL;

if (KILLS === 0 || brokers === undefined || mongoUri === undefined) {
  it.skip('kills: skipped, KILLS says no number or no servers are named (npm run test:kills)', () =>
    undefined);
} else {
  it.each([
    ['another server of MongoDB’s protocol and a small ledger', mongoUri, 0],
    [
      'the store’s own process and a large ledger, the store killed too',
      null,
      KILLS >= 100 ? 300_000 : 50_000,
    ],
  ])(
    `keeps its word over ${KILLS} kills, seed ${SEED}, on %s`,
    async (name, uri, oldRows) => {
      say(`KILLS=${KILLS} SEED=${SEED} on ${name}`);
      const { evidence, figures, deaths, oddities } = await killRun({
        ...{ seed: SEED, kills: KILLS, brokers, mongoUri: uri, oldRows },
      });
      say(JSON.stringify(figures, null, 2));
      const violations = judge(evidence);
      for (const one of violations) say([report(one, deaths), ...dossier(one, evidence)].join('\n'));
      expect(violations.map(({ breach, detail }) => `${breach}: ${detail}`)).toEqual([]);
      expect(oddities).toEqual([]);
      expect(figures.kills).toBe(KILLS);
    },
    PATIENCE_MS,
  );
}

/** Past jest, which would show it only at the end, and with the place of this line. */
function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** All that was told in the story, and all that stands in the ledger of its person. */
function dossier({ story }: Violation, { told, rows, noes }: Evidence): string[] {
  const person = story === null ? null : customerOf({ id: story });
  return [
    ...told.filter((one) => one.story === story).map((one) => `    told ${JSON.stringify(one)}`),
    ...noes.filter((one) => one.story === story).map((one) => `    no ${JSON.stringify(one)}`),
    ...rows
      .filter(({ customer }) => customer === person)
      .map(
        ({ _id, event, status, reason }) => `    row ${_id} of ${event ?? '–'}: ${status} ${reason ?? ''}`,
      ),
  ];
}

/** What the row went through, and who died meanwhile. */
function report({ breach, story, detail, row }: Violation, deaths: readonly Death[]): string {
  const wall = Date.now() - performance.now();
  const dead = deaths.map(({ slot, at }) => [wall + at, `SIGKILL ${slot}`] as const);
  const history = (row?.history ?? []).map(
    ({ at, status, why }) => [at.getTime(), `${status}${why === undefined ? '' : ` (${why})`}`] as const,
  );
  const tries = (row?.attempts ?? []).map(
    ({ at, ref, outcome }) => [at.getTime(), `try ${ref}: ${outcome ?? 'no outcome'}`] as const,
  );
  const from = (history[0]?.[0] ?? Infinity) - 5_000;
  const to = (history.at(-1)?.[0] ?? -Infinity) + 5_000;
  const lines = [...history, ...tries, ...dead.filter(([at]) => at >= from && at <= to)]
    .sort(([a], [b]) => a - b)
    .map(([at, what]) => `    ${new Date(at).toISOString()} ${what}`);
  return [`${breach}: ${detail}${story === null ? '' : `, story ${story}`} ${row?._id ?? ''}`, ...lines].join(
    '\n',
  );
}
