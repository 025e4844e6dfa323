import { envelopeFor } from '#channels/envelope';
import { renderInput } from '#channels/render-input';
import type { Envelope } from '#channels/outcome';
import { CALL_REFUSED } from '#channels/sender';
import type { MessageContent, MessageRow } from '#messages/message.types';
import { renderContent, type Wrap } from '#rendering/compile-content';
import { sharingOf } from '#rendering/shared-body';
import type { Templates } from '#rendering/templates';
import type { Tenant } from '#tenants/tenant';
import type { Decided } from './decide.js';
import type { MessageLinks } from './links.js';
import { keptFacts, saidDigest, sharedDigest } from './said.js';
import type { Standing } from './standings.js';

export type Permitted = Extract<Decided, { kind: 'send' }>;

export interface Composed {
  permitted: Permitted;
  envelope: Envelope;
  content: MessageContent;
}

/** Renders what the gate permitted; what would leave a gap is `invalid`, by name. */
export function compose(
  templates: Templates,
  tenant: Tenant,
  permitted: Permitted,
  links: MessageLinks,
  standing: Standing,
  now: Date,
  wrap: Wrap | null = null,
): { kind: 'composed'; composed: Composed } | { kind: 'invalid'; problem: string } {
  const { row, channel, address, ref, customer, booking, content } = permitted;
  if (channel !== 'email' && channel !== 'sms')
    return { kind: 'invalid', problem: `no template for ${channel}` };
  const input = renderInput(tenant, standing, channel, customer, booking, links, now);
  // What it was said with is told by the places of its links, never by where they led.
  const led: Record<string, string> = {};
  const noted = wrap && {
    pixel: wrap.pixel,
    target: (link: string, href: string) => {
      const url = wrap.target(link, href);
      if (url !== href) led[link] = url;
      return url;
    },
  };
  const result = content === null ? templates.render(input) : renderContent(content, input, noted);
  if (result.kind === 'invalid') return result;
  const { template, version, locale } = result.content;
  const said = { ...links, ...led };
  const together = goesWithOthers(row);
  const sharing = together ? sharingOf(result.content) : null;
  const envelope = envelopeFor({
    tenant,
    row: { id: row._id, ref, purpose: row.purpose, channel },
    rendered: result.content,
    links,
    to: address,
    account: permitted.account ?? undefined,
  });
  return {
    kind: 'composed',
    composed: {
      permitted,
      content: {
        ...{ template, version, locale },
        facts: keptFacts(input),
        ...(wrap === null ? {} : { measured: true as const }),
        digest:
          sharing === null
            ? saidDigest(ref, result.content.text, said, tenant)
            : sharedDigest(ref, sharing, said, tenant),
      },
      envelope: together ? { ...envelope, campaign: row.campaign ?? undefined } : envelope,
    },
  };
}

/** Mails of a campaign may share a call, but for one that a refused call has ever kept until its permit had run out. */
export const goesWithOthers = ({ campaign, attempts }: Pick<MessageRow, 'campaign' | 'attempts'>): boolean =>
  campaign !== null && attempts.every(({ outcome }) => outcome !== CALL_REFUSED);
