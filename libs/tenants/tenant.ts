import type { CampaignLimits } from '#purposes/campaign-limits';
import type { Policy } from '#purposes/policy';
import type { Stream } from '#purposes/stream';
import type { Timing } from './duration.js';
import type { Logo } from './logo.js';
import type { TenantPrivacy } from './tenant-privacy.js';
import type { TenantWebhook } from './tenant-webhook.js';

/**
 * Where a stream's messages are handed in. A credential may be absent while nothing is sent for real (`LAGOM_SEND`);
 * an absent optional one leaves its field out.
 */
export type Account =
  | {
      kind: 'sendgrid';
      apiKey?: string | undefined;
      baseUrl?: string | undefined;
      webhookPublicKey?: string | undefined;
    }
  | {
      kind: 'twilio';
      accountSid?: string | undefined;
      authToken?: string | undefined;
      baseUrl?: string | undefined;
      messagingServiceSid?: string | undefined;
    }
  | { kind: 'smtp'; url?: string | undefined };

export interface EmailSender {
  from: string;
  fromName?: string | undefined;
  replyTo?: string | undefined;
  account: string;
  /** Other accounts, tried in this order where the first surely did not send. */
  fallback?: string[] | undefined;
  listId?: string | undefined;
  /** The pace at which the scheduler releases; absent: its default. */
  perSecond?: number | undefined;
}

export interface SmsSender {
  /** E.164, or a name of at most 11 characters (which cannot be answered). */
  from: string;
  account: string;
  /** As for mail; only where `from` is a name: a number belongs to one account. */
  fallback?: string[] | undefined;
  perSecond?: number | undefined;
  /** What one segment costs to this tenant's own country: for what a campaign will cost. */
  pricePerSegment?: { amount: number; currency: string } | undefined;
}

export interface StreamSenders {
  email?: EmailSender | undefined;
  sms?: SmsSender | undefined;
}

/** The domain of a mail address, as a tenant's file calls it. */
export const domainOf = (address: string): string =>
  address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/** By which accounts a sender's messages may go, in order; none where there is no sender. */
export function accountsOf(sender: EmailSender | SmsSender | undefined): string[] {
  return sender === undefined ? [] : [sender.account, ...(sender.fallback ?? [])];
}

/** Whether an account has the credentials that sending for real takes. */
export function isConfigured(account: Account): boolean {
  switch (account.kind) {
    case 'sendgrid':
      return Boolean(account.apiKey);
    case 'twilio':
      return Boolean(account.accountSid && account.authToken);
    case 'smtp':
      return Boolean(account.url);
  }
}

/** How a new sending domain is warmed up: how many mails of campaigns it may send a day, in the tenant's zone. */
export interface Ramp {
  /** The first day, `2026-12-01`: before it no campaign sends from there. */
  from: string;
  /** The first day's number, the second's, …; after the last one there is no bound. None is below the one before it. */
  days: number[];
}

export const STAFF_ROLES = ['marketer', 'approver', 'privacy', 'admin'] as const;
export type StaffRole = (typeof STAFF_ROLES)[number];

/** A member of the tenant's staff: who may write, and who may approve. */
export interface Staff {
  name: string;
  email: string;
  /** E.164: where a test by SMS goes; absent: nowhere. */
  phone?: string | undefined;
  roles: StaffRole[];
}

export type AttributeType = 'string' | 'number' | 'boolean' | 'date';

/** One data controller, as its file says (CONTRACTS "A tenant's file"). */
export interface Tenant {
  id: string;
  name: string;
  legalName: string;
  email: string;
  phone: string;
  address: { lines: string[]; postalCode: string; city: string };
  /** ISO 3166-1 alpha-2: how phone numbers without a country are read. */
  country: string;
  /** BCP 47, canonical; the first is spoken where the person named none. */
  locales: string[];
  timeZone: string;
  /** Of its links under `live`, without scheme. */
  host: string;
  look: { colour: string; logo?: Logo | undefined };
  accounts: Record<string, Account>;
  /** Where mail to the tenant is handed to us (SendGrid's Inbound Parse): replies, and the unsubscribe header's mailto. */
  inbound?: { email: string } | undefined;
  senders: Record<Stream, StreamSenders>;
  /** By sending domain: of one that is not named nothing is bounded. */
  ramp?: Record<string, Ramp> | undefined;
  policy: Policy;
  /** By journey and by the name of a step's timing, e.g. `{ 'abandoned-booking': { after: [1 h, 24 h] } }`. */
  journeys: Record<string, Record<string, Timing[]>>;
  attributes: Record<string, { type: AttributeType }>;
  approval: { people: Staff[] };
  /** What holds for each campaign: its own limits may only be stricter. Absent: the house's. */
  campaigns?: { limits: CampaignLimits } | undefined;
  /** Its own addresses that hear the events out; absent: none. */
  webhooks?: TenantWebhook[] | undefined;
  /** What its privacy notice says beside what the house knows; absent: nothing more. */
  privacy?: TenantPrivacy | undefined;
}

/** The tenants of this process, by id. */
export class Tenants {
  private readonly byId: ReadonlyMap<string, Tenant>;

  constructor(tenants: readonly Tenant[]) {
    this.byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  }

  get(id: string): Tenant | undefined {
    return this.byId.get(id);
  }

  all(): readonly Tenant[] {
    return [...this.byId.values()];
  }

  /** The one account of that name: names are unique across tenants, as webhooks name nothing else. */
  account(name: string): { tenant: Tenant; account: Account } | undefined {
    for (const tenant of this.byId.values()) {
      const account = Object.hasOwn(tenant.accounts, name) ? tenant.accounts[name] : undefined;
      if (account) return { tenant, account };
    }
    return undefined;
  }
}
