import { renderInput } from '#channels/render-input';
import type { Campaign } from '#campaigns/campaign.types';
import type { Prospect } from '#customers/prospect';
import { renderContent, type CompiledContent } from '#rendering/compile-content';
import { firstNameOf } from '#rendering/first-name';
import { plain } from '#rendering/message-view';
import type { Tenant } from '#tenants/tenant';
import { longLinks } from './contents.js';

/** What a message to somebody would come to: nothing, or so many segments (0 by mail). */
export type Rehearsed = { kind: 'invalid' } | { kind: 'said'; segments: number };

/** More kinds of people than this are not kept: languages and countries are theirs to name. */
const MOST = 10_000;
const HAS_NAME = /[\p{L}\p{N}]/u;
/** A name of letters that are one character each in an SMS's own alphabet, and that nothing is done to. */
const PLAIN_NAME = /^[A-Za-zÅÄÖåäöÉéÜüÆæØøÑñèùìòà]+(?: [A-Za-zÅÄÖåäöÉéÜüÆæØøÑñèùìòà]+)*$/;

/**
 * Whether a campaign's content can be said to each of many people, and how long it gets: rendered once for each kind of
 * person, since all that differs is who has a name, in which language, and, in an SMS, how long the name is.
 */
export class Rehearsal {
  private readonly known = new Map<string, Rehearsed>();

  constructor(
    private readonly tenant: Tenant,
    private readonly campaign: Campaign,
    private readonly contents: ReadonlyMap<string, CompiledContent>,
    private readonly now: Date,
  ) {}

  /** @param part the variant that the person is in */
  of(part: string, prospect: Prospect): Rehearsed {
    const kind = this.campaign.channel === 'email' ? kindByMail(prospect) : kindBySms(prospect);
    if (kind === null) return this.render(part, prospect, prospect.name).rehearsed;
    const key = `${part}\n${prospect.locale ?? ''}\n${kind}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const { rehearsed, isLengthOnly } = this.render(part, prospect, this.standIn(prospect.name));
    // Beyond an SMS's own alphabet, what follows a name may join its last letter: then each is looked at.
    if (!isLengthOnly) return this.render(part, prospect, prospect.name).rehearsed;
    if (this.known.size >= MOST) this.known.clear();
    this.known.set(key, rehearsed);
    return rehearsed;
  }

  /**
   * A name that stands for all of its kind. By SMS it is of the same length, and joins with nothing: were anything after it to
   * join, it would be no SMS's alphabet.
   */
  private standIn(name: string | null): string | null {
    if (name === null) return null;
    return this.campaign.channel === 'email' ? 'Xx Xx' : name.replace(/[^ ]/gu, 'x');
  }

  private render(
    part: string,
    prospect: Prospect,
    name: string | null,
  ): { rehearsed: Rehearsed; isLengthOnly: boolean } {
    const { tenant, campaign, contents, now } = this;
    const template = campaign.variants.find((variant) => variant.name === part)?.template ?? '';
    const { locale, timeZone, email = null, address } = prospect;
    const country = address?.country;
    const person = {
      ...{ name, locale, timeZone, email },
      address: country === undefined ? null : { lines: [], postalCode: '', city: '', country },
    };
    const said = renderContent(
      contents.get(part)!,
      renderInput(
        tenant,
        { template, isLast: false },
        campaign.channel,
        person,
        null,
        longLinks(tenant),
        now,
      ),
    );
    if (said.kind === 'invalid') return { rehearsed: { kind: 'invalid' }, isLengthOnly: true };
    const { sms } = said.content;
    return {
      rehearsed: { kind: 'said', segments: sms?.segments ?? 0 },
      isLengthOnly: sms === undefined || sms.encoding === 'GSM-7',
    };
  }
}

/** By mail only whether there is a name to say counts; null: that is for the renderer to find out. */
function kindByMail({ name }: Prospect): string | null {
  if (name === null) return 'nameless';
  return HAS_NAME.test(name) && firstNameOf(plain(name)) !== null ? 'named' : null;
}

/** By SMS how long the name is, and whatever the tenant's number is written by. */
function kindBySms({ name, timeZone, address }: Prospect): string | null {
  if (name !== null && !(PLAIN_NAME.test(name) && firstNameOf(name) === name.split(' ')[0])) return null;
  const lengths = name === null ? 'nameless' : `${name.length} ${name.indexOf(' ')}`;
  return `${lengths}\n${timeZone ?? ''}\n${address?.country ?? ''}`;
}
