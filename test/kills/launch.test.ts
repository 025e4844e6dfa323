import { expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomInt, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type mongoose from 'mongoose';
import { stateOf } from '#consent/choices';
import { NO_DEALINGS } from '#customers/dealings';
import { foundBy } from '#customers/found-by';
import { newCustomer, type Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import { connectMongo, nonce } from '#platform/mongo';
import type { Choice } from '#purposes/choice';
import { REAL } from '../home.fixture.js';
import { until } from '../visit.fixture.js';
import { Chance } from './chance.js';
import { House } from './house.js';
import { HOLD_OUT, judgeLaunch, type Member } from './judge-launch.js';
import { KEY, TENANT } from './teller.js';
import { tenantFolder } from './tenant-file.js';
import { dropTopics, refuseUsedTopics } from './topics.js';

/** How many SIGKILLs; absent: the test is skipped. The full run is 30. */
const KILLS = Number(process.env.LAUNCH_KILLS ?? 0);
const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));
const { brokers, mongoUri } = REAL;

/** A page of the launcher, and some: the first two launches take more than one. */
const LARGE = 1_040;
const SMALL = 60;
/** What a crash left between a release and its record is looked for after two sightings five minutes apart, and then some. */
const CLOSING_MS = 14 * 60_000;
const LOOK_EACH_MS = 1_000;

if (KILLS === 0 || brokers === undefined || mongoUri === undefined) {
  it.skip('launch kills: skipped, LAUNCH_KILLS says no number or no servers are named (npm run test:launch-kills)', () =>
    undefined);
} else {
  it(
    `launches to everybody who is permitted once, and to nobody else, over ${KILLS} kills, seed ${SEED}`,
    async () => {
      say(`LAUNCH_KILLS=${KILLS} SEED=${SEED}`);
      const run = await killedLaunches(brokers, mongoUri);
      say(JSON.stringify(run.figures, null, 2));
      expect(run.breaches).toEqual([]);
      expect(run.figures.kills).toBe(KILLS);
      // Who was never reached by a kill shows nothing.
      expect(run.figures.calls).toBeGreaterThan(KILLS * 20);
    },
    45 * 60_000,
  );
}

/** As they are planted, whole. */
interface Planted extends Member {
  customer: Customer;
}

