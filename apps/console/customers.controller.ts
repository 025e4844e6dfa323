import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import type { Response } from 'express';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { wouldLift } from '#consent/choices';
import { optOutsOnly, type Suppression } from '#consent/suppression';
import { SuppressionStore } from '#consent/suppression.store';
import { BookingStore } from '#customers/booking.store';
import { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import { MessageStore } from '#messages/message.store';
import { Clock } from '#platform/clock';
import { choice } from '#events/parts';
import { isLostServer } from '#platform/mongo';
import { PendingChoices } from '#privacy/pending-choices';
import { Erase, type Erasure } from '#privacy/erase';
import { Restrict } from '#privacy/restrict';
import { addressesOf, Withdraw } from '#privacy/withdraw';
import { Tenants } from '#tenants/tenant';
import { Asking } from './asking.js';
import { etagOf, etagsIn } from './customer-etag.js';
import { customerView, type CustomerView } from './customer-view.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';

const MOST_MESSAGES = 100;
const choicesBody = z.strictObject({
  choices: z
    .array(choice, { error: 'expected a list of choices' })
    .min(1, 'expected at least one choice')
    .max(200),
});

/** Nothing is called done that the ledger does not hold yet. */
const RECEIVED = {
  status: 'received',
  detail: 'the database does not answer: this is kept, and is not done before it answers again',
} as const;

/** A person, to staff: what is known, what they chose, what they got; and what they may ask for. */
@Controller('v1/customers')
export class CustomersController {
  constructor(
    private readonly customers: CustomerStore,
    private readonly bookings: BookingStore,
    private readonly messages: MessageStore,
    private readonly suppressions: SuppressionStore,
    private readonly withdraw: Withdraw,
    private readonly restriction: Restrict,
    private readonly erasure: Erase,
    private readonly pending: PendingChoices,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  @Get(':id')
  @Roles('marketer', 'approver', 'privacy')
  async one(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CustomerView> {
    const customer = orNotFound(await this.customers.find(caller.tenant, id), 'a customer of this id');
    return this.view(caller.tenant, customer, response);
  }

  @Put(':id/choices')
  @Roles('marketer', 'privacy')
  async choose(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CustomerView | typeof RECEIVED> {
    const { choices } = readInput(choicesBody, body);
    try {
      return await this.chosen(caller, id, ifMatch, choices, response);
    } catch (error) {
      // B5: a plain no is kept where it is safe until the ledger is back.
      const from = { kind: 'customer', tenant: caller.tenant, customer: id } as const;
      if (!isLostServer(error) || !(await this.pending.append(from, choices))) throw error;
      response.status(202);
      return RECEIVED;
    }
  }

  private async chosen(
    caller: Caller,
    id: string,
    ifMatch: string | undefined,
    choices: z.output<typeof choicesBody>['choices'],
    response: Response,
  ): Promise<CustomerView> {
    const customer = living(
      orNotFound(await this.customers.find(caller.tenant, id), 'a customer of this id'),
    );
    const optOuts = optOutsOnly(await this.records(caller.tenant, customer));
    const etag = etagOf(customer, optOuts);
    const isConditional = ifMatch !== undefined && ifMatch.trim() !== '*';
    if (isConditional && !etagsIn(ifMatch).includes(etag)) {
      throw new Problem(412, 'the customer has changed since this ETag was read; read again and decide anew');
    }
    const isLifting = wouldLift(customer.choiceLog, choices, { customer: id, optOuts });
    if (isLifting && !isConditional) {
      throw new Problem(
        428,
        'a given that lifts a withdrawal needs If-Match with the ETag of GET /v1/customers/:id',
      );
    }
    const now = this.clock.now();
    const after = await this.withdraw.hearChoices(
      caller.tenant,
      id,
      choices,
      {
        id: `put:${randomUUID()}`,
        at: now,
        recordedAt: now,
        via: 'staff',
        ...(isLifting ? { mayLift: true } : {}),
      },
      // What was read to decide whether it lifts must still hold when it is written. A plain no always counts.
      isConditional ? { onlyAt: (current) => etagOf(current, optOuts) === etag } : {},
    );
    if (after === 'changed') {
      throw new Problem(412, 'the customer has changed since this ETag was read; read again and decide anew');
    }
    return this.view(caller.tenant, orNotFound(after, 'a customer of this id'), response);
  }

  @Post(':id/restrict')
  @HttpCode(200)
  @Roles('privacy')
  async restrict(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CustomerView> {
    const after = await this.restriction.restrict(caller.tenant, id);
    return this.view(caller.tenant, orNotFound(after, 'a customer of this id'), response);
  }

  @Post(':id/unrestrict')
  @HttpCode(200)
  @Roles('privacy')
  async unrestrict(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CustomerView> {
    const after = await this.restriction.unrestrict(caller.tenant, id);
    return this.view(caller.tenant, orNotFound(after, 'a customer of this id'), response);
  }

  @Delete(':id')
  @HttpCode(200)
  @Roles('privacy')
  async erase(@Asking() caller: Caller, @Param('id') id: string): Promise<Erasure> {
    return orNotFound(await this.erasure.erase(caller.tenant, id, 'staff'), 'a customer of this id');
  }

  private async view(tenant: string, customer: Customer, response: Response): Promise<CustomerView> {
    const [bookings, rows, records] = await Promise.all([
      this.bookings.findOfCustomer(tenant, customer.customer),
      this.messages.findOfCustomer(tenant, customer.customer, MOST_MESSAGES),
      this.records(tenant, customer),
    ]);
    response.setHeader('ETag', etagOf(customer, optOutsOnly(records)));
    const policy = this.tenants.get(tenant)?.policy;
    if (policy === undefined) throw new Error('a key of an unknown tenant passed the guard');
    return customerView(customer, bookings, rows, records, { policy, now: this.clock.now() });
  }

  private async records(tenant: string, customer: Customer): Promise<Suppression[]> {
    const found = await this.suppressions.findByAddresses(tenant, addressesOf(customer), {
      evenClosed: true,
    });
    return [...found.values()].flat();
  }
}

function living(customer: Customer): Customer {
  if (customer.erasedAt !== null) throw new Problem(410, 'this customer was erased');
  return customer;
}
