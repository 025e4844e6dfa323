import type { RecordPage } from '#rendering/notice-page';
import type { Channel } from '#purposes/channel';
import { channelName } from '#rendering/purpose-words';
import type { Tenant } from '#tenants/tenant';
import { activityName, activityReason, recipientWords } from './notice-text.js';
import { type Activity, type DataRecipient, processingOf } from './processing.js';
import { countryName, processingWords } from './processing-words.js';

/** A recipient as the record names it. */
export interface RecordedRecipient {
  name: string;
  does: string;
  role: string;
  /** Null: within the EEA. */
  country: string | null;
  /** By what right data leaves the EEA; null: it does not. */
  safeguards: string | null;
}

/** One activity of the record, in codes and in words. */
export interface RecordedActivity {
  id: Activity['id'];
  activity: string;
  why: string;
  ground: string;
  assessment: string | null;
  persons: string[];
  data: string[];
  channels: Channel[];
  recipients: RecordedRecipient[];
  retention: string;
}

/** A tenant's record of processing activities (GDPR 30(1)), in one language. */
export interface RecordOfProcessing {
  language: string;
  controller: {
    name: string;
    address: string;
    country: string;
    email: string;
    phone: string;
    officer: { name: string | null; email: string; phone: string | null } | null;
  };
  activities: RecordedActivity[];
  measures: string[];
}

/** Made of the same as the privacy notice, so that the two cannot disagree. */
export function recordOfProcessing(tenant: Tenant, language: string): RecordOfProcessing {
  const { activities, recipients } = processingOf(tenant);
  const { measures } = processingWords(language);
  return {
    language,
    controller: controllerOf(tenant, language),
    activities: activities.map((one) => activityOf(one, recipients, tenant, language)),
    measures: [...measures],
  };
}

function controllerOf(
  { legalName, email, phone, address, country, privacy }: Tenant,
  language: string,
): RecordOfProcessing['controller'] {
  const officer = privacy?.officer;
  return {
    name: legalName,
    address: [...address.lines, `${address.postalCode} ${address.city}`].join(', '),
    country: countryName(country, language),
    ...{ email, phone },
    officer: officer
      ? { name: officer.name ?? null, email: officer.email, phone: officer.phone ?? null }
      : null,
  };
}

function activityOf(
  one: Activity,
  recipients: readonly DataRecipient[],
  { policy }: Tenant,
  language: string,
): RecordedActivity {
  const words = processingWords(language);
  return {
    id: one.id,
    activity: activityName(one, language),
    why: activityReason(one, language),
    ground: words.grounds[one.ground],
    assessment: one.assessment,
    persons: one.persons.map((person) => words.persons[person]),
    data: one.data.map((data) => words.data[data]),
    channels: [...one.channels],
    recipients: one.recipients.flatMap((index) => {
      const recipient = recipients[index];
      return recipient === undefined ? [] : [recorded(recipient, language)];
    }),
    retention: words.retention(policy.retentionMonths),
  };
}

function recorded(recipient: DataRecipient, language: string): RecordedRecipient {
  const { what, who, transfer } = recipientWords(recipient, language);
  return {
    name: who,
    does: what,
    role: processingWords(language).roles[recipient.role],
    country: recipient.country === null ? null : countryName(recipient.country, language),
    safeguards: transfer?.safeguards ?? null,
  };
}

/** One row for each activity, as a table has it. */
export function recordRows({
  controller,
  activities,
  measures,
}: RecordOfProcessing): Record<string, string>[] {
  const { officer } = controller;
  return activities.map((one) => ({
    controller: [controller.name, controller.address, controller.country].join(', '),
    contact: [controller.email, controller.phone].join(', '),
    officer: officer === null ? '' : [officer.name, officer.email, officer.phone].filter(Boolean).join(', '),
    id: one.id,
    activity: one.activity,
    why: one.why,
    ground: one.ground,
    assessment: one.assessment ?? '',
    persons: one.persons.join('; '),
    data: one.data.join('; '),
    channels: one.channels.join('; '),
    recipients: one.recipients.map(({ name, does, role }) => `${name} (${does}, ${role})`).join('; '),
    transfers: one.recipients
      .flatMap(({ name, country, safeguards }) =>
        safeguards === null ? [] : `${name}, ${country}: ${safeguards}`,
      )
      .join('; '),
    retention: one.retention,
    measures: measures.join(' '),
  }));
}

/** The same as its page shows it. */
export function recordPage(record: RecordOfProcessing): RecordPage {
  const { language, controller, activities, measures } = record;
  return {
    ...{ controller, measures },
    activities: activities.map(({ channels, persons, data, recipients, ...one }) => ({
      ...one,
      persons: persons.join('; '),
      data: data.join('; '),
      channels: channels.map((channel) => channelName(channel, language)).join(', ') || null,
      recipients: recipients.map(({ name, does, role, country, safeguards }) => ({
        ...{ name, does, role },
        transfer: safeguards === null ? null : `${country}: ${safeguards}`,
      })),
    })),
  };
}
