import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { Ear, isOutage, nameOf, Outage, quick, silent } from './ear.fixture.js';
import type { Heard, Verdict } from './event-source.js';
import { Hears } from './hears.js';
import { type HearingContext, LagomTransport } from './lagom-transport.js';
import { MemorySink } from './memory-sink.js';
import { MemorySource } from './memory-source.js';
import { MemoryTopics } from './memory-topics.js';

const heard: { topic: string; batch: string[] }[] = [];
let lost = 0;

@Controller()
class Consumer {
  @Hears('portions', { batchSize: 3, concurrency: 1, lingerMs: 10 })
  async portions(
    @Payload() batch: readonly Heard[],
    @Ctx() context: HearingContext,
  ): Promise<readonly Verdict[]> {
    heard.push({ topic: context.topic, batch: batch.map(nameOf) });
    return batch.map(({ key }) => (key === 'bad' ? { kind: 'give-up', reason: 'wrong' } : { kind: 'done' }));
  }

  @EventPattern('plain')
  async plain(@Payload() batch: readonly Heard[]): Promise<readonly Verdict[]> {
    heard.push({ topic: 'plain', batch: batch.map(nameOf) });
    if (batch[0]?.key === 'throws') throw new Error('hidden');
    return batch.map(() => ({ kind: 'done' }));
  }

  @Hears('shaky')
  async shaky(@Payload() batch: readonly Heard[]): Promise<readonly Verdict[]> {
    lost -= 1;
    if (lost > 0) throw new Outage('down');
    return batch.map(() => ({ kind: 'done' }));
  }
}

@Module({ controllers: [Consumer] })
class App {}

@Controller()
class Replying {
  @MessagePattern('question')
  answer(): string {
    return 'no';
  }
}

describe('the transport for Nest', () => {
  const apps: INestMicroservice[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    heard.length = 0;
  });

  const boot = async (module: object = App) => {
    const topics = new MemoryTopics();
    const ear = new Ear();
    const source = new MemorySource(topics, {
      group: 'nest',
      isOutage,
      log: silent,
      deadLetter: ear.deadLetter,
      ...quick,
    });
    const testing = await Test.createTestingModule(module).compile();
    const app = testing.createNestMicroservice({ strategy: new LagomTransport(source), logger: false });
    await app.listen();
    apps.push(app);
    return { app, source, topics, sink: new MemorySink(topics), ear };
  };

  it('hands batches to handlers and heeds each verdict', async () => {
    const { topics, sink, ear } = await boot({ imports: [App] });
    await sink.produce(
      'portions',
      ['a', 'b', 'bad', 'c'].map((key) => ({ key, value: '1' })),
    );
    await sink.produce('plain', [
      { key: 'p', value: '1' },
      { key: 'q', value: '1' },
    ]);
    await topics.idle();
    expect(heard.filter(({ topic }) => topic === 'portions').map(({ batch }) => batch)).toEqual([
      ['a:1', 'b:1', 'bad:1'],
      ['c:1'],
    ]);
    expect(heard.filter(({ topic }) => topic === 'plain').map(({ batch }) => batch)).toEqual([
      ['p:1'],
      ['q:1'],
    ]);
    expect(ear.dead.map((letter) => [nameOf(letter.heard), letter.why])).toEqual([
      ['bad:1', { reason: 'wrong', handler: 'nest/portions' }],
    ]);
  });

  it('lets a lost server be told from poison', async () => {
    const { topics, sink, ear } = await boot({ imports: [App] });
    lost = 6;
    await sink.produce('shaky', [{ key: 'a', value: '1' }]);
    await topics.idle();
    expect({ lost, dead: ear.dead }).toEqual({ lost: 0, dead: [] });
  });

  it('says so where Nest hides what was thrown', async () => {
    const { topics, sink, ear } = await boot({ imports: [App] });
    await sink.produce('plain', [{ key: 'throws', value: '1' }]);
    await topics.idle();
    expect(ear.dead[0]?.why.reason).toBe('Error: plain: Nest hid what the handler threw, use @Hears');
  });

  it('refuses a handler that expects to reply', async () => {
    await expect(boot({ controllers: [Replying] })).rejects.toThrow(
      'question: messages have no reply, use @Hears',
    );
  });

  it('drains when the app closes', async () => {
    const { app, source, sink } = await boot({ imports: [App] });
    await sink.produce(
      'plain',
      Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: '1' })),
    );
    await app.close();
    apps.length = 0;
    expect(heard).toHaveLength(50);
    expect(source.healthy()).toEqual({ ok: false, why: 'messaging is stopped' });
  });
});
