import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { z } from 'zod';
import { AskGate } from '#dispatch/ask-gate';
import type { Trace } from '#purposes/trace';
import { CHANNELS } from '#purposes/channel';
import { PURPOSES } from '#purposes/purpose';
import { Clock } from '#platform/clock';
import { Asking } from './asking.js';
import { Roles, type Caller } from './keys.guard.js';
import { readInput } from './read-query.js';

export const questionBody = z.strictObject({
  customer: z.string({ error: 'expected a customer id' }).min(1, 'expected a customer id'),
  purpose: z.enum(PURPOSES, { error: `expected one of ${PURPOSES.join(', ')}` }),
  channel: z.enum(CHANNELS, { error: `expected one of ${CHANNELS.join(', ')}` }),
  at: z.iso
    .datetime({ offset: true, error: 'expected an RFC 3339 date-time' })
    .transform((text) => new Date(text))
    .optional(),
});

interface DecisionAnswer {
  outcome: 'permit' | 'refuse' | 'hold';
  reason?: string;
  until?: Date;
  trace: Trace;
}

/** The gate, dry: what it would say of a message to this person, now or at another time. */
@Controller('v1/decisions')
export class DecisionsController {
  constructor(
    private readonly askGate: AskGate,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @Roles('ingest', 'marketer', 'approver', 'privacy')
  async decide(@Asking() caller: Caller, @Body() body: unknown): Promise<DecisionAnswer> {
    const { customer, purpose, channel, at } = readInput(questionBody, body);
    const decision = await this.askGate.ask(
      caller.tenant,
      customer,
      purpose,
      channel,
      at ?? this.clock.now(),
    );
    const { kind: outcome, trace } = decision;
    switch (decision.kind) {
      case 'permit':
        return { outcome, trace };
      case 'refuse':
        return { outcome, reason: decision.reason, trace };
      case 'hold':
        return { outcome, reason: decision.reason, until: decision.until, trace };
    }
  }
}
