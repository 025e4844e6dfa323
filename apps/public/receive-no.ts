import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LinkTokens } from '#consent/link-token';
import { isShortCode } from '#consent/short-code.store';
import { Clock } from '#platform/clock';
import { isLostServer } from '#platform/mongo';
import type { ReadRequest } from '#platform/read-body';
import { PendingChoices } from '#privacy/pending-choices';
import { type Tenant, Tenants } from '#tenants/tenant';
import { AnswerPages } from './answer-pages.js';
import { mayStop, noesFor, SCOPES, scopesOf } from '#privacy/noes';
import { readForm } from './read-form.js';

/**
 * A no that the ledger cannot take, as it is away (PROTOCOL B5): kept where it is safe, and answered "received", never
 * "done". Where there is no such place, the page says that it did not work.
 */
@Injectable()
export class ReceiveNo {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly tenants: Tenants,
    private readonly pending: PendingChoices,
    private readonly pages: AnswerPages,
    private readonly clock: Clock,
  ) {}

  /** `hear` answers; where the ledger is lost under it, the no is received instead. */
  async orReceive(
    by: { token: string } | { code: string },
    request: Request,
    response: Response,
    hear: () => Promise<void>,
  ): Promise<void> {
    try {
      await hear();
    } catch (error) {
      if (!isLostServer(error) || response.headersSent || !(await this.receive(by, request, response)))
        throw error;
    }
  }

  private async receive(
    by: { token: string } | { code: string },
    request: ReadRequest,
    response: Response,
  ): Promise<boolean> {
    const form = readForm(request);
    const isOneClick = form.get('List-Unsubscribe') === 'One-Click';
    // Taking a no back is no no.
    if (!isOneClick && form.get('undo') != null) return false;
    const asked = isOneClick ? null : form.get('stop');
    // A machine that clicks was shown nothing.
    const proof = (tenant: Tenant | null, locale: string, place: string) => ({
      noticeVersion: isOneClick || tenant === null ? 'none' : this.pages.noticeVersion(tenant),
      ...{ language: locale, method: isOneClick ? 'one-click' : 'page', place },
    });
    if ('code' in by) {
      if (!isShortCode(by.code)) return false;
      const scope = SCOPES.find((one) => one === asked) ?? 'purpose';
      const locale = this.pages.localeFor(request, null, null);
      const no = { purpose: 'marketing', channel: 'sms', state: 'withdrawn' } as const;
      const kept = await this.pending.append({ kind: 'code', code: by.code, scope }, [
        { ...no, ...proof(null, locale, '/o') },
      ]);
      if (kept) this.pages.sendNobodys(request, response, 202);
      return kept;
    }
    const link = this.tokens.open('unsubscribe', by.token, this.clock.now());
    if (typeof link === 'string' || !mayStop(link)) return false;
    const tenant = this.tenants.get(link.tenant);
    if (tenant === undefined) return false;
    const locale = this.pages.localeFor(request, tenant, null);
    const scope = scopesOf(link).find((one) => one === asked) ?? 'purpose';
    const kept = await this.pending.append(
      { kind: 'link', link },
      noesFor(link, scope, proof(tenant, locale, '/u')),
    );
    if (kept) this.pages.send(response, 202, 'received', { tenant, locale }, {});
    return kept;
  }
}
