import 'reflect-metadata';
import { afterEach, expect, it } from '@jest/globals';
import { type INestMicroservice, Module } from '@nestjs/common';
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

/** The consumer on these topics, before this instead of the dispatch. */
async function consuming(topics: MemoryTopics, dispatch: object): Promise<INestMicroservice> {
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
    ...{ group: 'g', log: silent, isOutage: () => false, deadLetter: () => Promise.resolve(), queuedMs: 20 },
  });
  const app = await NestFactory.createMicroservice(Dispatcher, {
    strategy: new LagomTransport(source),
    logger: false,
  });
  close = () => app.close();
  return app;
}

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
  const app = await consuming(topics, dispatch);
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

it('says to the batch in flight that the process stops', async () => {
  const topics = new MemoryTopics();
  const begun: AbortSignal[] = [];
  const dispatch = {
    run: async (_: unknown, batch: readonly Due[], stopping: AbortSignal): Promise<Verdict[]> => {
      begun.push(stopping);
      if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener('abort', resolve));
      return batch.map(() => ({ kind: 'left' }));
    },
  };
  const app = await consuming(topics, dispatch);
  await app.listen();
  await topics.produce(dueTopic('service'), [
    { key: 'clinic/c', value: JSON.stringify({ tenant: 'clinic', id: 'service/1', release: 1 }) },
  ]);
  await app.close();
  close = undefined;
  expect(begun.map(({ aborted }) => aborted)).toEqual([true]);
});
