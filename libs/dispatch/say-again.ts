import type { CampaignStore } from '#campaigns/campaign.store';
import { utmOf } from '#campaigns/utm-of';
import { tenantFacts } from '#channels/render-input';
import type { MessageContent, MessageRow } from '#messages/message.types';
import { renderContent, type Wrap } from '#rendering/compile-content';
import type { ContentLibrary } from '#rendering/content-library';
import type { FileTemplateStore } from '#rendering/file-template.store';
import { renderKept } from '#rendering/render-kept';
import type { RenderInput, RenderResult } from '#rendering/rendered';
import type { Tenant } from '#tenants/tenant';

import { factsOf, hiddenLink, saidDigest } from './said.js';

/** What a message said. */
export interface SaidAgain {
  at: Date;
  channel: string;
  template: string;
  version: string;
  locale: string;
  subject?: string;
  text: string;
  html?: string;
  /** Whether it is the very text that was said; the tenant's own facts (a phone number) may have changed since. */
  asSaid: boolean;
}

export type Again = { kind: 'said'; said: SaidAgain } | { kind: 'nothing'; why: 'unsaid' | 'forgotten' };

/**
 * Says again what a message said: by the version of the template that its row pins, with the facts that it was said with.
 * Links are not shown: who has one may use it.
 */
export class SayAgain {
  constructor(
    private readonly templates: FileTemplateStore,
    private readonly library: ContentLibrary,
    private readonly campaigns: Pick<CampaignStore, 'find'>,
  ) {}

  async say(tenant: Tenant, row: MessageRow): Promise<Again> {
    const { content, attempts } = row;
    const last = attempts.at(-1);
    if (last === undefined) return { kind: 'nothing', why: 'unsaid' };
    const { channel } = last;
    if (content?.facts === undefined || (channel !== 'email' && channel !== 'sms'))
      return { kind: 'nothing', why: 'forgotten' };
    const { template, version, locale, digest } = content;
    const { person, booking, isLast, links: named, now } = factsOf(content.facts);
    const links = Object.fromEntries(named.map((name) => [name, hiddenLink(name, tenant)]));
    const rendered = await this.render(tenant, row, content, {
      ...{ template, channel, locale, tenant: tenantFacts(tenant), person, booking, isLast, links, now },
    });
    if (rendered?.kind !== 'rendered') return { kind: 'nothing', why: 'forgotten' };
    const { subject, text, html } = rendered.content;
    return {
      kind: 'said',
      said: {
        ...{ at: last.at, channel, template, version, locale },
        ...(subject === undefined ? {} : { subject }),
        text,
        ...(html === undefined ? {} : { html }),
        asSaid: saidDigest(last.ref, text, links, tenant) === digest,
      },
    };
  }

  /** By the version of a marketer's content, or of the house's template; null: it is not kept any more. */
  private async render(
    tenant: Tenant,
    { campaign, purpose, variant }: MessageRow,
    { template, version, locale, measured }: MessageContent,
    input: RenderInput,
  ): Promise<RenderResult | null> {
    if (campaign !== null) {
      const known = await this.campaigns.find(tenant.id, campaign);
      const utm = known && variant !== undefined ? utmOf(known, variant) : null;
      const written = await this.library.get(tenant.id, template, Number(version), purpose, utm);
      return written && renderContent(written, input, measured === true ? hiddenWrap(tenant) : null);
    }
    const kept = await this.templates.find({ channel: input.channel, template, locale, version });
    return kept && renderKept(kept, input);
  }
}

/** A measured mail with its links not shown; to pages of ours it led straight. */
const hiddenWrap = (tenant: Tenant): Wrap => ({
  pixel: hiddenLink('open', tenant),
  target: (link, href) => (new URL(href).host === tenant.host ? href : hiddenLink(link, tenant)),
});
