import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CLINIC } from '#privacy/ledger.fixture';
import { accepted, Line } from './line.fixture.js';
import { MOST_CALLS } from './portion.js';

let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());
beforeEach(() => line.clear());

it('more than a pass makes calls for: each part by facts of its own, all of them once', async () => {
  const count = 2 * MOST_CALLS + 5;
  const ids = await Promise.all(Array.from({ length: count }, (_, at) => line.confirmation(`p${at}`)));
  let open = 0;
  let widest = 0;
  line.provider.answer = async (envelope) => {
    widest = Math.max(widest, (open += 1));
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return accepted(envelope);
  };
  await line.releaseDue.runOnce(line.clock.now());
  const verdicts = await line.dispatch.run(CLINIC, line.topics.take(count));
  expect(verdicts).toEqual(Array(count).fill({ kind: 'done' }));
  expect(line.provider.accepted).toEqual(new Map(ids.map((id) => [id, 1])));
  expect(widest).toBe(MOST_CALLS);
});

it('gives way once, with the last part: before that its own parts are still to come', async () => {
  const count = MOST_CALLS + 1;
  await Promise.all(Array.from({ length: count }, (_, at) => line.confirmation(`p${at}`)));
  await line.releaseDue.runOnce(line.clock.now());
  let ways = 0;
  await line.dispatch.run(CLINIC, line.topics.take(count), undefined, () => void (ways += 1));
  expect([line.provider.accepted.size, ways]).toEqual([count, 1]);
});

it('no pass begins once the process stops: what had none lies as it was, and goes out once by the next', async () => {
  const count = 2 * MOST_CALLS + 5;
  const ids = await Promise.all(Array.from({ length: count }, (_, at) => line.confirmation(`p${at}`)));
  await line.releaseDue.runOnce(line.clock.now());
  const batch = line.topics.take(count);
  const stopping = new AbortController();
  line.provider.answer = (envelope) => {
    stopping.abort();
    return accepted(envelope);
  };
  const verdicts = await line.dispatch.run(CLINIC, batch, stopping.signal);
  const left = batch.filter((_, at) => verdicts[at]?.kind === 'left');
  expect([line.provider.calls.length, left.length]).toEqual([MOST_CALLS, count - MOST_CALLS]);
  const rows = await line.messages.findByIds(
    CLINIC.id,
    left.map(({ id }) => id),
  );
  expect(rows.map(({ status, attempts }) => [status, attempts.length])).toEqual(
    left.map(() => ['released', 0]),
  );
  expect(await line.dispatch.run(CLINIC, left, stopping.signal)).toEqual(left.map(() => ({ kind: 'left' })));
  const next = await line.another();
  expect(await next.dispatch.run(CLINIC, batch)).toEqual(Array(count).fill({ kind: 'done' }));
  await next.leave();
  expect(line.provider.accepted).toEqual(new Map(ids.map((id) => [id, 1])));
});
