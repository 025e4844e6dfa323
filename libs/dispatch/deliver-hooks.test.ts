import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { Metrics } from '#platform/metrics';
import { CLINIC } from '#privacy/ledger.fixture';
import { Tenants } from '#tenants/tenant';
import { DeliverHooks, GIVE_UP_MS, WAITS_MS } from './deliver-hooks.js';
import { Line } from './line.fixture.js';
import { postHook } from './post-hook.js';
import type { ToldEvent } from './publish-out.js';
import { endpointId, QueueHooks } from './queue-hooks.js';
import { TenantHookStore } from './tenant-hook.store.js';

const SECRET = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;

/** A tenant's own server: what it answers, and what it heard. */
let answer: (id: string) => number | 'hang';
let heard: { id: string; body: string; headers: http.IncomingHttpHeaders }[];
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (bytes: Buffer) => (body += bytes.toString()));
  request.on('end', () => {
    const id = String(request.headers['webhook-id']);
    heard.push({ id, body, headers: request.headers });
    const status = answer(id);
    if (status !== 'hang') response.writeHead(status).end('thanks, or not');
  });
});

let line: Line;
let store: TenantHookStore;
let url: string;
let queue: QueueHooks;
let deliver: DeliverHooks;
let metrics: Metrics;
beforeAll(async () => {
  line = await Line.open();
  store = new TenantHookStore(line.connection);
  await store.createIndexes();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  line.faults.attach(line.connection);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await line.close();
});
beforeEach(async () => {
  await line.clear();
  heard = [];
  answer = () => 204;
  const tenants = new Tenants([{ ...CLINIC, webhooks: [{ url, secret: SECRET }] }]);
  metrics = new Metrics();
  queue = new QueueHooks(store, tenants, line.clock);
  deliver = new DeliverHooks(store, tenants, line.clock, false, metrics, (to, what, how) =>
    // Whoever answers has the time that a loaded machine takes.
    postHook(to, what, { ...how, timeoutMs: answer('') === 'hang' ? 150 : 30_000 }),
  );
});

const told = (id: string, person = 'anna', type = 'message.planned.v1'): ToldEvent => ({
  ...{ tenant: CLINIC.id, key: `${CLINIC.id}/${person}`, id, type, value: JSON.stringify({ id, type }) },
});
const run = () => deliver.runOnce(line.clock.now());
const state = () => store.count(endpointId(CLINIC.id, url));
const ids = () => heard.map(({ id }) => id);

