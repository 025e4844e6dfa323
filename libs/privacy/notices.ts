import { createHash } from 'node:crypto';
import type { Pages } from '#rendering/pages';
import type { Tenant } from '#tenants/tenant';
import type { Notice, NoticeStore } from './notice.store.js';
import { noticeText } from './notice-text.js';
import { pageTenant } from './page-tenant.js';

/** A notice as this process would publish it. */
export type MadeNotice = Pick<Notice, 'tenant' | 'version' | 'texts'>;

/**
 * The privacy notices in force: made from the table of purposes, the tenants' files and the accounts that send for them.
 * A version is named by what it says, so every process that says the same names it the same; it is kept before it is
 * shown, and so is every version that a choice can name.
 */
export class Notices {
  constructor(private readonly made: ReadonlyMap<string, MadeNotice>) {}

  /** Makes them all and keeps those that are new. */
  static async publish(
    pages: Pages,
    tenants: readonly Tenant[],
    store: NoticeStore,
    now: Date,
  ): Promise<Notices> {
    const made = tenants.map((tenant) => makeNotice(pages, tenant));
    await store.keep(made.map((one) => ({ ...one, since: now })));
    return new Notices(new Map(made.map((one) => [one.tenant, one])));
  }

  /** The version that a choice names which is made on a page of this tenant now. */
  version(tenant: string): string {
    const made = this.made.get(tenant);
    if (made === undefined) throw new Error(`there is no notice of ${tenant}`);
    return made.version;
  }
}

/** The notice of a tenant in each of its languages. */
export function makeNotice(pages: Pages, tenant: Tenant): MadeNotice {
  const spoken = pages.localesOf(tenant.locales);
  const locales = spoken.length > 0 ? spoken : [pages.chooseLocale([], tenant.locales)];
  const texts = Object.fromEntries(
    locales.map((locale) => [
      locale,
      pages.renderNotice(locale, pageTenant(tenant, locale), noticeText(tenant, locale)),
    ]),
  );
  return { tenant: tenant.id, version: versionOf(texts), texts };
}

/** SHA-256 of the words, 12 hex digits: how they are marked up makes no new version. */
function versionOf(texts: Readonly<Record<string, string>>): string {
  const words = Object.entries(texts)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([locale, html]) => [
      locale,
      html
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    ]);
  return createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 12);
}
