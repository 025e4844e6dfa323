import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Put,
  Req,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
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
import type { Kept } from '#privacy/kept';
import { Extract } from '#privacy/extract';
import { extractCsv } from '#privacy/extract-csv';
import type { PersonExtract } from '#privacy/extract.types';
import { Rectify } from '#privacy/rectify';
import { Requests } from '#privacy/requests';
import { Restrict } from '#privacy/restrict';
import { addressesOf, Withdraw } from '#privacy/withdraw';
import { Tenants, type Tenant } from '#tenants/tenant';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { etagOf, etagsIn } from './customer-etag.js';
import { customerView, type CustomerView } from './customer-view.js';
import { Roles, type Caller } from './keys.guard.js';
import { orNotFound, Problem } from './problem.js';
import { readCorrection } from './read-correction.js';
import { readInput } from './read-query.js';

const MOST_MESSAGES = 100;
export const choicesBody = z.strictObject({
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
    private readonly rectification: Rectify,
    private readonly restriction: Restrict,
    private readonly extracts: Extract,
    private readonly requests: Requests,
    private readonly erasure: Erase,
    private readonly pending: PendingChoices,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
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
    if (isConditional && !etagsIn(ifMatch).includes(etag)) throw hasChanged();
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
    if (after === 'changed') throw hasChanged();
    const known = orNotFound(after, 'a customer of this id');
    const said = choices.map(({ purpose, channel, state }) => `${purpose} ${channel} ${state}`);
    await this.audit.note(caller, 'choices.put', { customer: id, detail: { choices: said } });
    if (choices.some(({ state }) => state === 'objected')) {
      await this.requests.note(caller.tenant, id, 'objection', 'staff', caller.name);
    }
    return this.view(caller.tenant, known, response);
  }

  /**
   * Corrects facts (GDPR 16): absent = unchanged, null = cleared. Who may change where a person is reached may open all
   * that is known of them (`/me`), so it is not for marketers.
   */
  @Patch(':id')
  @Roles('privacy')
  async rectify(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CustomerView> {
    const facts = readCorrection(body, this.tenantOf(caller).country);
    const isConditional = ifMatch !== undefined && ifMatch.trim() !== '*';
    const known = living(orNotFound(await this.customers.find(caller.tenant, id), 'a customer of this id'));
    const optOuts = isConditional ? optOutsOnly(await this.records(caller.tenant, known)) : [];
    const done = await this.rectification.rectify(
      caller.tenant,
      id,
      facts,
      isConditional ? { onlyAt: (current) => etagsIn(ifMatch).includes(etagOf(current, optOuts)) } : {},
    );
    switch (done.kind) {
      case 'unknown':
        throw new Problem(404, 'a customer of this id is not known');
      case 'erased':
        throw new Problem(410, 'this customer was erased');
      case 'changed':
        throw hasChanged();
      case 'rectified':
        await this.audit.note(caller, 'customer.rectified', {
          customer: id,
          detail: { fields: done.fields },
        });
        await this.requests.note(caller.tenant, id, 'rectification', 'staff', caller.name);
        return this.view(caller.tenant, done.customer, response);
    }
  }

  /** Everything that is stored (GDPR 15, 20), as JSON; as CSV when asked. */
  @Post(':id/export')
  @HttpCode(200)
  @Roles('privacy')
  async export(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PersonExtract | string> {
    orNotFound(await this.customers.find(caller.tenant, id), 'a customer of this id');
    await this.audit.note(caller, 'customer.exported', { customer: id });
    await this.requests.note(caller.tenant, id, 'access', 'staff', caller.name);
    const extract = orNotFound(await this.extracts.one(this.tenantOf(caller), id), 'a customer of this id');
    if (request.accepts(['application/json', 'text/csv']) !== 'text/csv') return extract;
    response.type('text/csv; charset=utf-8');
    return extractCsv(extract);
  }

  @Post(':id/restrict')
  @HttpCode(200)
  @Roles('privacy')
  async restrict(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CustomerView> {
    const after = orNotFound(await this.restriction.restrict(caller.tenant, id), 'a customer of this id');
    await this.audit.note(caller, 'customer.restricted', { customer: id });
    await this.requests.note(caller.tenant, id, 'restriction', 'staff', caller.name);
    return this.view(caller.tenant, after, response);
  }

  @Post(':id/unrestrict')
  @HttpCode(200)
  @Roles('privacy')
  async unrestrict(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CustomerView> {
    const after = orNotFound(await this.restriction.unrestrict(caller.tenant, id), 'a customer of this id');
    await this.audit.note(caller, 'customer.unrestricted', { customer: id });
    return this.view(caller.tenant, after, response);
  }

  @Delete(':id')
  @HttpCode(200)
  @Roles('privacy')
  async erase(
    @Asking() caller: Caller,
    @Param('id') id: string,
  ): Promise<Pick<Erasure, 'erased'> & { kept: Omit<Kept, 'code'>[] }> {
    orNotFound(await this.customers.find(caller.tenant, id), 'a customer of this id');
    await this.audit.note(caller, 'customer.erased', { customer: id });
    const { erased, kept } = orNotFound(
      await this.erasure.erase(caller.tenant, id, 'staff'),
      'a customer of this id',
    );
    return { erased, kept: kept.map(({ code: _code, ...said }) => said) };
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

  private tenantOf({ tenant }: Caller): Tenant {
    return orNotFound(this.tenants.get(tenant), 'the tenant of this key');
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

function hasChanged(): Problem {
  return new Problem(412, 'the customer has changed since this ETag was read; read again and decide anew');
}
