import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { EventSink, type OutRecord } from '#messaging/event-sink';
import { CLINIC } from '#privacy/ledger.fixture';
import { accepted, Line } from './line.fixture.js';
import { PublishOut } from './publish-out.js';
import { CampaignStore } from '#campaigns/campaign.store';
import { RetryMessage } from './retry-message.js';
import { StopButton } from './stop-button.js';

/** What the world was told; `fails`: the broker takes it and does not say so. */
class World extends EventSink {
  readonly told: { key: string | null; id: string; type: string; data: Record<string, unknown> }[] = [];
  fails = false;

  override async produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    expect(topic).toBe('messages.events');
    for (const { key, value } of records) {
      this.told.push({ ...(JSON.parse(value.toString()) as World['told'][0]), key });
    }
    await Promise.resolve();
    if (this.fails) throw new Error('no acknowledgement came');
  }

  get types(): string[] {
    return this.told.map(({ type }) => type);
  }
}

let line: Line;
let world: World;
let publishing: PublishOut;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(async () => {
  await line.clear();
  world = new World();
  publishing = new PublishOut([line.messages, line.deadLetters], world);
});

it('tells of a message what became of it, once, with ids only', async () => {
  const id = await line.confirmation();
  await line.runDue();
  expect(await publishing.runOnce()).toBe(2);
  expect(world.types).toEqual(['message.planned.v1', 'message.accepted.v1']);
  expect(world.told[1]).toMatchObject({
    key: `${CLINIC.id}/anna`,
    source: `/tenants/${CLINIC.id}`,
    time: line.clock.now().toISOString(),
    data: { message: id, customer: 'anna', purpose: 'booking', channel: 'email' },
  });
  expect(JSON.stringify(world.told)).not.toMatch(/@|\+46/);
  expect(await publishing.runOnce()).toBe(0);
  expect((await line.rowOf(id)).out).toBeUndefined();
});

it('tells that it is held, refused, called off, failed and planned again', async () => {
  const button = new StopButton(line.pauses, line.messages, line.clock);
  const none = { stream: null, channel: null, purpose: null };
  await button.press(CLINIC.id, none, 'Maja');
  await line.confirmation();
  await line.runDue();
  await button.letGo(CLINIC.id, none);
  line.provider.answer = () => ({ kind: 'rejected', reason: 'as the test says' });
  line.clock.pass(120_000);
  await line.runDue();
  const [row] = await line.messages.findOfCustomer(CLINIC.id, 'anna', 1);
  await new RetryMessage(line.messages, new CampaignStore(line.connection), line.clock).retry(row!, 'Maja');
  line.clock.pass(3 * 86_400_000);
  await line.runDue();
  await publishing.runOnce();
  expect(world.types).toEqual(
    ['planned', 'held', 'failed', 'planned', 'refused'].map((word) => `message.${word}.v1`),
  );
  expect(world.told.map(({ data }) => data.reason)).toEqual([
    undefined,
    'paused',
    undefined,
    undefined,
    'expired',
  ]);
});

it('is silent about what tries again by itself', async () => {
  await line.confirmation();
  line.provider.answer = () => ({ kind: 'retry-at', afterMs: 1_000, reason: '429' });
  await line.runDue();
  line.provider.answer = accepted;
  line.clock.pass(60_000);
  await line.runDue();
  await publishing.runOnce();
  expect(world.types).toEqual(['message.planned.v1', 'message.accepted.v1']);
});

it('tells again, under the same ids, what no broker has acknowledged', async () => {
  await line.confirmation();
  world.fails = true;
  await expect(publishing.runOnce()).rejects.toThrow('no acknowledgement');
  world.fails = false;
  expect(await publishing.runOnce()).toBe(1);
  expect(world.told[1]).toEqual(world.told[0]);
});

it('keeps what was pushed while it published', async () => {
  const id = await line.confirmation();
  const [page] = await line.messages.findOut(10);
  await line.runDue();
  await line.messages.pullOut([page!]);
  expect((await line.rowOf(id)).out).toMatchObject([{ type: 'message.accepted.v1' }]);
});

it('takes no race from anybody: the row’s rev stays', async () => {
  const id = await line.confirmation();
  const { rev } = await line.rowOf(id);
  await publishing.runOnce();
  expect((await line.rowOf(id)).rev).toBe(rev);
});

it('tells of a dead letter where it lies, and nothing of what it holds', async () => {
  await line.deadLetters.add({
    ...{ topic: 'booking.events', partition: 0, offset: '7', tenant: null, key: 'anna', headers: [] },
    ...{ value: Buffer.from('anna@example.se').toString('base64'), type: null, reason: 'x', path: null },
    ...{ handler: 'h', at: line.clock.now(), expiresAt: line.clock.now() },
  });
  await publishing.runOnce();
  expect(world.told).toMatchObject([
    { key: null, source: '/lagom', type: 'event.rejected.v1', data: { deadLetter: 'booking.events/0/7' } },
  ]);
  expect(await publishing.runOnce()).toBe(0);
});
