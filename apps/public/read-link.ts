import { Injectable } from '@nestjs/common';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens } from '#consent/link-token';
import { ShortCodeStore } from '#consent/short-code.store';
import { Clock } from '#platform/clock';

/** Reads links that stand in a mail as a token and in an SMS as a code, at one path. */
@Injectable()
export class ReadLink {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly codes: ShortCodeStore,
    private readonly clock: Clock,
  ) {}

  /** The token of a mail or the code of an SMS: no token is as short. */
  async read(
    use: 'survey' | 'confirm' | 'me' | 'email',
    tokenOrCode: string,
  ): Promise<LinkPayload | 'forged' | 'expired'> {
    const now = this.clock.now();
    const found = await this.codes.find(use, tokenOrCode);
    if (found === null) return this.tokens.open(use, tokenOrCode, now);
    const { expiresAt, subject } = found.payload;
    // Also what an erasure has left of a code.
    if (subject === undefined || (expiresAt && expiresAt <= now)) return 'expired';
    return { ...found.payload, tenant: found.tenant };
  }
}
