import 'reflect-metadata';
import { afterEach, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DispatchBatch } from '#dispatch/dispatch-batch';
import { type Due, dueTopic } from '#dispatch/due.types';
import type { Verdict } from '#messaging/event-source';
import { LagomTransport } from '#messaging/lagom-transport';
import { MemorySource } from '#messaging/memory-source';
import { MemoryTopics } from '#messaging/memory-topics';
import { NO_TRACING, Tracing } from '#platform/tracing';
import { Tenants } from '#tenants/tenant';
import { DueConsumer } from './due.consumer.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const EACH = 300;
let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

it('recall passes service passes marketing, while all three topics are full and the provider is slow', async () => {
  const topics = new MemoryTopics();
  const taken: string[] = [];
  let all: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (all = resolve));
  const dispatch = {
    run: async (_: unknown, batch: readonly Due[]): Promise<Verdict[]> => {
      taken.push(...batch.map(({ id }) => id.split('/')[0] ?? ''));
      if (taken.length === 3 * EACH) all();
      await new Promise((resolve) => setTimeout(resolve, 5));
      return batch.map(() => ({ kind: 'done' }));
    },
  };
  @Module({
    controllers: [DueConsumer],
    providers: [
      { provide: DispatchBatch, useValue: dispatch },
      { provide: Tenants, useValue: { get: (id: string) => ({ id }) } },
      { provide: Tracing, useValue: NO_TRACING },
    ],
  })
  class Dispatcher {}
  const source = new MemorySource(topics, {
    ...{ group: 'g', log: silent, isOutage: () => false, deadLetter: () => Promise.resolve() },
  });
  const app = await NestFactory.createMicroservice(Dispatcher, {
    strategy: new LagomTransport(source),
    logger: false,
  });
  close = () => app.close();
  // The least urgent first: what is there when the dispatcher comes is not taken in the order in which it came.
  for (const dueClass of ['marketing', 'service', 'recall'] as const) {
    await topics.produce(
      dueTopic(dueClass),
      Array.from({ length: EACH }, (_, n) => ({
        key: `clinic/c${n}`,
        value: JSON.stringify({ tenant: 'clinic', id: `${dueClass}/${n}`, release: 1 } satisfies Due),
      })),
    );
  }
  await app.listen();
  await done;
  // A topic's first batches may begin before the source has told of the one above it.
  const share = (from: number, of: string) =>
    taken.slice(from, from + EACH).filter((one) => one === of).length / EACH;
  expect(share(0, 'recall')).toBeGreaterThan(0.5);
  expect(taken.lastIndexOf('recall')).toBeLessThan(taken.lastIndexOf('service'));
  expect(taken.lastIndexOf('service')).toBeLessThan(taken.lastIndexOf('marketing'));
  const afterRecall = taken.slice(taken.lastIndexOf('recall') + 1);
  expect(afterRecall.slice(0, 100)).toEqual(Array(100).fill('service'));
});
