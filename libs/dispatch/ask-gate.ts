import { channelsFor, isUsable } from '#consent/choose-channel';
import { maySend, type Decision } from '#consent/may-send';
import { pausedUntil } from '#consent/pause';
import type { PauseStore } from '#consent/pause.store';
import type { SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import { addressesOf } from '#privacy/withdraw';
import { CHANNELS, type Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Tenants } from '#tenants/tenant';
import { addressOn, customerFacts } from '#privacy/person-facts';
import type { Means } from './decide.js';

/** Asks the gate without a message: what it would say of this person, purpose and channel. Its permit is late everywhere. */
export class AskGate {
  constructor(
    private readonly customers: CustomerStore,
    private readonly suppressions: SuppressionStore,
    private readonly tenants: Tenants,
    private readonly means: Means,
    private readonly pauses: PauseStore,
  ) {}

  /** Facts are those known now; `at` moves only the clock. */
  async ask(
    tenantId: string,
    customerId: string,
    purpose: Purpose,
    channel: Channel,
    at: Date,
  ): Promise<Decision> {
    const tenant = this.tenants.get(tenantId);
    if (tenant === undefined) throw new Error('a key of an unknown tenant passed the guard');
    const customer = await this.customers.find(tenantId, customerId);
    const found = await this.suppressions.findByAddresses(
      tenantId,
      customer === null ? [] : addressesOf(customer),
    );
    const suppressionsOn = (on: Channel) => {
      const address = addressOn(on, customer);
      return address === null ? [] : (found.get(address) ?? []);
    };
    const { stream } = RULES[purpose];
    const address = addressOn(channel, customer);
    const person = customer === null ? null : customerFacts(customer);
    const candidates = channelsFor(
      purpose,
      { choices: person?.choices ?? [] },
      CHANNELS.filter((one) => this.means.has(tenantId, stream, one)),
    );
    return maySend(
      {
        tenant: tenantId,
        customer: customerId,
        message: 'none',
        ref: 'none',
        purpose,
        channel,
        startedMono: Number.NEGATIVE_INFINITY,
        expiresAt: null,
      },
      {
        customer: person,
        address,
        suppressions: suppressionsOn(channel),
        hasSender: this.means.has(tenantId, stream, channel),
        otherChannelUsable: candidates.some(
          ({ channel: other }) =>
            other !== channel &&
            person !== null &&
            isUsable(purpose, other, {
              customer: person,
              address: addressOn(other, customer),
              suppressions: suppressionsOn(other),
              hasSender: this.means.has(tenantId, stream, other),
            }),
        ),
        duplicateOf: null,
        tooLate: null,
        contentProblem: null,
        allowed: address !== null && this.means.allowed(channel, address),
        paused: pausedUntil(await this.pauses.list(tenantId), { purpose, channel }, at),
      },
      tenant.policy,
      at,
    );
  }
}
