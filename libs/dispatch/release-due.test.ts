import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { NEIGHBOUR, CLINIC } from '#privacy/ledger.fixture';
import { Tenants, type Tenant } from '#tenants/tenant';
import { Line } from './line.fixture.js';
import { ReleaseDue } from './release-due.js';

let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const sink = () => {
  const produced: { topic: string; key: string | null; id: string }[] = [];
  return {
    produced,
    produce: (topic: string, records: readonly { key: string | null; value: Buffer | string }[]) => {
      for (const { key, value } of records) {
        produced.push({ topic, key, id: (JSON.parse(value.toString()) as { id: string }).id });
      }
      return Promise.resolve();
    },
  };
};
const paced = (tenant: Tenant, perSecond: number): Tenant => ({
  ...tenant,
  senders: {
    service: { email: { from: 'a@b.se', account: 'mail', perSecond } },
    marketing: { email: { from: 'a@c.se', account: 'mail', perSecond } },
  },
});

it('releases what is due, keyed by its person, and leaves the rest', async () => {
  const due = await line.row();
  const later = await line.row({ step: 'later', dueAt: new Date(line.clock.now().getTime() + 1) });
  expect(await line.releaseDue.runOnce(line.clock.now())).toBe(1);
  expect(await line.rowOf(due._id)).toMatchObject({ status: 'released', release: 1 });
  expect(await line.rowOf(later._id)).toMatchObject({ status: 'planned', release: 0 });
  expect(line.topics.take()).toEqual([
    expect.objectContaining({
      topic: 'messages.due.service',
      key: 'wellnesskliniken/anna',
      id: due._id,
      release: 1,
    }),
  ]);
  expect(await line.releaseDue.runOnce(line.clock.now())).toBe(0);
});

it('releases once, however many schedulers do it at once', async () => {
  for (let n = 0; n < 20; n++) await line.row({ step: String(n) });
  const other = await line.another();
  const counts = await Promise.all(
    [line, other, line, other].map((one) => one.releaseDue.runOnce(line.clock.now())),
  );
  await other.leave();
  expect(counts.reduce((sum, count) => sum + count)).toBe(20);
  const produced = line.topics.take().map(({ id }) => id);
  expect(new Set(produced).size).toBe(20);
  expect(produced).toHaveLength(20);
});

it('keeps to two seconds of the pace, less what is on its way', async () => {
  const { produce, produced } = sink();
  const slow = new ReleaseDue(line.messages, { produce }, new Tenants([paced(CLINIC, 3)]));
  for (let n = 0; n < 10; n++) await line.row({ step: String(n) });
  expect(await slow.runOnce(line.clock.now())).toBe(6);
  expect(await slow.runOnce(line.clock.now())).toBe(0);
  const [first] = await line.messages.pageByStatus('released', null, 1);
  await line.connection
    .db!.collection('messages')
    .updateOne({ _id: first!._id as never }, { $set: { status: 'accepted' } });
  expect(await slow.runOnce(line.clock.now())).toBe(1);
  expect(produced).toHaveLength(7);
});

it('lets nobody wait behind what the pace of another holds back', async () => {
  const { produce, produced } = sink();
  const slow = new ReleaseDue(
    line.messages,
    { produce },
    new Tenants([paced(CLINIC, 1), paced(NEIGHBOUR, 1)]),
  );
  const old = new Date(line.clock.now().getTime() - 60_000);
  const crowd = Array.from({ length: 1_001 }, (_, n) => ({ n, old }));
  const template = await line.row({
    step: 'template',
    purpose: 'offers',
    stream: 'marketing',
    dueClass: 'marketing',
    dueAt: old,
  });
  await line.messages.insertPlanned(
    crowd.map(({ n }) => ({ ...template, _id: `crowd/${n}`, step: String(n) })),
  );
  const sms = await line.row({ step: 'sms', channel: 'sms' });
  const service = await line.row({ step: 'service' });
  const neighbour = await line.row({ tenant: NEIGHBOUR.id });
  await slow.runOnce(line.clock.now());
  const ids = produced.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([sms._id, service._id, neighbour._id]));
  expect(ids.filter((id) => id.startsWith('crowd/') || id === template._id)).toHaveLength(2);
});

it('produces again all that is released, for a topic that has forgotten it', async () => {
  for (let n = 0; n < 3; n++) await line.row({ step: String(n) });
  await line.releaseDue.runOnce(line.clock.now());
  const first = line.topics.take();
  expect(await line.releaseDue.reproduceAll()).toBe(3);
  expect(
    line.topics
      .take()
      .map(({ id, release }) => [id, release])
      .sort(),
  ).toEqual(first.map(({ id, release }) => [id, release]).sort());
});
