import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TaskStore } from '#customers/task.store';
import { EventSink, type OutRecord } from '#messaging/event-sink';
import { EndTask } from '#privacy/end-task';
import { CLINIC, NEIGHBOUR, said } from '#privacy/ledger.fixture';
import { Line } from './line.fixture.js';
import { OpenTasks, PERSON_AFTER_MS, RESEND_PATIENCE_MS } from './open-tasks.js';
import { PublishOut } from './publish-out.js';

class World extends EventSink {
  told: { key: string | null; id: string; type: string; data: Record<string, unknown> }[] = [];

  override produce(_topic: string, records: readonly OutRecord[]): Promise<void> {
    for (const { key, value } of records)
      this.told.push({ ...(JSON.parse(value.toString()) as World['told'][0]), key });
    return Promise.resolve();
  }
}

let line: Line;
let tasks: TaskStore;
let world: World;
let publishing: PublishOut;
beforeAll(async () => {
  line = await Line.open();
  tasks = new TaskStore(line.connection);
  await tasks.createIndexes();
  line.faults.attach(line.connection);
});
afterAll(() => line.close());
beforeEach(async () => {
  await line.clear();
  world = new World();
  publishing = new PublishOut([line.customers, line.answers, tasks], world);
});
const how = (id: string) => {
  const at = line.clock.now();
  return { id, at, recordedAt: at, via: 'page' as const };
};
const objects = (id = 'one') =>
  line.withdraw.hearChoices(CLINIC.id, 'anna', [said({ evidence: 'anna@example.se wrote it' })], how(id));

describe('what a person chose', () => {
  it('is told once, by the write that takes it, with ids only', async () => {
    await line.customer();
    await objects();
    await publishing.runOnce();
    expect(world.told).toMatchObject([
      {
        ...{ key: `${CLINIC.id}/anna`, type: 'choice.changed.v1' },
        data: { customer: 'anna', purpose: 'marketing', channel: 'all', state: 'withdrawn', via: 'page' },
      },
    ]);
    expect(JSON.stringify(world.told)).not.toContain('@');
    await objects();
    expect(await publishing.runOnce()).toBe(0);
  });

  it('stays in the document through every other write on it, and is nobody else’s business there', async () => {
    await line.customer();
    await objects();
    const before = await line.person();
    expect('out' in before).toBe(false);
    await line.customers.write([{ before, after: { ...before, name: 'Anna Berg' } }]);
    const [page] = await line.customers.findOut(10);
    // Pushed between the publisher's reading and its taking out.
    await line.withdraw.hearChoices(CLINIC.id, 'anna', [said({ purpose: 'survey' })], how('two'));
    await line.customers.pullOut([page!]);
    expect(await publishing.runOnce()).toBe(1);
    expect(world.told[0]?.data).toMatchObject({ purpose: 'survey' });
    const again = await line.person();
    expect(again.rev).not.toBe(before.rev);
    await publishing.runOnce();
    expect((await line.person()).rev).toBe(again.rev);
  });

  it('is told under the same id when a crash comes before it is taken out, and never without the choice', async () => {
    await line.customer();
    for (const fault of ['crash-before', 'crash-after'] as const) {
      world.told = [];
      line.faults.arm(1, fault);
      // B1 is the record of the address, B2 the customer: struck is each in turn.
      await objects(`first ${fault}`).catch(() => undefined);
      await line.faults.revive();
      await objects(`first ${fault}`);
      line.faults.arm(1, fault);
      await publishing.runOnce().catch(() => undefined);
      expect(line.faults.struck).toBe(true);
      await line.faults.revive();
      await publishing.runOnce();
      expect(new Set(world.told.map(({ id }) => id)).size).toBe(1);
      line.clock.pass(1_000);
    }
    expect((await line.person()).choiceLog).toHaveLength(2);
  });

  it('ends with the erasure, which is told once', async () => {
    await line.customer();
    await line.erase.erase(CLINIC.id, 'anna', 'person');
    await line.erase.erase(CLINIC.id, 'anna', 'person');
    await publishing.runOnce();
    expect(world.told.map(({ type }) => type)).toEqual(['customer.erased.v1']);
    expect(world.told[0]?.data).toEqual({ customer: 'anna' });
  });
});

