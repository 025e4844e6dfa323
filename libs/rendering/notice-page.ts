import type Handlebars from 'handlebars';

/** One thing that is done with personal data, in the words of a language. */
export interface NoticePoint {
  what: string;
  why: string;
}

/** Somebody who is given personal data, in the words of a language. */
export interface NoticeRecipient {
  what: string;
  who: string;
  /** Where, and by what right, where data leaves the EEA. */
  transfer: { country: string; safeguards: string } | null;
}

/** What the text of the privacy notice says beside its fixed words, by ground. */
export interface NoticeText {
  /** The tenant's own website: its address, and how it is said. */
  website: { url: string; host: string } | null;
  officer: { name: string | null; email: string; phone: string | null } | null;
  data: readonly string[];
  contract: readonly NoticePoint[];
  legalDuty: readonly NoticePoint[];
  legitimateInterest: readonly NoticePoint[];
  /** The tenant's assessments of its legitimate interest, where it names them. */
  assessments: readonly NoticePoint[];
  softOptIn: readonly NoticePoint[];
  consent: readonly NoticePoint[];
  ownConsent: readonly NoticePoint[];
  recipients: readonly NoticeRecipient[];
  leavesEea: boolean;
  retentionMonths: string;
  /** When marketing by SMS and phone is not sent, `21:00`; how often it is at most, `5` times in `7 days`. */
  quiet: { from: string; to: string };
  cap: { max: string; within: string };
  hidesServices: boolean;
  /** Whether people are chosen for a campaign by the services that they booked. */
  choosesByServices: boolean;
  /** How long data of a minor waits for a guardian's consent: `30 days`. */
  minorsWait: string;
  checksAddresses: boolean;
  cookies: boolean;
  measures: readonly string[];
  /** The tenant's supervisory authority; null: the one where the reader lives. */
  authority: { name: string; url: string; email: string; phone: string } | null;
}

/** The page around the text: which version it is, and which others there are. */
export interface NoticePage {
  /** As it was kept: escaped when it was made. */
  text: Handlebars.SafeString;
  version: string;
  /** A day in words. */
  since: string;
  /** Where the version in force stands, on the page of an older one. */
  newest: string | null;
  languages: readonly { path: string; lang: string; name: string }[];
  others: readonly { path: string; version: string; since: string }[];
}

/** The record of processing (GDPR 30) as a page, in the words of a language. */
export interface RecordPage {
  controller: {
    name: string;
    address: string;
    country: string;
    email: string;
    phone: string;
    officer: { name: string | null; email: string; phone: string | null } | null;
  };
  activities: readonly {
    activity: string;
    why: string;
    ground: string;
    assessment: string | null;
    persons: string;
    data: string;
    channels: string | null;
    recipients: readonly { name: string; does: string; role: string; transfer: string | null }[];
    retention: string;
  }[];
  measures: readonly string[];
}

const point: NoticePoint = { what: 'Newsletters', why: 'We tell you what is going on here.' };

export const NOTICE_SAMPLES: readonly NoticeText[] = [
  {
    website: { url: 'https://www.example.se', host: 'www.example.se' },
    officer: { name: 'Anna Svensson', email: 'dso@example.se', phone: '063-10 20 00' },
    data: ['name'],
    contract: [point],
    legalDuty: [point],
    legitimateInterest: [point],
    assessments: [point],
    softOptIn: [point],
    consent: [point],
    ownConsent: [point],
    recipients: [
      { what: 'Sends our emails', who: 'a provider', transfer: { country: 'USA', safeguards: 'adequacy' } },
      { what: 'Transport', who: 'logistics companies', transfer: null },
    ],
    leavesEea: true,
    retentionMonths: '36',
    quiet: { from: '21:00', to: '08:00' },
    cap: { max: '5', within: '7 days' },
    hidesServices: true,
    choosesByServices: true,
    minorsWait: '30 days',
    checksAddresses: true,
    cookies: true,
    measures: ['Card numbers are masked.'],
    authority: { name: 'IMY', url: 'https://www.imy.se', email: 'imy@imy.se', phone: '08-657 61 00' },
  },
  {
    ...{ website: null, officer: { name: null, email: 'dso@example.se', phone: null }, data: [] },
    ...{ contract: [], legalDuty: [], legitimateInterest: [], assessments: [], softOptIn: [], consent: [] },
    ...{ ownConsent: [], recipients: [], leavesEea: false, retentionMonths: '1', hidesServices: false },
    ...{ choosesByServices: false, minorsWait: '30 days' },
    ...{ quiet: { from: '21:00', to: '08:00' }, cap: { max: '5', within: '7 days' } },
    ...{ checksAddresses: false, cookies: false, measures: [], authority: null },
  },
];

const controller: RecordPage['controller'] = {
  ...{ name: 'Kliniken AB', address: 'Storgatan 1, 831 31 Östersund', country: 'Sverige' },
  ...{ email: 'hej@example.se', phone: '063-10 20 00', officer: null },
};
const activity: RecordPage['activities'][number] = {
  ...{ activity: 'Newsletters', why: 'We tell you what is going on here.', ground: 'consent' },
  ...{
    assessment: null,
    persons: 'customers',
    data: 'name',
    channels: null,
    recipients: [],
    retention: '3 years',
  },
};

export const RECORD_SAMPLES: readonly RecordPage[] = [
  { controller, activities: [activity], measures: ['Card numbers are masked.'] },
  {
    controller: {
      ...controller,
      officer: { name: 'Anna Svensson', email: 'dso@example.se', phone: '063-10 20 01' },
    },
    activities: [
      {
        ...activity,
        ...{ assessment: 'LIA 2026-01', channels: 'Email' },
        recipients: [
          { name: 'Mail Inc.', does: 'Sends our emails', role: 'processor', transfer: 'USA: adequacy' },
          { name: 'carriers', does: 'Transport', role: 'processor', transfer: null },
        ],
      },
    ],
    measures: [],
  },
  {
    controller: { ...controller, officer: { name: null, email: 'dso@example.se', phone: null } },
    activities: [],
    measures: [],
  },
];
