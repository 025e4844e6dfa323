import { expect, it } from '@jest/globals';
import { KafkaJSProtocolError, type Admin } from 'kafkajs';
import { topicLag } from './topic-lag.js';

/** As a broker answers whose coordinator has just been chosen. */
class Loading extends KafkaJSProtocolError {
  constructor(retriable: boolean) {
    super('The coordinator is loading');
    Object.assign(this, { retriable });
  }
}

const admin = (faults: Error[]): Admin =>
  ({
    fetchTopicOffsets: async () => [{ partition: 0, offset: '9', low: '2', high: '9' }],
    fetchOffsets: async () => {
      const fault = faults.shift();
      if (fault) throw fault;
      return [{ topic: 'topic', partitions: [{ partition: 0, offset: '4', metadata: null }] }];
    },
  }) as unknown as Admin;

it('asks again while a coordinator is loading', async () => {
  const faults = [new Loading(true), new Loading(true)];
  await expect(topicLag(admin(faults), 'group', 'topic')).resolves.toBe(5);
  expect(faults).toEqual([]);
});

it('gives up what will not pass by itself', async () => {
  const faults = [new Loading(false)];
  await expect(topicLag(admin(faults), 'group', 'topic')).rejects.toThrow('loading');
});
