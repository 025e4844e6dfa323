import type { HashRing } from '#consent/hash-ring';
import type { LinkPayload } from '#consent/link-payload';
import type { LinkTokens } from '#consent/link-token';
import type { CodeUse, ShortCodeStore } from '#consent/short-code.store';
import type { Wrap } from '#rendering/compile-content';
import type { MessageRow } from '#messages/message.types';
import { confirmableUntil, DOUBLE_OPT_IN } from '#privacy/double-opt-in-row';
import { linkUntil, MY_DATA, NEW_EMAIL } from '#privacy/own-link-row';
import { ADDRESS_KIND, type Channel } from '#purposes/channel';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';

/** The links of one message. */
export interface MessageLinks {
  unsubscribe?: string;
  survey?: string;
  optOut?: string;
  /** The preference centre; in mail only, as an SMS has no room. */
  preferences?: string;
  /** Says yes for good (double opt-in). */
  confirm?: string;
  /** The tenant's privacy notice; in mail only. */
  privacy?: string;
  /** Opens one's own data, once. */
  me?: string;
  /** Confirms a new address. */
  newEmail?: string;
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
    private readonly baseOf: (tenant: Tenant) => Promise<string> | string,
  ) {}

  /** By row id. Codes are stored before anything is sent. */
  async forMessages(tenant: Tenant, messages: readonly Linked[]): Promise<Map<string, MessageLinks>> {
    const base = await this.baseOf(tenant);
    const objectionable = messages.filter(({ row }) => RULES[row.purpose].stoppedByChoice);
    const [optOuts, surveys, confirms, mine, newEmails] = await Promise.all([
      this.paths(tenant, 'unsubscribe', objectionable),
      this.paths(
        tenant,
        'survey',
        messages.filter(({ row }) => row.purpose === 'survey' && row.booking !== null),
      ),
      this.paths(
        tenant,
        'confirm',
        messages.filter(({ row }) => row.journey === DOUBLE_OPT_IN),
      ),
      this.paths(
        tenant,
        'me',
        messages.filter(({ row }) => row.journey === MY_DATA),
      ),
      this.paths(
        tenant,
        'email',
        messages.filter(({ row }) => row.journey === NEW_EMAIL),
      ),
    ]);
    return new Map(
      messages.map((one) => {
        const { row, channel } = one;
        const [optOut, survey] = [optOuts.get(row._id), surveys.get(row._id)];
        const [confirm, me, newEmail] = [confirms, mine, newEmails].map((paths) => paths.get(row._id));
        const choosing = optOut && channel === 'email' ? this.preferences(tenant, one) : undefined;
        return [
          row._id,
          {
            ...(optOut && { [channel === 'email' ? 'unsubscribe' : 'optOut']: base + optOut }),
            ...(survey && { survey: base + survey }),
            ...(choosing && { preferences: base + choosing }),
            ...(confirm && { confirm: base + confirm }),
            ...(channel === 'email' && { privacy: `${base}/privacy/${tenant.id}` }),
            ...(me && { me: base + me }),
            ...(newEmail && { newEmail: base + newEmail }),
          },
        ];
      }),
    );
  }

  /** Makes the links of mails that are measured, by the `ref` of each; to pages of ours it leads straight. */
  async wrapping(tenant: Tenant): Promise<(ref: string) => Wrap> {
    const base = await this.baseOf(tenant);
    const own = [`https://${tenant.host}`, base].map((address) => new URL(address).host);
    const { id } = tenant;
    return (ref) => ({
      pixel: `${base}/i/${this.tokens.sealMeasure('open', { tenant: id, ref, block: null, target: '' })}`,
      target: (link, href) => {
        // One that is no address, in a version from before that was refused, is left as it is.
        if (!URL.canParse(href)) return href;
        const { host, href: target } = new URL(href);
        if (own.includes(host)) return href;
        const block = Number(link.slice(1));
        return `${base}/r/${this.tokens.sealMeasure('click', { tenant: id, ref, block, target })}`;
      },
    });
  }

  private async paths(
    tenant: Tenant,
    use: CodeUse,
    messages: readonly Linked[],
  ): Promise<Map<string, string>> {
    const saying = messages.map((one) => ({
      ...{ message: one.row._id, channel: one.channel },
      payload: this.payload(tenant, one, use),
    }));
    const codes = await this.codes.ensure(
      tenant.id,
      use,
      saying.filter(({ channel }) => channel !== 'email'),
    );
    const { token, code } = pathsOf(tenant)[use];
    return new Map(
      saying.map(({ message, payload }) => {
        const short = codes.get(message);
        return [message, short === undefined ? token + this.tokens.seal(use, payload) : code + short];
      }),
    );
  }

  private preferences(tenant: Tenant, one: Linked): string {
    return `/p/${this.tokens.seal('preferences', this.payload(tenant, one, 'unsubscribe'))}`;
  }

  private payload(tenant: Tenant, { row, channel, address }: Linked, use: CodeUse): LinkPayload {
    return {
      tenant: tenant.id,
      customer: row.customer,
      purpose: row.purpose,
      channel,
      ...this.ring.current(ADDRESS_KIND[channel], address, tenant.id),
      // So that a campaign's report knows who left by it.
      ...(use === 'unsubscribe' && row.campaign !== null ? { subject: row.campaign } : {}),
      ...(use === 'survey' && row.booking !== null ? { subject: row.booking } : {}),
      ...(use === 'confirm' ? { subject: row.subject.id, expiresAt: confirmableUntil(row) } : {}),
      ...(use === 'me' || use === 'email' ? { subject: row.subject.id, expiresAt: linkUntil(row) } : {}),
    };
  }
}

/** Where each use is opened. */
const pathsOf = ({ id }: Tenant): Record<CodeUse, { token: string; code: string }> => ({
  unsubscribe: { token: '/u/', code: '/o/' },
  survey: { token: '/s/', code: '/s/' },
  confirm: { token: '/c/', code: '/c/' },
  me: { token: `/me/${id}/`, code: `/me/${id}/` },
  email: { token: '/e/', code: '/e/' },
});