async function killedLaunches(brokers: readonly string[], mongoUri: string) {
  await refuseUsedTopics(brokers);
  const began = performance.now();
  const chance = new Chance(SEED);
  const sink = await Sink.open();
  const group = `lagom-launches-${randomUUID().slice(0, 8)}`;
  const folder = await mkdtemp(join(tmpdir(), 'lagom-launches-'));
  const url = new URL(mongoUri);
  url.pathname = `/${group}`;
  const connection = await connectMongo(url.href);
  const house = new House(
    [
      { name: 'scheduler-1', app: 'scheduler' },
      { name: 'dispatcher-1', app: 'dispatcher' },
      { name: 'console', app: 'console' },
    ],
    {
      ...{ MONGODB_URI: url.href, KAFKA_BROKERS: brokers.join(), KAFKA_GROUP_PREFIX: group },
      // A kill leaves rows in doubt, which are no reason to pause here.
      LAGOM_TENANTS: await tenantFolder(folder, (file) => {
        file.campaigns = { limits: { complaints: 1, bounces: 1, errors: 1, least: 1_000_000 } };
      }),
      ...{ LAGOM_SEND: 'live', PUBLIC_URL: 'https://hook.example.se', LAGOM_ADMIN_KEY: KEY },
      LAGOM_SECRET: 'the-secret-of-links-in-tests',
      LAGOM_HASH_KEY: 'test:the-key-of-hashes-in-tests',
      ...{ SENDGRID_API_KEY: 'SG.a-key-of-a-test', SENDGRID_BASE_URL: sink.url },
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'a-token-of-a-test' },
      TWILIO_BASE_URL: sink.url,
    },
  );
  try {
    await house.open();
    const office = await Office.open(() => house.door('console'));
    const members: Planted[] = [];
    const campaigns: string[] = [];
    for (let nth = 0; nth < KILLS; nth += 1) {
      const own = membersOf(nth, nth < 2 ? LARGE : SMALL);
      members.push(...own);
      await insert(connection, own);
      const campaign = await office.approved(nth);
      campaigns.push(campaign);
      const calls = sink.calls.length;
      await office.act(campaign, 'schedule', {});
      // From before the launcher's next look until the last of its mails: half by time, half by calls of this one.
      const afterCalls = chance.happens(0.4) ? Math.floor(chance.between(1, SMALL / 2)) : null;
      const end = performance.now() + (afterCalls === null ? chance.between(0, 3_000) : 15_000);
      while (performance.now() < end && (afterCalls === null || sink.calls.length < calls + afterCalls))
        await pause(1);
      const victim = chance.happens(0.6) ? 'scheduler-1' : 'dispatcher-1';
      await house.kill(victim, chance.between(0, 300));
      // The lease's 30 s are not what is looked at here: nobody else is there to hold it.
      if (victim === 'scheduler-1') await connection.collection('leases').deleteMany({});
      await until(
        () => Promise.resolve(house.deaths.at(-1)?.upMs),
        (up) => up ?? undefined,
        120_000,
      );
      say(`killed ${victim}, ${nth + 1} of ${KILLS}, at ${sink.calls.length} calls`);
    }
    const settled = await settle(connection, office, campaigns);
    const rows = await connection.collection<MessageRow>('messages').find({ tenant: TENANT }).toArray();
    const count = (status: string): number => rows.filter((row) => row.status === status).length;
    return {
      breaches: [...settled, ...judgeLaunch(members, campaigns, rows, sink.calls)],
      figures: {
        ...{ seed: SEED, kills: house.deaths.length, campaigns: campaigns.length, members: members.length },
        ...{ rows: rows.length, accepted: count('accepted'), unknown: count('unknown') },
        ...{ refused: count('refused'), heldOut: count('cancelled'), calls: sink.calls.length },
        seconds: Math.round((performance.now() - began) / 1_000),
      },
    };
  } finally {
    await house.close();
    await sink.close();
    await connection.dropDatabase();
    await connection.close();
    await dropTopics(brokers, group);
    await rm(folder, { recursive: true });
  }
}

/** Until every campaign has ended: those in doubt stay so, no webhook tells of them here. */
async function settle(connection: mongoose.Connection, office: Office, campaigns: readonly string[]) {
  const end = performance.now() + CLOSING_MS;
  for (let looks = 0; ; looks += 1) {
    const open = await connection
      .collection('messages')
      .countDocuments({ tenant: TENANT, status: { $in: ['planned', 'released', 'sending'] } });
    const states = await Promise.all(campaigns.map((id) => office.status(id)));
    const left = states.filter((state) => state !== 'sent').length;
    if (looks % 30 === 0) say(`open: ${open} rows, ${left} campaigns`);
    if (left === 0 && open === 0) return [];
    if (performance.now() > end) return [`${left} campaigns and ${open} rows have not ended`];
    await pause(LOOK_EACH_MS);
  }
}

const cityOf = (nth: number): string => `Stad ${nth}`;

/** People of one campaign: most may get it; some share an address, said no, or live elsewhere. */
function membersOf(nth: number, size: number): Planted[] {
  const now = new Date(Date.now() - 60_000);
  return Array.from({ length: size }, (_, n): Planted => {
    const id = `k${nth}-${String(n).padStart(5, '0')}`;
    const fate = ({ 3: 'refused', 5: 'refused', 7: 'shared', 8: 'shared', 9: 'stranger' } as const)[n % 10];
    const choice = (state: Choice['state']): Choice => ({
      ...{ id: `${id}-${state}`, purpose: 'newsletter', channel: 'email', state, noticeVersion: '1' },
      ...{ language: 'sv', method: 'checkbox', place: '/', at: now, recordedAt: now, via: 'event' },
    });
    const city = fate === 'stranger' ? 'Annanstans' : cityOf(nth);
    const noes = n % 10 === 3 ? [choice('withdrawn')] : [];
    const customer: Customer = {
      ...newCustomer(TENANT, id, now),
      ...{ rev: nonce(), name: `Åsa ${n}`, locale: 'sv' },
      // Two after each other have one.
      email: fate === 'shared' ? `k${nth}-delad-${Math.floor(n / 10)}@example.se` : `${id}@example.se`,
      address: { lines: [], postalCode: '831 31', city, country: 'SE' },
      choiceLog: n % 10 === 5 ? [] : [choice('given'), ...noes],
    };
    return { customer, campaign: nth, fate: fate ?? 'permitted' };
  });
}

