import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Outcome } from '#channels/outcome';
import { Line } from './line.fixture.js';
import { RELEASED_STUCK_MS, SENDING_STUCK_MS } from './repair-stuck.js';

let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

const repair = () => line.repairStuck.runOnce(line.clock.now());

/** Released, claimed, and its process gone. */
async function leftSending(): Promise<string> {
  const id = await line.confirmation();
  const doomed = await line.another();
  await line.releaseDue.runOnce(line.clock.now());
  line.provider.answer = (envelope): Outcome => {
    doomed.faults.arm(1, 'crash-before');
    return { kind: 'accepted', providerId: envelope.ref };
  };
  await expect(doomed.drain()).rejects.toThrow('connection closed');
  await doomed.leave();
  line.topics.records.length = 0;
  expect((await line.rowOf(id)).status).toBe('sending');
  return id;
}

it('calls unknown what was seen sending twice, far enough apart', async () => {
  const id = await leftSending();
  expect(await repair()).toEqual({ unknown: 0, reproduced: 0 });
  line.clock.pass(SENDING_STUCK_MS - 1);
  expect(await repair()).toEqual({ unknown: 0, reproduced: 0 });
  line.clock.pass(1);
  expect(await repair()).toEqual({ unknown: 1, reproduced: 0 });
  expect(await line.rowOf(id)).toMatchObject({ status: 'unknown' });
});

it('goes by its own sightings: wall time that jumps, or another process, proves nothing', async () => {
  await leftSending();
  await repair();
  line.clock.set(new Date(line.clock.now().getTime() + 86_400_000));
  expect(await repair()).toEqual({ unknown: 0, reproduced: 0 });
  line.clock.pass(SENDING_STUCK_MS);
  const other = await line.another();
  expect(await other.repairStuck.runOnce(line.clock.now())).toEqual({ unknown: 0, reproduced: 0 });
  await other.leave();
});

it('starts counting anew where the row was written in between', async () => {
  const id = await line.confirmation();
  await line.releaseDue.runOnce(line.clock.now());
  await repair();
  line.clock.pass(RELEASED_STUCK_MS - 1);
  await line.messages.touch([await line.rowOf(id)]);
  await repair();
  line.clock.pass(1);
  expect(await repair()).toEqual({ unknown: 0, reproduced: 0 });
});

it('produces again what stays released, and it goes out once', async () => {
  const id = await line.confirmation();
  await line.releaseDue.runOnce(line.clock.now());
  const lost = line.topics.take();
  await repair();
  line.clock.pass(RELEASED_STUCK_MS);
  expect(await repair()).toEqual({ unknown: 0, reproduced: 1 });
  line.topics.records.push(...lost.map((due) => ({ ...due, topic: '', key: null })));
  await line.drain();
  expect(line.provider.accepted).toEqual(new Map([[id, 1]]));
});

it('waits for a topic that is behind: what lay on it at the first sighting is handled first', async () => {
  const id = await line.confirmation();
  await line.releaseDue.runOnce(line.clock.now());
  await repair();
  line.clock.pass(RELEASED_STUCK_MS);
  expect(await repair()).toEqual({ unknown: 0, reproduced: 0 });
  line.clock.pass(RELEASED_STUCK_MS);
  expect(await repair()).toEqual({ unknown: 0, reproduced: 0 });
  // Its dispatcher has taken it, said that it is done with it, and died before it wrote.
  line.topics.take();
  expect(await repair()).toEqual({ unknown: 0, reproduced: 1 });
  await line.drain();
  expect(line.provider.accepted).toEqual(new Map([[id, 1]]));
});

it('does not wait for what came to the topic later: under traffic something always lies there', async () => {
  await line.confirmation();
  await line.releaseDue.runOnce(line.clock.now());
  line.topics.take();
  await repair();
  line.clock.pass(RELEASED_STUCK_MS);
  await line.confirmation('bo');
  await line.releaseDue.runOnce(line.clock.now());
  expect(line.topics.records).toHaveLength(1);
  expect(await repair()).toEqual({ unknown: 0, reproduced: 1 });
});

it('still ends what is stuck in sending where the topic cannot be asked, and counts on', async () => {
  const id = await leftSending();
  await line.confirmation('bo');
  await line.releaseDue.runOnce(line.clock.now());
  line.topics.take();
  await repair();
  line.clock.pass(RELEASED_STUCK_MS);
  const { standing } = line.topics;
  line.topics.standing = () => Promise.reject(new Error('no broker'));
  await expect(repair()).rejects.toThrow('no broker');
  expect(await line.rowOf(id)).toMatchObject({ status: 'unknown' });
  line.topics.standing = standing;
  expect(await repair()).toEqual({ unknown: 0, reproduced: 1 });
});

it('leaves planned rows and ended ones alone', async () => {
  const id = await line.confirmation();
  await repair();
  line.clock.pass(RELEASED_STUCK_MS);
  expect(await repair()).toEqual({ unknown: 0, reproduced: 0 });
  expect((await line.rowOf(id)).status).toBe('planned');
});
