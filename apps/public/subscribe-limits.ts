import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** So often one address of the network may ask in ten minutes: a household, not a list. */
const BY_IP = { points: 20, duration: 600 };
/** So often all together for one tenant in ten minutes: a good campaign day, not a flood. */
const BY_TENANT = { points: 600, duration: 600 };

/**
 * Against list bombing: counts in this process only, for ten minutes, and forgets. What an address is spared holds in the
 * ledger for all processes (double-opt-in.store.ts).
 */
@Injectable()
export class SubscribeLimits {
  private readonly byIp = new RateLimiterMemory({ keyPrefix: 'ip', ...BY_IP });
  private readonly byTenant = new RateLimiterMemory({ keyPrefix: 'tenant', ...BY_TENANT });

  /** Null: go on. Else how many seconds to wait. */
  async take(tenant: string, ip: string): Promise<number | null> {
    try {
      await this.byIp.consume(ip);
      await this.byTenant.consume(tenant);
      return null;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.ceil(refused.msBeforeNext / 1_000);
      throw refused;
    }
  }
}
