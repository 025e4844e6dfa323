/** What a message is made of. Facts only: nothing here is formatted yet. */
export interface RenderInput {
  /** A folder's name under `templates/email` and `templates/sms`. */
  template: string;
  channel: 'email' | 'sms';
  /** What the person wants, BCP 47 (`sv-SE` is read as `sv`); unknown: the first of the tenant's. */
  locale: string | null;
  tenant: {
    id: string;
    name: string;
    legalName: string;
    email: string;
    phone: string;
    addressLines: string[];
    /** ISO 3166-1 alpha-2: of the phone number, where it is in its national form. */
    country: string;
    host: string;
    locales: string[];
    timeZone: string;
    colour: string;
    /** Shown at this size, in CSS pixels; the picture itself in base64 (PNG). */
    logo?: { width: number; height: number; base64: string } | undefined;
    showServiceNames: boolean;
  };
  person: {
    name: string | null;
    timeZone: string | null;
    /** ISO 3166-1 alpha-2. */
    country?: string | null | undefined;
    /** The invitation's attendee (RFC 5546 wants one); without it the invitation has none. */
    email?: string | null | undefined;
  };
  booking: null | {
    id: string;
    service: string;
    startsAt: Date | null;
    endsAt: Date | null;
    /** The venue's; the tenant's where unknown. */
    timeZone: string | null;
    location: string | null;
    practitioner: string | null;
    price: { amount: string; currency: string } | null;
    url: string | null;
    previousStartsAt: Date | null;
    sequence: number;
    status: string;
    cancelReason?: string | null | undefined;
  };
  links: Partial<
    Record<
      'unsubscribe' | 'survey' | 'optOut' | 'preferences' | 'confirm' | 'privacy' | 'me' | 'newEmail',
      string | undefined
    >
  >;
  /** Of a mail that is measured: where its links lead, and its picture (`compile-content.ts`). */
  targets?: Readonly<Record<string, string>> | undefined;
  /** The last of several of its journey: none follows. */
  isLast?: boolean | undefined;
  /** The DTSTAMP of an invitation, and the year that need not be said. */
  now: Date;
}

/** The name by which a mail's HTML speaks of the logo that it carries (RFC 2392). */
export const LOGO_CID = 'logo@lagom';
export const LOGO_FILE = 'logo.png';

export interface Attachment {
  filename: string;
  contentType: string;
  /** UTF-8 text; the sender makes base64 of it. */
  content: string;
}

/** A message as it is handed to a sender. */
export interface Rendered {
  subject?: string;
  text: string;
  html?: string;
  attachments: Attachment[];
  /** The PNG that the HTML shows as `cid:logo@lagom`, in base64; only where it does. */
  logo?: string;
  sms?: { segments: number; encoding: 'GSM-7' | 'UCS-2' };
  template: string;
  /** SHA-256 of the sources, 12 hex digits. */
  version: string;
  locale: string;
}

/** `problem` names template, channel, locale and what is missing or wrong, never its value. */
export type RenderResult = { kind: 'rendered'; content: Rendered } | { kind: 'invalid'; problem: string };