async function insert(connection: mongoose.Connection, members: readonly Planted[]): Promise<void> {
  await connection.collection('customers').insertMany(
    members.map(({ customer }) => ({
      ...{ ...customer, found: foundBy(customer, stateOf), dealings: { ...NO_DEALINGS, rev: nonce() } },
    })) as never[],
  );
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test looks into an answer as it likes
type AnyBody = any;

/** Marketer and approver, over HTTP. */
class Office {
  private constructor(
    private readonly door: () => string,
    private readonly keys: { marketer: string; approver: string },
    private readonly variant: { template: string; version: number },
  ) {}

  static async open(door: () => string): Promise<Office> {
    const keyOf = async (role: string): Promise<string> =>
      (await ask(door(), KEY, 'POST', '/v1/keys', { role, name: role })).key;
    const keys = { marketer: await keyOf('marketer'), approver: await keyOf('approver') };
    // Nobody is there yet who would have to be worked out.
    await ask(door(), keys.marketer, 'POST', '/v1/segments/count', { predicate: { visits: { atLeast: 0 } } });
    const blocks = [{ kind: 'text', text: 'Hej {{person.firstName | du}}!' }];
    const content = { sv: { email: { subject: 'Nyheter', preview: 'x', blocks } } };
    const { id } = await ask(door(), keys.marketer, 'POST', '/v1/templates', { name: 'x', content });
    await ask(door(), keys.marketer, 'POST', `/v1/templates/${id}/versions/1/publish`);
    return new Office(door, keys, { template: id, version: 1 });
  }

  async approved(nth: number): Promise<string> {
    const { marketer } = this.keys;
    const predicate = { place: { city: [cityOf(nth)] } };
    const segment = await ask(this.door(), marketer, 'POST', '/v1/segments', { name: 'x', predicate });
    const plan = {
      ...{ name: `Utskick ${nth}`, purpose: 'newsletter', channel: 'email', segment: segment.id },
      ...{ variants: [this.variant], holdOut: HOLD_OUT },
    };
    const { id } = await ask(this.door(), marketer, 'POST', '/v1/campaigns', plan);
    await this.act(id, 'submit');
    await ask(this.door(), this.keys.approver, 'POST', `/v1/campaigns/${id}/approve`);
    return id;
  }

  act(id: string, move: string, body?: unknown): Promise<AnyBody> {
    return ask(this.door(), this.keys.marketer, 'POST', `/v1/campaigns/${id}/${move}`, body);
  }

  async status(id: string): Promise<string> {
    return (await ask(this.door(), this.keys.marketer, 'GET', `/v1/campaigns/${id}`)).status;
  }
}

async function ask(
  door: string,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<AnyBody> {
  const answer = await fetch(door + path, {
    method,
    headers: {
      ...{ authorization: `Bearer ${key}`, 'lagom-tenant': TENANT, accept: 'application/json' },
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** A mail provider that takes everything after a moment, and notes to whom. */
class Sink {
  readonly calls: string[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(): Promise<Sink> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        // Whole, so the provider has it, whoever still waits for the answer. A batch has many.
        const mail = JSON.parse(Buffer.concat(parts).toString());
        for (const one of mail.personalizations) for (const { email } of one.to) sink.calls.push(email);
        setTimeout(() => response.writeHead(202, { 'x-message-id': randomUUID() }).end(), 30);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sink = new Sink(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return sink;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), 'close');
  }
}

/** Past jest, which says nothing until the end. */
function say(text: string): void {
  process.stdout.write(`  ${text}\n`);
}
