import type { NoticePoint, NoticeRecipient, NoticeText } from '#rendering/notice-page';
import { purposeWords } from '#rendering/purpose-words';
import type { Tenant } from '#tenants/tenant';
import { type Activity, type DataRecipient, isPurpose, leavesEea, processingOf } from './processing.js';
import { type Ground, PERSONAL_DATA } from './processing-table.js';
import { countryName, processingWords } from './processing-words.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Where one complains (GDPR 77): known for Sweden, elsewhere the notice says how to find it. */
const IMY = {
  name: 'Integritetsskyddsmyndigheten (IMY)',
  url: 'https://www.imy.se',
  email: 'imy@imy.se',
  phone: '08-657 61 00',
};

/** What the privacy notice of a tenant says in a language beside its fixed words (GDPR 13 and 14). */
export function noticeText(tenant: Tenant, locale: string): NoticeText {
  const { activities, recipients } = processingOf(tenant);
  const { policy, privacy, country } = tenant;
  const words = processingWords(locale);
  const of = (ground: Ground): NoticePoint[] =>
    activities.flatMap((one) => (one.ground === ground ? [pointOf(one, locale)] : []));
  const used = new Set(activities.flatMap(({ data }) => data));
  const website = privacy?.website;
  return {
    website: website === undefined ? null : { url: website, host: new URL(website).host },
    officer: officerOf(tenant),
    data: PERSONAL_DATA.filter((one) => used.has(one)).map((one) => capital(words.data[one], locale)),
    contract: of('contract'),
    legalDuty: of('legal-duty'),
    legitimateInterest: of('legitimate-interest'),
    assessments: activities.flatMap((one) =>
      one.assessment === null ? [] : [{ what: activityName(one, locale), why: one.assessment }],
    ),
    softOptIn: of('soft-opt-in'),
    consent: of('consent'),
    ownConsent: of('own-consent'),
    recipients: recipients.map((one) => recipientWords(one, locale)),
    leavesEea: recipients.some(leavesEea),
    retentionMonths: String(policy.retentionMonths),
    quiet: policy.quietHours,
    cap: {
      max: String(policy.caps.marketing.max),
      within: span(policy.caps.marketing.withinMs, locale),
    },
    hidesServices: !policy.showServiceNames,
    choosesByServices: (policy.segmentServices ?? 'none') !== 'none',
    minorsWait: span(policy.minors.deleteAfterMs, locale),
    checksAddresses: privacy?.processing.includes('address-check') === true,
    cookies: privacy?.processing.includes('website') === true,
    measures: words.measures,
    authority: country === 'SE' ? IMY : null,
  };
}

/** What an activity is called in a language. */
export function activityName({ id }: Pick<Activity, 'id'>, locale: string): string {
  const what = isPurpose(id) ? purposeWords(id, locale).what : processingWords(locale).own[id].what;
  return capital(what, locale);
}

/** Why it is done, as a sentence to the person. */
export function activityReason({ id }: Pick<Activity, 'id'>, locale: string): string {
  const { purposes, own } = processingWords(locale);
  return isPurpose(id) ? purposes[id] : own[id].why;
}

/** Who it is, by name or as a category; what for; and by what right where data leaves the EEA. */
export function recipientWords(recipient: DataRecipient, locale: string): NoticeRecipient {
  const words = processingWords(locale);
  const { what, who } = words.recipients[recipient.kind];
  const { name, country, safeguards, purpose } = recipient;
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  return {
    what: purpose[locale] ?? what,
    who: name ?? capital(who, locale),
    transfer:
      country !== null && leavesEea(recipient)
        ? {
            country: countryName(country, locale),
            safeguards: list.format(safeguards.map((one) => words.safeguards[one])),
          }
        : null,
  };
}

const pointOf = (activity: Activity, locale: string): NoticePoint => ({
  what: activityName(activity, locale),
  why: activityReason(activity, locale),
});

function officerOf({ privacy }: Tenant): NoticeText['officer'] {
  const officer = privacy?.officer;
  return officer === undefined
    ? null
    : { name: officer.name ?? null, email: officer.email, phone: officer.phone ?? null };
}

const capital = (text: string, locale: string): string =>
  text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

/** `7 dagar`; hours where it is no whole number of days. */
function span(ms: number, locale: string): string {
  const [unit, length] = ms % DAY === 0 ? (['day', DAY] as const) : (['hour', HOUR] as const);
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    maximumFractionDigits: 1,
  }).format(ms / length);
}
