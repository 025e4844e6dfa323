import type { Basis } from '#purposes/purposes';
import { RULES } from '#purposes/purposes';
import type { Channel } from '#purposes/channel';
import { PURPOSES, type Purpose } from '#purposes/purpose';
import { STREAMS } from '#purposes/stream';
import { type Account, accountsOf, type Tenant } from '#tenants/tenant';
import {
  isThirdCountry,
  type OwnProcessing,
  type RecipientKind,
  type Safeguard,
} from '#tenants/tenant-privacy';
import { type Ground, OWN, type Person, type PersonalData, USED_FOR } from './processing-table.js';

/** One thing that the tenant does with personal data: a purpose of the table, or one of its own. */
export interface Activity {
  id: Purpose | OwnProcessing;
  ground: Ground;
  /** The tenant's own assessment, where it names one (GDPR 6(1)(f)). */
  assessment: string | null;
  /** Whether the person's no ends it. */
  stoppedByChoice: boolean;
  channels: readonly Channel[];
  persons: readonly Person[];
  data: readonly PersonalData[];
  recipients: readonly number[];
}

/** Who gets personal data: a processor works on the tenant's behalf, a controller answers for itself. */
export interface DataRecipient {
  kind: RecipientKind | 'email-service' | 'sms-service' | 'authority';
  /** Null: a category, whose members vary. */
  name: string | null;
  role: 'processor' | 'controller';
  /** ISO 3166-1 alpha-2; null: within the EEA. */
  country: string | null;
  safeguards: readonly Safeguard[];
  /** By language, where the tenant has words of its own. */
  purpose: Readonly<Record<string, string>>;
}

/** All that a tenant does with personal data, in codes: the notice and the record of processing say it in words. */
export interface Processing {
  activities: readonly Activity[];
  recipients: readonly DataRecipient[];
}

/** Reads the table of purposes, the tenant's file and the accounts that send for it. */
export function processingOf(tenant: Tenant): Processing {
  const recipients = recipientsOf(tenant);
  const own = tenant.privacy?.processing ?? [];
  const activities = [
    ...PURPOSES.map((purpose) => purposeActivity(tenant, purpose)),
    ...own.map((id): Bare => ({ id, assessment: null, stoppedByChoice: false, channels: [], ...OWN[id] })),
  ];
  return {
    recipients,
    activities: activities.map((activity) => ({
      ...activity,
      recipients: recipients.flatMap((recipient, index) => (isGiven(recipient, activity) ? [index] : [])),
    })),
  };
}

/** Whether an activity is one of the table's. */
export const isPurpose = (id: Activity['id']): id is Purpose => Object.hasOwn(RULES, id);

type Bare = Omit<Activity, 'recipients'>;

function purposeActivity({ policy }: Tenant, purpose: Purpose): Bare {
  const { basis, needs, stoppedByChoice, channels, recipient } = RULES[purpose];
  const assessment = policy.legitimateInterest[purpose]?.assessment ?? null;
  return {
    id: purpose,
    ground: assessment === null ? groundOf(basis, needs, policy.softOptIn) : 'legitimate-interest',
    assessment,
    stoppedByChoice,
    channels,
    persons: recipient === 'provider' ? ['customer', 'contact'] : ['customer', 'guardian'],
    ...USED_FOR[purpose],
  };
}

function groundOf(basis: Basis, needs: (typeof RULES)[Purpose]['needs'], softOptIn: boolean): Ground {
  if (basis !== 'consent') return basis;
  if (needs === 'own-consent') return 'own-consent';
  return needs === 'soft-opt-in' && softOptIn ? 'soft-opt-in' : 'consent';
}

function recipientsOf(tenant: Tenant): DataRecipient[] {
  const used = STREAMS.flatMap((stream) => {
    const { email, sms } = tenant.senders[stream];
    return [...accountsOf(email), ...accountsOf(sms)];
  });
  const accounts = [...new Set(used)].flatMap((name) => tenant.accounts[name] ?? []);
  const sending = accounts.map(accountRecipient);
  const declared = (tenant.privacy?.recipients ?? []).map((one): DataRecipient => ({
    kind: one.kind,
    name: one.name ?? null,
    role: one.kind === 'health' || one.kind === 'travel' ? 'controller' : 'processor',
    country: one.country ?? null,
    safeguards: one.safeguard === undefined ? [] : [one.safeguard],
    purpose: one.purpose ?? {},
  }));
  const all = [...sending, ...declared, AUTHORITY];
  // Two accounts of one provider are one recipient.
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

const AUTHORITY: DataRecipient = {
  ...{ kind: 'authority', name: null, role: 'controller', country: null, safeguards: [], purpose: {} },
};

/** Both of Twilio's services are under its binding corporate rules, and it is certified under the adequacy decision for the US. */
const TWILIO = {
  ...{ role: 'processor', country: 'US', purpose: {} },
  safeguards: ['adequacy', 'binding-rules'],
} as const satisfies Partial<DataRecipient>;

function accountRecipient(account: Account): DataRecipient {
  switch (account.kind) {
    case 'sendgrid':
      return { ...TWILIO, kind: 'email-service', name: 'Twilio SendGrid (Twilio Inc.)' };
    case 'twilio':
      return { ...TWILIO, kind: 'sms-service', name: 'Twilio Inc.' };
    case 'smtp':
      return {
        ...{ kind: 'email-service', name: hostOf(account.url), role: 'processor', country: null },
        ...{ safeguards: [], purpose: {} },
      };
  }
}

/** Of a mail server its host alone: the rest of its URL is a secret. */
const hostOf = (url: string | undefined): string | null =>
  url !== undefined && URL.canParse(url) ? new URL(url).hostname : null;

/** Whether a recipient has a part in an activity. */
function isGiven({ kind }: DataRecipient, { id, channels, ground }: Bare): boolean {
  const isMarketing = isPurpose(id) && RULES[id].stream === 'marketing';
  switch (kind) {
    case 'email-service':
      return channels.includes('email');
    case 'sms-service':
      return channels.includes('sms');
    case 'transport':
      return id === 'delivery' || id === 'support';
    case 'payment':
      return id === 'receipt' || id === 'payment' || id === 'credit-check' || id === 'fraud-prevention';
    case 'print':
      return isMarketing || channels.includes('letter');
    case 'social-media':
      return id === 'audience';
    case 'agency':
      return isMarketing;
    case 'it':
      return true;
    case 'analysis':
      return id === 'service-improvement' || id === 'market-research' || id === 'survey' || id === 'website';
    case 'health':
    case 'travel':
      return id === 'handoff';
    case 'authority':
      return ground === 'legal-duty' || id === 'fraud-prevention';
  }
}

/** Where data leaves the EEA, and by what right. */
export const leavesEea = ({ country }: DataRecipient): boolean => country !== null && isThirdCountry(country);
