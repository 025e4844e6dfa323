import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SigningSendGrid } from '#channels/webhook.fixture';
import { kafkaClient } from '#messaging/kafka-client';
import { KafkaSink } from '#messaging/kafka-sink';
import { silent } from '../home.fixture.js';
import { Chance } from './chance.js';
import { House, type Death, type SlotPlan } from './house.js';
import type { Evidence } from './judge.js';
import { killPlan, type Kill } from './kill-plan.js';
import { Ledger } from './ledger.js';
import { Provider } from './provider.js';
import { storiesOf } from './stories.js';
import { dropTopics, refuseUsedTopics } from './topics.js';
import { customerOf, KEY, Teller, TENANT } from './teller.js';
import { tenantFolder } from './tenant-file.js';

export interface RunOptions {
  seed: number;
  kills: number;
  brokers: readonly string[];
  /** null: the embedded store in a process of its own, which is killed too. */
  mongoUri: string | null;
  /** How many old rows lie in the ledger. */
  oldRows: number;
  storiesPerKill?: number;
}

/** What a run was like, for people. */
export interface Figures {
  seed: number;
  kills: number;
  stories: number;
  events: number;
  optOuts: number;
  rows: Record<string, number>;
  providerCalls: Record<string, number>;
  webhooks: number;
  unknownRetried: number;
  ownEnds: number;
  /** Median and longest time from a SIGKILL until the successor takes work, in seconds, by app. */
  recovery: Record<string, string>;
  /** From the last kill until every row had ended, in seconds. */
  settledAfter: number;
  longestSilence: number;
  seconds: number;
}

const APPS = ['ingest', 'scheduler', 'dispatcher'] as const;
const PUBLIC_URL = 'https://hook.example.se';
const TOKEN = 'a-token-of-a-test';
/** Rows whose topic record a crash swallowed are looked for after two sightings five minutes apart; and some more. */
const CLOSING_MS = 9 * 60_000;
const LOOK_EACH_MS = 500;

/** Starts the house, lets people live in it and a killer loose on it, waits until all has ended, and brings the evidence. */
export async function killRun(
  options: RunOptions,
): Promise<{ evidence: Evidence; figures: Figures; deaths: Death[]; oddities: string[] }> {
  const { seed, kills, brokers, mongoUri, oldRows, storiesPerKill = 10 } = options;
  const began = performance.now();
  await refuseUsedTopics(brokers);
  const folder = await mkdtemp(join(tmpdir(), 'lagom-kills-'));
  const sendgrid = new SigningSendGrid();
  const chance = new Chance(seed);
  const provider: Provider = await Provider.open({
    ...{ chance: chance.branch(), sendgrid, twilioToken: TOKEN, account: TENANT, publicUrl: PUBLIC_URL },
    door: () => house?.door('public') ?? '',
  });
  const port = await freePort();
  const uri = mongoUri ?? `mongodb://127.0.0.1:${port}/lagom?directConnection=true`;
  const group = `lagom-kills-${randomUUID().slice(0, 8)}`;
  const env = {
    ...{ MONGODB_URI: uri, KAFKA_BROKERS: brokers.join(), KAFKA_GROUP_PREFIX: group },
    ...{
      LAGOM_TENANTS: await tenantFolder(folder, inSeconds),
      LAGOM_SEND: 'live',
      PUBLIC_URL,
      LAGOM_ADMIN_KEY: KEY,
    },
    LAGOM_SECRET: 'the-secret-of-links-in-tests',
    LAGOM_HASH_KEY: 'test:the-key-of-hashes-in-tests',
    ...{ SENDGRID_API_KEY: 'SG.a-key-of-a-test', SENDGRID_BASE_URL: provider.url },
    SENDGRID_WEBHOOK_PUBLIC_KEY: sendgrid.publicKey,
    ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: TOKEN, TWILIO_BASE_URL: provider.url },
  };
  const storeEnv = { PORT: String(port), LAGOM_DATA_DIR: join(folder, 'store') };
  let house: House | undefined;
  let store: House | undefined;
  let ledger: Ledger | undefined;
  const sink = new KafkaSink(kafkaClient(brokers, 'kills', silent));
  try {
    if (mongoUri === null) {
      store = new House([{ name: 'store', app: 'store' }], storeEnv);
      await store.open();
    }
    if (oldRows > 0) {
      const filling = await Ledger.open(uri);
      await filling.fill(oldRows);
      await filling.close();
    }
    say('the ledger is filled');
    house = new House(slots(), env);
    await house.open();
    say('the house is ready');
    const lived = house;
    const kept = store;
    const plan = killPlan(seed, kills, [...slots().map(({ name }) => name), ...(kept ? ['store'] : [])]);
    const overMs = plan.reduce((sum, kill) => sum + kill.afterMs, 0);
    const stories = storiesOf(seed, kills * storiesPerKill, overMs);
    const teller = new Teller(lived, sink, provider);
    const lives = stories.map(async (story) => {
      await pause(story.atMs);
      await teller.live(story);
    });
    await kill(plan, lived, kept, provider);
    const lastKill = performance.now();
    say('the last process was killed');
    provider.moody = false;
    await Promise.all(lives);
    say('all stories were told');

    ledger = await Ledger.open(uri);
    const retried = await settle(ledger, teller, provider);
    const settledAfter = performance.now() - lastKill;
    const refusing = await ledger.refusing(stories.map(customerOf));
    const evidence: Evidence = {
      stories,
      told: teller.told,
      noes: teller.noes,
      calls: provider.calls,
      rows: await ledger.rowsOf(stories.map(customerOf)),
      heard: await ledger.heard(),
      standing: new Set(stories.filter((story) => refusing.has(customerOf(story))).map(({ id }) => id)),
    };
    const deaths = [...lived.deaths, ...(kept?.deaths ?? [])].sort((a, b) => a.at - b.at);
    const figures: Figures = {
      ...{ seed, kills: deaths.length, stories: stories.length, events: teller.told.length },
      optOuts: teller.noes.length,
      rows: countBy(evidence.rows, ({ status }) => status),
      providerCalls: countBy(provider.calls, ({ answer }) => answer),
      ...{ webhooks: provider.webhooks, unknownRetried: retried },
      ownEnds: lived.ownEnds.length + (kept?.ownEnds.length ?? 0),
      recovery: recoveryOf(deaths),
      settledAfter: seconds(settledAfter),
      longestSilence: seconds(
        longestSilence(provider.calls.map(({ at }) => at).filter((at) => at < lastKill)),
      ),
      seconds: seconds(performance.now() - began),
    };
    return { evidence, figures, deaths, oddities: [...teller.oddities, ...strangeEnds(lived)] };
  } finally {
    await ledger?.close();
    await house?.close();
    await store?.close();
    await provider.close();
    await sink.close();
    await dropTopics(brokers, group);
    await rm(folder, { recursive: true, force: true });
  }
}

