import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { DispatchBatch } from '#dispatch/dispatch-batch';
import type { Due } from '#dispatch/due.types';
import type { Heard, Verdict } from '#messaging/event-source';
import { Hears } from '#messaging/hears';
import { Tenants } from '#tenants/tenant';

const PORTION = { batchSize: 100, concurrency: 4 };

/** Takes what is due, recall before service before marketing, each from a topic of its own. */
@Controller()
export class DueConsumer {
  constructor(
    private readonly dispatchBatch: DispatchBatch,
    private readonly tenants: Tenants,
  ) {}

  @Hears('messages.due.recall', PORTION)
  recall(@Payload() batch: readonly Heard[]): Promise<Verdict[]> {
    return this.dispatch(batch);
  }

  @Hears('messages.due.service', PORTION)
  service(@Payload() batch: readonly Heard[]): Promise<Verdict[]> {
    return this.dispatch(batch);
  }

  @Hears('messages.due.marketing', PORTION)
  marketing(@Payload() batch: readonly Heard[]): Promise<Verdict[]> {
    return this.dispatch(batch);
  }

  private async dispatch(batch: readonly Heard[]): Promise<Verdict[]> {
    const due = batch.map((heard) => ({
      ...(JSON.parse(heard.value.toString('utf8')) as Due),
      deliveries: heard.deliveries,
    }));
    const verdicts = new Map<(typeof due)[number], Verdict>();
    for (const id of new Set(due.map(({ tenant }) => tenant))) {
      const tenant = this.tenants.get(id);
      const own = due.filter((one) => one.tenant === id);
      const said =
        tenant === undefined
          ? own.map((): Verdict => ({ kind: 'give-up', reason: 'no such tenant in this process' }))
          : await this.dispatchBatch.run(tenant, own);
      own.forEach((one, index) => verdicts.set(one, said[index] ?? { kind: 'done' }));
    }
    return due.map((one) => verdicts.get(one) ?? { kind: 'done' });
  }
}
