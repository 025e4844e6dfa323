import { setTimeout as pause } from 'node:timers/promises';
import { All, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ReleaseDue } from '#dispatch/release-due';
import { Clock } from '#platform/clock';
import { PublicRoute } from '#platform/public-route';
import type { ReadRequest } from '#platform/read-body';
import { FormLimits } from '#privacy/form-limits';
import { MyData } from '#privacy/my-data';
import type { Address } from '#privacy/withdraw';
import { normaliseEmail, normalisePhone } from '#purposes/address';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages, refuseMethod } from './answer-pages.js';
import { AnyBodyGuard } from './any-body.guard.js';
import { ClientIp } from './client-ip.js';
import { PageFaultFilter } from './page-fault.filter.js';
import { readForm } from './read-form.js';

/** Every answer takes at least this long, so that its time does not tell whether an address is known. */
const ANSWER_MS = 300;
const MOST_ADDRESS = 254;

/** Asks for a link to one's own data: sent to the address on file. The answer is the same for every address. */
@PublicRoute()
@UseFilters(PageFaultFilter)
@UseGuards(AnyBodyGuard)
@Controller()
export class MeController {
  constructor(
    private readonly tenants: Tenants,
    private readonly limits: FormLimits,
    private readonly clientIp: ClientIp,
    private readonly myData: MyData,
    private readonly releaseDue: ReleaseDue,
    private readonly pages: AnswerPages,
    private readonly clock: Clock,
  ) {}

  @Get('me/:tenant')
  show(@Param('tenant') id: string, @Req() request: Request, @Res() response: Response): void {
    const whose = this.whose(id, request);
    if (whose === null) this.pages.sendNobodys(request, response, 404);
    else this.pages.send(response, 200, 'me', whose, { address: '', fault: false });
  }

  @Post('me/:tenant')
  async ask(
    @Param('tenant') id: string,
    @Req() request: ReadRequest & Request,
    @Res() response: Response,
  ): Promise<void> {
    const whose = this.whose(id, request);
    if (whose === null) {
      this.pages.sendNobodys(request, response, 404);
      return;
    }
    const written = (readForm(request).get('address') ?? '').trim().slice(0, MOST_ADDRESS);
    const address = readAddress(written, whose.tenant);
    if (address === null) {
      this.pages.send(response, 422, 'me', whose, { address: written, fault: true });
      return;
    }
    const wait = await this.limits.take('me', whose.tenant.id, this.clientIp.of(request));
    if (wait !== null) {
      response.set('Retry-After', String(wait));
      this.pages.send(response, 429, 'try-later', whose, {});
      return;
    }
    const began = this.clock.mono();
    const row = await this.myData.ask(whose.tenant, address);
    // The row is written, which is what was promised. Not waited for: its time would tell that the address is known.
    if (row !== null) void this.releaseDue.release([row], this.clock.now()).catch(() => undefined);
    const left = ANSWER_MS - (this.clock.mono() - began);
    if (left > 0) await pause(left);
    this.pages.send(response, 200, 'me-sent', whose, {});
  }

  @All('me/:tenant')
  other(@Req() request: Request, @Res() response: Response): void {
    refuseMethod(request, response);
  }

  /** A link that was cut before its tenant. */
  @Get('me')
  cut(@Req() request: Request, @Res() response: Response): void {
    this.pages.sendNobodys(request, response, 404);
  }

  private whose(id: string, request: Request): { tenant: Tenant; locale: string } | null {
    const tenant = this.tenants.get(id);
    return tenant === undefined ? null : { tenant, locale: this.pages.localeFor(request, tenant, null) };
  }
}

function readAddress(written: string, { country }: Tenant): Address | null {
  const email = normaliseEmail(written);
  if (email.kind === 'good') return { kind: 'email', address: email.address };
  const phone = normalisePhone(written, country);
  return phone.kind === 'good' ? { kind: 'phone', address: phone.address } : null;
}