/** How far it is, past jest, which says nothing until the end. */
const say = (text: string): void => void process.stdout.write(`  ${text}\n`);

const slots = (): SlotPlan[] => [
  ...APPS.flatMap((app) => [1, 2].map((nth) => ({ name: `${app}-${nth}`, app }))),
  { name: 'public', app: 'public' },
  { name: 'console', app: 'console' },
];

/** One after the other; of a process that is away already, its neighbour in the list dies instead. */
async function kill(
  plan: readonly Kill[],
  house: House,
  store: House | undefined,
  provider: Provider,
): Promise<void> {
  const falling: Promise<void>[] = [];
  const names = [...slots().map(({ name }) => name), ...(store ? ['store'] : [])];
  const isUp = (name: string): boolean => (name === 'store' ? store?.isUp(name) : house.isUp(name)) === true;
  for (const { afterMs, afterCalls, slot, awayMs } of plan) {
    const end = performance.now() + afterMs;
    const enough = afterCalls === null ? Infinity : provider.calls.length + afterCalls;
    while (performance.now() < end && provider.calls.length < enough) await pause(1);
    // A whole house that is away comes back first.
    let victim: string | undefined;
    for (;;) {
      const from = names.indexOf(slot);
      victim = [...names.slice(from), ...names.slice(0, from)].find(isUp);
      if (victim !== undefined) break;
      await pause(20);
    }
    falling.push((victim === 'store' && store ? store : house).kill(victim, awayMs));
    await Promise.resolve();
  }
  await Promise.all(falling);
}

/** Until every row has ended; of those in doubt, an operator tries again what the provider surely does not have. */
async function settle(ledger: Ledger, teller: Teller, provider: Provider): Promise<number> {
  const end = performance.now() + CLOSING_MS;
  const retried = new Set<string>();
  for (let looks = 0; ; looks += 1) {
    const [open, heard] = await Promise.all([
      ledger.rowsIn(['planned', 'released', 'sending', 'unknown']),
      ledger.heard(),
    ]);
    const taken = new Set(provider.calls.filter((call) => call.taken).map(({ ref }) => ref));
    for (const row of open) {
      const isDoubtful = row.status === 'unknown' && !row.attempts.some(({ ref }) => taken.has(ref));
      if (!isDoubtful || retried.has(row.rev)) continue;
      retried.add(row.rev);
      await teller.retry(row._id);
    }
    const unheard = teller.told.filter(({ id }) => !heard.has(id));
    if (looks % 40 === 0) {
      const stands = { ...countBy(open, ({ status }) => status), unheard: unheard.length };
      say(`open: ${JSON.stringify(stands)}, dead: ${JSON.stringify(await ledger.dead())}`);
    }
    if ((open.length === 0 && unheard.length === 0) || performance.now() > end) return retried.size;
    await pause(LOOK_EACH_MS);
  }
}

/** The clinic as it is, but for times that a test can wait for. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a file as it stands, before it is checked
function inSeconds(file: any): void {
  file.journeys['abandoned-booking'].after = ['2s', '6s'];
  // The visit ends an hour after it began, and it began an hour ago.
  file.journeys.survey.after = '2s';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

function recoveryOf(deaths: readonly Death[]): Record<string, string> {
  const apps = [...new Set(deaths.map(({ slot }) => slot.replace(/-\d$/, '')))].sort();
  return Object.fromEntries(
    apps.map((app) => {
      const took = deaths
        .filter(({ slot, readyMs }) => slot.startsWith(app) && readyMs !== null)
        .map(({ readyMs }) => seconds(readyMs ?? 0))
        .sort((a, b) => a - b);
      const median = took[Math.floor(took.length / 2)];
      return [app, `${median ?? '–'} s, at most ${took.at(-1) ?? '–'} s (${took.length})`];
    }),
  );
}

const strangeEnds = (house: House): string[] =>
  house.ownEnds
    .filter(({ said }) => !said.includes('no MongoDB answers'))
    .map(({ slot, said }) => `${slot} ended of its own: ${said}`);

const longestSilence = (times: readonly number[]): number =>
  times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0);

const countBy = <T>(all: readonly T[], keyOf: (one: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const one of all) counts[keyOf(one)] = (counts[keyOf(one)] ?? 0) + 1;
  return counts;
};

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
