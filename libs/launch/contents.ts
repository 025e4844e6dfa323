import { randomBytes } from 'node:crypto';
import { renderInput } from '#channels/render-input';
import { hashOf, type Content } from '#campaigns/content';
import type { ListCursor } from '#campaigns/segment.store';
import {
  templateKey,
  type Template,
  type TemplateStore,
  type TemplateVersion,
} from '#campaigns/template.store';
import { CODE_LENGTH } from '#consent/short-code.store';
import type { Clock } from '#platform/clock';
import { languageOf } from '#purposes/fold-place';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { renderContent, type CompiledContent } from '#rendering/compile-content';
import { linksOf, type ContentLink } from '#rendering/content-links';
import type { ContentLibrary } from '#rendering/content-library';
import { lintContent, type ContentFault } from '#rendering/lint-content';
import type { RenderInput } from '#rendering/rendered';
import { addUtm, type Utm } from '#rendering/utm';
import type { Tenant } from '#tenants/tenant';
import { dayIn } from './ramp.js';

/** What content is judged and shown by, where no campaign says why it is written: it can be objected to. */
const PURPOSE: Purpose = 'newsletter';

/** A person as a preview shows them. */
export type Shown = Parameters<typeof renderInput>[3];

/** One rendering, as a preview shows it. */
export interface Preview {
  locale: string;
  channel: 'email' | 'sms';
  subject?: string;
  html?: string;
  text: string;
  /** Where its blocks lead, with the campaign's `utm`; `link` is what a report calls it. */
  links: ContentLink[];
  sms?: { segments: number; encoding: string; cost?: { amount: number; currency: string } };
}

/** What has lint: a version, and what is wrong with it. */
export interface Judged {
  version: TemplateVersion;
  lint: ContentFault[];
}

/** Marketers' templates: versions that never change, judged as they are written, published where nothing is wrong. */
export class Contents {
  constructor(
    private readonly templates: TemplateStore,
    private readonly library: ContentLibrary,
    private readonly clock: Clock,
  ) {}

  find(tenant: string, id: string): Promise<Template | null> {
    return this.templates.find(tenant, id);
  }

  list(tenant: string, page: { after: ListCursor | null; limit: number }): Promise<Template[]> {
    return this.templates.list(tenant, page);
  }

  listVersions(tenant: string, id: string, below: number | null, limit: number): Promise<TemplateVersion[]> {
    return this.templates.listVersions(tenant, id, below, limit);
  }

  findVersion(tenant: string, id: string, n: number): Promise<TemplateVersion | null> {
    return this.templates.findVersion(tenant, id, n);
  }

  /** A template with its first version, a draft. */
  async create(
    tenant: Tenant,
    name: string,
    content: Content,
    by: string,
  ): Promise<{ template: Template } & Judged> {
    for (;;) {
      const id = `t-${randomBytes(5).toString('hex')}`;
      const template: Template = {
        ...{ _id: templateKey(tenant.id, id), tenant: tenant.id, template: id, name },
        ...{ rev: randomBytes(16).toString('hex'), latest: 0, published: null },
        ...{ createdAt: this.clock.now(), createdBy: by },
      };
      if (!(await this.templates.add(template))) continue;
      const judged = await this.write(tenant, template, content, null, by);
      return { template: { ...template, latest: judged.version.n }, ...judged };
    }
  }

  /** Another version, a draft; null: there is no such template. */
  async addVersion(tenant: Tenant, id: string, content: Content, by: string): Promise<Judged | null> {
    const template = await this.templates.find(tenant.id, id);
    return template && this.write(tenant, template, content, null, by);
  }

  /** A new version that says what an earlier one said. */
  async restore(tenant: Tenant, id: string, n: number, by: string): Promise<Judged | null> {
    const [template, version] = await Promise.all([
      this.templates.find(tenant.id, id),
      this.templates.findVersion(tenant.id, id, n),
    ]);
    return template && version && this.write(tenant, template, version.content, n, by);
  }

  /** Publishes a draft that nothing is wrong with; what is published already stays so. */
  async publish(
    tenant: Tenant,
    id: string,
    n: number,
    by: string,
  ): Promise<
    { kind: 'published'; version: TemplateVersion } | { kind: 'faulty'; lint: ContentFault[] } | null
  > {
    const version = await this.templates.findVersion(tenant.id, id, n);
    if (version === null) return null;
    const lint = await this.judge(tenant, version);
    if (lint.some(({ level }) => level === 'error')) return { kind: 'faulty', lint };
    return { kind: 'published', version: await this.templates.publish(version, this.clock.now(), by) };
  }

  async judge(tenant: Tenant, version: TemplateVersion, purpose = PURPOSE): Promise<ContentFault[]> {
    const compiled = await this.compiled(version, purpose);
    return lintContent(version.content, compiled, version.template, {
      locales: tenant.locales,
      name: tenant.name,
      smsFrom: tenant.senders[RULES[purpose].stream].sms?.from ?? null,
      today: dayIn(tenant.timeZone, this.clock.now()),
      sample: (template, channel, locale) =>
        this.input(tenant, template, channel, samplePerson(locale), longLinks(tenant)),
    });
  }

