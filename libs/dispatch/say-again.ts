import { tenantFacts } from '#channels/render-input';
import type { MessageRow } from '#messages/message.types';
import type { FileTemplateStore } from '#rendering/file-template.store';
import { renderKept } from '#rendering/render-kept';
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
  constructor(private readonly templates: FileTemplateStore) {}

  async say(tenant: Tenant, row: MessageRow): Promise<Again> {
    const { content, attempts } = row;
    const last = attempts.at(-1);
    if (last === undefined) return { kind: 'nothing', why: 'unsaid' };
    const { channel } = last;
    if (content?.facts === undefined || (channel !== 'email' && channel !== 'sms'))
      return { kind: 'nothing', why: 'forgotten' };
    const { template, version, locale, digest } = content;
    const kept = await this.templates.find({ channel, template, locale, version });
    if (kept === null) return { kind: 'nothing', why: 'forgotten' };
    const { person, booking, isLast, links: named, now } = factsOf(content.facts);
    const links = Object.fromEntries(named.map((name) => [name, hiddenLink(name, tenant)]));
    const rendered = await renderKept(kept, {
      ...{ template, channel, locale, tenant: tenantFacts(tenant), person, booking, isLast, links, now },
    });
    if (rendered.kind === 'invalid') return { kind: 'nothing', why: 'forgotten' };
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
}