it('delivers what was put aside, signed, of each key in its order, and forgets it', async () => {
  await queue.take([told('a1'), told('b1', 'bo'), told('a2')]);
  expect(await run()).toEqual({ delivered: 3, givenUp: 0 });
  expect(ids().filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2']);
  for (const { body, headers } of heard) {
    const signed = headers as Record<string, string>;
    const now = Number(signed['webhook-timestamp']) * 1000;
    expect(now).toBe(Math.floor(line.clock.now().getTime() / 1000) * 1000);
    const again = new Webhook(SECRET).sign(signed['webhook-id']!, new Date(now), body);
    expect(signed['webhook-signature']).toBe(again);
  }
  expect(await state()).toEqual({ waiting: 0, givenUp: 0 });
  expect((await run()).delivered).toBe(0);
});

it('puts aside what was asked for only, and once', async () => {
  const only = new Tenants([
    { ...CLINIC, webhooks: [{ url, secret: SECRET, types: ['choice.changed.v1'] }] },
  ]);
  const choosy = new QueueHooks(store, only, line.clock);
  const events = [told('x'), told('y', 'anna', 'choice.changed.v1'), { ...told('z'), tenant: 'wellbe' }];
  await choosy.take(events);
  await choosy.take(events);
  expect(await state()).toEqual({ waiting: 1, givenUp: 0 });
});

describe.each<[string, number | 'hang']>([
  ['fails', 500],
  ['is busy', 429],
  ['hangs', 'hang'],
])('an address that %s', (_, status) => {
  it('waits as a whole, longer each time, through a new process, and is told in order once it is back', async () => {
    await queue.take(Array.from({ length: 12 }, (_, n) => told(`e${String(n).padStart(2, '0')}`)));
    answer = () => status;
    await run();
    expect(heard).toHaveLength(1);
    await run();
    expect(heard).toHaveLength(1);
    line.clock.pass(WAITS_MS[0]!);
    await run();
    expect(heard).toHaveLength(2);
    line.clock.pass(WAITS_MS[0]!);
    await run();
    expect(heard).toHaveLength(2);
    answer = () => 200;
    line.clock.pass(WAITS_MS[1]!);
    // One that asks whether somebody is there, then the rest.
    expect((await run()).delivered).toBe(1);
    expect((await run()).delivered).toBe(11);
    expect(ids().slice(2)).toEqual(ids().slice(2).toSorted());
    expect((await store.endpoint(endpointId(CLINIC.id, url)))?.failures).toBe(0);
  });
});

it('lets one event that is not taken hold up its own key only, and gives it up in the end', async () => {
  answer = (id) => (id === 'a1' ? 400 : 200);
  await queue.take([told('a1'), told('a2'), told('b1', 'bo')]);
  await run();
  expect(ids().toSorted()).toEqual(['a1', 'b1']);
  // What is told later of the same key does not overtake it.
  await queue.take([told('a3')]);
  await run();
  expect(ids()).toHaveLength(2);
  for (const wait of WAITS_MS) {
    line.clock.pass(wait);
    await run();
  }
  await run();
  expect(ids().filter((id) => id === 'a1')).toHaveLength(WAITS_MS.length + 1);
  expect(ids().slice(-2)).toEqual(['a2', 'a3']);
  expect(await state()).toEqual({ waiting: 0, givenUp: 1 });
  expect(await metrics.text()).toContain(
    `lagom_tenant_webhooks_total{tenant="${CLINIC.id}",outcome="given-up"} 1`,
  );
});

it('never calls again who has answered 410', async () => {
  answer = () => 410;
  await queue.take([told('a1'), told('a2')]);
  await run();
  line.clock.pass(GIVE_UP_MS);
  expect(await run()).toEqual({ delivered: 0, givenUp: 2 });
  await queue.take([told('a3')]);
  await run();
  expect(heard).toHaveLength(1);
  expect(await state()).toEqual({ waiting: 0, givenUp: 3 });
});

it('gives up what could not be told for days', async () => {
  answer = () => 503;
  await queue.take([told('a1')]);
  await run();
  line.clock.pass(GIVE_UP_MS + 1);
  expect(await run()).toEqual({ delivered: 0, givenUp: 1 });
  expect(await state()).toEqual({ waiting: 0, givenUp: 1 });
});

it('loses nothing to a crash at any write, and repeats under the same id', async () => {
  for (let at = 1; at <= 3; at += 1) {
    heard = [];
    line.faults.arm(at, at % 2 === 0 ? 'crash-after' : 'crash-before');
    const pass = async () => {
      await queue.take([told(`c${at}-1`), told(`c${at}-2`)]);
      await run();
    };
    await pass().catch(() => undefined);
    expect(line.faults.struck).toBe(at <= 2);
    await line.faults.revive();
    // The event was not taken out of its document.
    await pass();
    expect([...new Set(ids())]).toEqual([`c${at}-1`, `c${at}-2`]);
    expect((await state()).waiting).toBe(0);
  }
});

it('calls nothing in a private network where only the public one counts', async () => {
  const to = { url: url.replace('127.0.0.1', 'localhost'), secret: SECRET };
  const what = { event: 'e', body: '{}' };
  const how = { now: line.clock.now(), timeoutMs: 1_000 };
  expect(await postHook(to, what, { ...how, publicOnly: true })).toEqual({ kind: 'away', why: 'EPRIVATE' });
});