it('tells that a survey was answered and changed, not what was said', async () => {
  const answer = { booking: 'b1', customer: 'anna', score: 3, comment: 'Cold', language: 'sv' };
  await line.answers.keep(CLINIC.id, answer, line.clock.now());
  line.clock.pass(60_000);
  const changed = await line.answers.keep(CLINIC.id, { ...answer, score: 9 }, line.clock.now());
  expect(changed).toMatchObject({ score: 9 });
  await publishing.runOnce();
  expect(world.told).toMatchObject([
    { type: 'survey.answered.v1', data: { customer: 'anna', booking: 'b1' } },
    { type: 'survey.answered.v1', data: { customer: 'anna', booking: 'b1' } },
  ]);
  expect(JSON.stringify(world.told)).not.toMatch(/Cold|score/);
});

describe('a task', () => {
  const calling = {
    kind: 'call',
    customer: 'anna',
    purpose: 'offer-call',
    message: null,
    of: 'row-1',
  } as const;
  const end = (how: 'done' | 'objected', id: string, tenant = CLINIC.id) =>
    new EndTask(tasks, line.withdraw, line.clock).end(tenant, id, how, 'Maja');

  it('opens once, is told once, ends once, and is its own tenant’s', async () => {
    const [id] = await tasks.open(CLINIC.id, [calling], line.clock.now());
    expect((await tasks.open(CLINIC.id, [calling], line.clock.now())).size).toBe(0);
    await publishing.runOnce();
    expect(world.told).toMatchObject([
      { type: 'task.opened.v1', data: { task: id, kind: 'call', customer: 'anna', purpose: 'offer-call' } },
    ]);
    expect(await end('done', id!, NEIGHBOUR.id)).toBeNull();
    expect(await end('done', id!)).toMatchObject({
      kind: 'ended',
      task: { status: 'done', endedBy: 'Maja' },
    });
    expect(await end('objected', id!)).toMatchObject({ task: { status: 'done' } });
    expect((await tasks.open(CLINIC.id, [calling], line.clock.now())).size).toBe(0);
  });

  it('that was objected to stops its purpose on every channel, before it ends', async () => {
    await line.customer();
    const [id] = await tasks.open(CLINIC.id, [calling], line.clock.now());
    line.faults.arm(2, 'crash-before');
    await end('objected', id!).catch(() => undefined);
    expect(line.faults.struck).toBe(true);
    await line.faults.revive();
    expect(await tasks.find(CLINIC.id, id!)).toMatchObject({ status: 'open' });
    expect(await end('objected', id!)).toMatchObject({ task: { status: 'objected' } });
    expect((await line.person()).choiceLog).toMatchObject([
      { purpose: 'offer-call', channel: 'all', state: 'objected', via: 'staff' },
    ]);
  });

  it('about what is owed cannot be objected to, and stays open', async () => {
    const owed = { ...calling, purpose: 'booking' as const };
    const [id] = await tasks.open(CLINIC.id, [owed], line.clock.now());
    expect(await end('objected', id!)).toMatchObject({ kind: 'cannot' });
    expect(await tasks.find(CLINIC.id, id!)).toMatchObject({ status: 'open' });
  });

  it('is opened by what nobody knows to be sent, when only a person can tell, and settles with it', async () => {
    const attempt = (at: Date) => ({
      ...{ n: 1, ref: 'r1', channel: 'email' as const, at, outcome: 'unknown', providerId: null },
    });
    const at = line.clock.now();
    await line.row({ _id: 'survey', purpose: 'survey', status: 'unknown', attempts: [attempt(at)] });
    await line.row({ _id: 'booking', purpose: 'booking', status: 'unknown', attempts: [attempt(at)] });
    const opening = new OpenTasks(line.messages, tasks);
    expect(await opening.runOnce(line.clock.now())).toEqual({ opened: 0, settled: 0 });
    line.clock.pass(PERSON_AFTER_MS);
    expect(await opening.runOnce(line.clock.now())).toEqual({ opened: 1, settled: 0 });
    expect(await opening.runOnce(line.clock.now())).toEqual({ opened: 0, settled: 0 });
    line.clock.pass(RESEND_PATIENCE_MS);
    expect(await opening.runOnce(line.clock.now())).toEqual({ opened: 1, settled: 0 });
    const list = await tasks.list(CLINIC.id, { status: 'open' }, { after: null, limit: 10 });
    expect(list.map(({ message }) => message)).toEqual(['survey', 'booking']);
    await line.connection.collection('messages').deleteOne({ _id: 'survey' as never });
    expect(await opening.runOnce(line.clock.now())).toEqual({ opened: 0, settled: 1 });
  });
});
