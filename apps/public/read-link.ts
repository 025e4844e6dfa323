import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens } from '#consent/link-token';
import { ShortCodeStore } from '#consent/short-code.store';
import { Clock } from '#platform/clock';
import { Tenants, type Tenant } from '#tenants/tenant';
import { AnswerPages } from './answer-pages.js';

/** What a link of such a page leads to. */
type LinkUse = 'survey' | 'confirm' | 'me' | 'email';

/** Reads links that stand in a mail as a token and in an SMS as a code, at one path. */
@Injectable()
export class ReadLink {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly codes: ShortCodeStore,
    private readonly clock: Clock,
    private readonly tenants: Tenants,
    private readonly pages: AnswerPages,
  ) {}

  /** As `read`, with whose it is. Null: it was answered already, that it is forged or cut (404) or has run out (410). */
  async open(
    use: LinkUse,
    tokenOrCode: string,
    request: Request,
    response: Response,
  ): Promise<{ link: LinkPayload; tenant: Tenant } | null> {
    const link = await this.read(use, tokenOrCode);
    const tenant = typeof link === 'string' ? undefined : this.tenants.get(link.tenant);
    if (typeof link !== 'string' && tenant !== undefined) return { link, tenant };
    this.pages.sendNobodys(request, response, link === 'expired' ? 410 : 404);
    return null;
  }

  /** The token of a mail or the code of an SMS: no token is as short. */
  async read(use: LinkUse, tokenOrCode: string): Promise<LinkPayload | 'forged' | 'expired'> {
    const now = this.clock.now();
    const found = await this.codes.find(use, tokenOrCode);
    if (found === null) return this.tokens.open(use, tokenOrCode, now);
    const { expiresAt, subject } = found.payload;
    // Also what an erasure has left of a code.
    if (subject === undefined || (expiresAt && expiresAt <= now)) return 'expired';
    return { ...found.payload, tenant: found.tenant };
  }
}
