import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CLINIC } from '#privacy/ledger.fixture';
import { accepted, Line } from './line.fixture.js';
import { MOST_CALLS } from './portion.js';

let line: Line;
beforeAll(async () => {
  line = await Line.open();
});
afterAll(() => line.close());

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
