import { expect, it } from '@jest/globals';
import { KafkaJSConnectionError, type Admin } from 'kafkajs';
import { KafkaOffsets } from './kafka-offsets.js';
import { KafkaPartition } from './kafka-partition.js';

/** An admin whose first answer is lost with its connection. */
function flaky(offset: string): { admin: Admin; asked: () => number } {
  let asked = 0;
  const fetchOffsets = async ({ topics }: { topics: string[] }) => {
    asked += 1;
    if (asked === 1) throw new KafkaJSConnectionError('closed');
    return topics.map((topic) => ({ topic, partitions: [{ partition: 0, offset, metadata: null }] }));
  };
  return { admin: { fetchOffsets } as unknown as Admin, asked: () => asked };
}

it('asks anew where a group stands when the answer was lost, in the same generation', async () => {
  const { admin, asked } = flaky('7');
  const offsets = new KafkaOffsets(admin, 'group', 100, { warn: () => undefined } as never, () => undefined);
  const part = new KafkaPartition('topic', 0);
  offsets.begin([part]);
  await expect(offsets.fits(part, '7')).rejects.toThrow('closed');
  await expect(offsets.fits(part, '7')).resolves.toBe(true);
  // Known by now.
  await expect(offsets.fits(part, '7')).resolves.toBe(true);
  expect(asked()).toBe(2);
});

it('does not fit where a fetch began beyond what the group has committed', async () => {
  const { admin } = flaky('7');
  const offsets = new KafkaOffsets(admin, 'group', 100, { warn: () => undefined } as never, () => undefined);
  const part = new KafkaPartition('topic', 0);
  await offsets.fits(part, '9').catch(() => undefined);
  await expect(offsets.fits(part, '9')).resolves.toBe(false);
});
