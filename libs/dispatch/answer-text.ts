import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { requestRow } from '#messages/request-row';
import type { Clock } from '#platform/clock';
import type { DoubleOptIn } from '#privacy/double-opt-in';
import type { ReleaseDue } from './release-due.js';

/** The journey and the template of the answer to HELP. */
const HELP = 'help';

/**
 * Answers what people text to us: by messages of the ledger, as `support`, through the gate like every other. They go by
 * SMS first; where its STOP stands in the way, a mail says the same.
 */
export class AnswerText {
  constructor(
    private readonly messages: MessageStore,
    private readonly doubleOptIn: DoubleOptIn,
    private readonly releaseDue: ReleaseDue,
    private readonly clock: Clock,
  ) {}

  /** Who we are and how to say stop; once a day, so that two machines do not talk to each other all night. */
  async help(tenant: string, { customer }: Customer): Promise<void> {
    const now = this.clock.now();
    const day = now.toISOString().slice(0, 10);
    const row = requestRow(
      {
        ...{ tenant, customer, journey: HELP, template: HELP, channel: 'sms' },
        ...{ by: day, about: HELP, event: null, why: 'asked for help in a text' },
      },
      now,
    );
    await this.messages.insertPlanned([row]);
    await this.release(tenant, row, now);
  }

  /** Asks who said START after a STOP whether they want texts again; `heard` names the text. */
  async start(tenant: string, customer: Customer, phone: string, heard: string): Promise<void> {
    const now = this.clock.now();
    const row = await this.doubleOptIn.afterStart(tenant, customer, phone, heard, now);
    if (row !== null) await this.release(tenant, row, now);
  }

  /** The row is written, which is what counts; where the topics are away, the scheduler releases what is due. */
  private async release(tenant: string, { _id }: MessageRow, now: Date): Promise<void> {
    const rows = await this.messages.findByIds(tenant, [_id]);
    await this.releaseDue.release(rows, now).catch(() => undefined);
  }
}
