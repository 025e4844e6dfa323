import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { Heard, Verdict } from '#messaging/event-source';
import { Hears } from '#messaging/hears';
import { CHOICES_PENDING, TakePending } from '#privacy/pending-choices';

/** Takes the noes that were said while the ledger could not be reached (PROTOCOL B5). */
@Controller()
export class ChoicesPendingConsumer {
  constructor(private readonly pending: TakePending) {}

  @Hears(CHOICES_PENDING, { batchSize: 20, concurrency: 4 })
  async hear(@Payload() batch: readonly Heard[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const { value } of batch) {
      const applied = await this.pending.take(value);
      verdicts.push(
        applied === 'applied'
          ? { kind: 'done' }
          : { kind: 'give-up', reason: 'no record of a pending choice' },
      );
    }
    return verdicts;
  }
}
