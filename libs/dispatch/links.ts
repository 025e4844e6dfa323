import type { HashRing } from '#consent/hash-ring';
import type { LinkPayload } from '#consent/link-payload';
import type { LinkTokens } from '#consent/link-token';
import type { ShortCodeStore } from '#consent/short-code.store';
import type { MessageRow } from '#messages/message.types';
import { ADDRESS_KIND, type Channel } from '#purposes/channel';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';

/** The links of one message. */
export interface MessageLinks {
  unsubscribe?: string;
  survey?: string;
  optOut?: string;
}

/** What a link is made for: a message on its way to an address. */
export interface Linked {
  row: MessageRow;
  channel: Channel;
  address: string;
}

/**
 * Makes the links that messages carry: sealed tokens in mail, short codes in SMS. Deterministic, so that a message that
 * is rendered again says the same.
 */
export class Links {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly codes: ShortCodeStore,
    private readonly ring: HashRing,
    /** Where links begin: `https://<host>` under `live`, else PUBLIC_URL. */
    private readonly baseOf: (tenant: Tenant) => string,
  ) {}

  /** By row id. Codes are stored before anything is sent. */
  async forMessages(tenant: Tenant, messages: readonly Linked[]): Promise<Map<string, MessageLinks>> {
    const base = this.baseOf(tenant);
    const objectionable = messages.filter(({ row }) => RULES[row.purpose].stoppedByChoice);
    const codes = await this.codes.ensure(
      tenant.id,
      objectionable
        .filter(({ channel }) => channel !== 'email')
        .map((one) => ({ message: one.row._id, payload: this.payload(tenant, one) })),
    );
    return new Map(
      messages.map((one) => {
        const links: MessageLinks = {};
        const code = codes.get(one.row._id);
        if (code !== undefined) links.optOut = `${base}/o/${code}`;
        else if (RULES[one.row.purpose].stoppedByChoice) {
          links.unsubscribe = `${base}/u/${this.tokens.seal('unsubscribe', this.payload(tenant, one))}`;
        }
        if (one.row.purpose === 'survey' && one.row.booking !== null) {
          const payload = { ...this.payload(tenant, one), subject: one.row.booking };
          links.survey = `${base}/s/${this.tokens.seal('survey', payload)}`;
        }
        return [one.row._id, links];
      }),
    );
  }

  private payload(tenant: Tenant, { row, channel, address }: Linked): LinkPayload {
    return {
      tenant: tenant.id,
      customer: row.customer,
      purpose: row.purpose,
      channel,
      ...this.ring.current(ADDRESS_KIND[channel], address, tenant.id),
    };
  }
}