  /**
   * What it would say to this person, in each language and channel that is asked for. What cannot be said is left out, and
   * stands in `problems`; so does that nothing is written of what is asked for.
   */
  async preview(
    tenant: Tenant,
    version: TemplateVersion,
    asked: { person: Shown | null; locale?: string | undefined; channel?: 'email' | 'sms' | undefined },
    purpose = PURPOSE,
    utm: Utm | null = null,
  ): Promise<{ items: Preview[]; problems: string[] }> {
    const compiled = await this.compiled(version, purpose, utm);
    const language = asked.locale === undefined ? undefined : languageOf(asked.locale);
    const items: Preview[] = [];
    const problems: string[] = [];
    for (const [locale, written] of Object.entries(version.content)) {
      if (language !== undefined && language !== locale) continue;
      for (const channel of ['email', 'sms'] as const) {
        if (written[channel] === undefined || (asked.channel ?? channel) !== channel) continue;
        const person = { ...(asked.person ?? samplePerson(locale)), locale };
        const result = renderContent(compiled, this.input(tenant, version.template, channel, person));
        // What is shown leads nowhere and is shorter than a real link: a text is counted with one as long.
        const counted =
          channel === 'email'
            ? result
            : renderContent(
                compiled,
                this.input(tenant, version.template, channel, person, longLinks(tenant)),
              );
        if (result.kind === 'invalid') problems.push(result.problem);
        else if (counted.kind === 'invalid') problems.push(counted.problem);
        else {
          const blocks = channel === 'email' ? (written.email?.blocks ?? []) : [];
          const links = linksOf(blocks).map((one) => (utm ? { ...one, href: addUtm(one.href, utm) } : one));
          const { sms } = counted.content;
          const said = { ...result.content, ...(sms && { sms }) };
          items.push({ ...shownOf(tenant, purpose, locale, channel, said), links });
        }
      }
    }
    if (items.length === 0 && problems.length === 0) {
      const wanted = [asked.channel && `for ${asked.channel}`, language && `in ${language}`];
      problems.push(
        ['version', version.n, 'is not written', ...wanted.filter((part) => part !== undefined)].join(' '),
      );
    }
    return { items, problems };
  }

  private async write(
    tenant: Tenant,
    template: Template,
    content: Content,
    from: number | null,
    by: string,
  ): Promise<Judged> {
    const version = await this.templates.addVersion(template, {
      ...{ content, hash: hashOf(content), from },
      ...{ createdAt: this.clock.now(), createdBy: by },
    });
    return { version, lint: await this.judge(tenant, version) };
  }

  private async compiled(
    { tenant, template, n }: TemplateVersion,
    purpose: Purpose,
    utm: Utm | null = null,
  ): Promise<CompiledContent> {
    const compiled = await this.library.get(tenant, template, n, purpose, utm);
    if (compiled === null) throw new Error(`version ${n} of ${template} went away`);
    return compiled;
  }

  private input(
    tenant: Tenant,
    template: string,
    channel: 'email' | 'sms',
    person: Shown,
    links = deadLinks(tenant),
  ): RenderInput {
    const said = { template, isLast: false };
    return renderInput(tenant, said, channel, person, null, links, this.clock.now());
  }
}

/** Links that lead nowhere: nothing that is shown to staff may say no for anybody. */
export const deadLinks = ({ host }: Tenant): RenderInput['links'] => ({
  unsubscribe: `https://${host}/u/preview`,
  optOut: `https://${host}/o/preview`,
  preferences: `https://${host}/p/preview`,
});

/** Links as long as the real ones, so that a mail weighs and an SMS costs what it will. */
export const longLinks = ({ host }: Tenant): RenderInput['links'] => ({
  unsubscribe: `https://${host}/u/${'x'.repeat(SEALED_LENGTH)}`,
  optOut: `https://${host}/o/${'x'.repeat(CODE_LENGTH)}`,
  preferences: `https://${host}/p/${'x'.repeat(SEALED_LENGTH)}`,
});
/** About what a sealed token has. */
const SEALED_LENGTH = 110;

const samplePerson = (locale: string): Shown => ({
  name: locale === 'sv' ? 'Åsa Öberg' : 'Anna Field',
  ...{ locale, timeZone: null, address: null, email: null },
});

function shownOf(
  tenant: Tenant,
  purpose: Purpose,
  locale: string,
  channel: 'email' | 'sms',
  {
    subject,
    html,
    text,
    sms,
  }: { subject?: string; html?: string; text: string; sms?: { segments: number; encoding: string } },
): Omit<Preview, 'links'> {
  const price = tenant.senders[RULES[purpose].stream].sms?.pricePerSegment;
  return {
    ...{ locale, channel, text },
    ...(subject === undefined ? {} : { subject }),
    ...(html === undefined ? {} : { html }),
    ...(sms === undefined
      ? {}
      : {
          sms: {
            ...{ segments: sms.segments, encoding: sms.encoding },
            ...(price === undefined ? {} : { cost: smsCost(price, sms.segments) }),
          },
        }),
  };
}

/** To the hundredth of an öre: what is summed over many must not lose what one does not show. */
export const smsCost = (
  price: { amount: number; currency: string },
  segments: number,
): { amount: number; currency: string } => ({
  amount: Math.round(price.amount * segments * 10_000) / 10_000,
  currency: price.currency,
});
