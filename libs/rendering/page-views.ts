import Handlebars from 'handlebars';
import { type NoticePage, RECORD_SAMPLES, type RecordPage } from './notice-page.js';
import { MY_DATA_SAMPLES, type MyDataPages } from './my-data-page.js';

/** What every page knows of the tenant whose page it is; none is known behind a link that cannot be read. */
export interface PageTenant {
  id: string;
  name: string;
  legalName: string;
  email: string;
  phone: string;
  addressLines: readonly string[];
  colour: string;
  /** Where it is, from the root, and how it is shown, in CSS pixels; null: the name stands in its place. */
  logo: { path: string; width: number; height: number } | null;
}

interface Stop {
  /** `newsletters`, `no more newsletters`, `by email` (purpose-words.ts). */
  what: string;
  noMore: string;
  how: string;
  /** The address it is about, masked; null where it is not the customer's any more. */
  masked: string | null;
  mayStopMore: boolean;
  mayStopChannel: boolean;
  /** Where the preference centre is, from this page; null where the person is not known any more. */
  preferences: string | null;
}

/** A purpose in the preference centre, with a box for each channel. */
export interface ChoiceRow {
  what: string;
  fault: boolean;
  boxes: readonly { id: string; value: string; how: string; on: boolean }[];
}

/** What each page says beside its fixed words; every member is always there, so that none can leave a gap. */
export interface PageViews extends MyDataPages {
  unsubscribe: Stop;
  unsubscribed: Stop & {
    stoppedPurpose: boolean;
    stoppedChannel: boolean;
    stoppedMarketing: boolean;
    undo: string | null;
  };
  /** After an undo: whether it was in time. */
  undone: { inTime: boolean; preferences: string | null };
  preferences: {
    masked: string;
    saved: boolean;
    hasFaults: boolean;
    /** The boxes that were on when the page was made: what is turned is told from it. */
    seen: string;
    contract: readonly ChoiceRow[];
    service: readonly ChoiceRow[];
    marketing: readonly ChoiceRow[];
    /** A day in words. */
    pausedUntil: string | null;
    /** Which of the pauses is chosen: as it is, an end, 30 or 90 days. */
    pauses: { as: boolean; end: boolean; days30: boolean; days90: boolean };
    languages: readonly { value: string; name: string; chosen: boolean }[];
  };
  /** The preference centre where nobody is known any more by the address. */
  'stop-address': { stopped: boolean };
  subscribe: { email: string; name: string; offers: boolean; emailFault: boolean };
  'subscribe-sent': Record<never, never>;
  'try-later': Record<never, never>;
  /** `isNews`: the yes is to something beside what was booked or bought. */
  confirm: { wishes: readonly { what: string; how: string }[]; masked: string; isNews: boolean };
  confirmed: {
    isNews: boolean;
    wishes: readonly { what: string; how: string }[];
    masked: string;
    blocked: boolean;
    preferences: string;
  };
  survey: {
    scores: readonly { value: string; chosen: boolean; lowest: boolean; highest: boolean }[];
    comment: string;
    /** A day in words, where an answer stands already. */
    changeableUntil: string | null;
    hasFaults: boolean;
    scoreFault: boolean;
    /** How long a comment is that is too long. */
    commentFault: string | null;
  };
  'survey-thanks': { changeableUntil: string };
  /** The privacy notice, in one of its versions. */
  notice: NoticePage;
  /** There is a notice, but none in that language or of that version. */
  'no-notice': { paths: readonly { path: string; lang: string; name: string }[] };
  /** The record of processing, for staff. */
  record: RecordPage;
  gone: Record<never, never>;
  'not-found': Record<never, never>;
  unavailable: Record<never, never>;
  /** A no that is kept until the ledger is back (PROTOCOL B5). */
  received: Record<never, never>;
}
export type PageName = keyof PageViews;

/** Pages that are also shown where nobody's link was read. */
export const NOBODYS_PAGES = [
  'gone',
  'not-found',
  'unavailable',
  'received',
] as const satisfies readonly PageName[];
/** Whose page it may be. */
export type PageOwner<Name extends PageName> = Name extends (typeof NOBODYS_PAGES)[number]
  ? PageTenant | null
  : PageTenant;

const stop: Stop = {
  what: 'newsletters',
  noMore: 'no more newsletters',
  how: 'by email',
  masked: 'a•••@example.se',
  mayStopMore: true,
  mayStopChannel: true,
  preferences: '../p/abc',
};

const row: ChoiceRow = {
  what: 'Newsletters',
  fault: false,
  boxes: [
    { id: 'b1', value: '12.1', how: 'Email', on: true },
    { id: 'b2', value: '12.2', how: 'Text', on: false },
  ],
};
const wishes = [{ what: 'newsletters', how: 'by email' }];

/** What each page is tried with at boot, one view for each way that its conditions can go. */
export const PAGE_SAMPLES: { [Name in PageName]: readonly PageViews[Name][] } = {
  unsubscribe: [stop, { ...stop, masked: null, mayStopMore: false, preferences: null }],
  unsubscribed: [
    { ...stop, stoppedPurpose: true, stoppedChannel: false, stoppedMarketing: false, undo: 'abc' },
    {
      ...stop,
      mayStopChannel: false,
      stoppedPurpose: false,
      stoppedChannel: true,
      stoppedMarketing: false,
      undo: null,
    },
    {
      ...stop,
      masked: null,
      mayStopMore: false,
      preferences: null,
      stoppedPurpose: false,
      stoppedChannel: false,
      stoppedMarketing: true,
      undo: null,
    },
  ],
  undone: [
    { inTime: true, preferences: '../p/abc' },
    { inTime: false, preferences: null },
  ],
  preferences: [
    {
      masked: 'a•••@example.se',
      saved: true,
      hasFaults: false,
      seen: '12.1',
      contract: [row],
      service: [row],
      marketing: [row],
      pausedUntil: '29 november',
      pauses: { as: true, end: false, days30: false, days90: false },
      languages: [
        { value: 'sv', name: 'Svenska', chosen: true },
        { value: 'en', name: 'English', chosen: false },
      ],
    },
    {
      masked: 'a•••@example.se',
      saved: false,
      hasFaults: true,
      seen: '',
      contract: [{ ...row, fault: true }],
      service: [],
      marketing: [],
      pausedUntil: null,
      pauses: { as: false, end: true, days30: true, days90: true },
      languages: [],
    },
  ],
  'stop-address': [{ stopped: false }, { stopped: true }],
  subscribe: [
    { email: '', name: '', offers: false, emailFault: false },
    { email: 'anna', name: 'Anna', offers: true, emailFault: true },
  ],
  'subscribe-sent': [{}],
  'try-later': [{}],
  confirm: [
    { wishes, masked: 'a•••@example.se', isNews: true },
    { wishes, masked: '•••05', isNews: false },
  ],
  confirmed: [
    { wishes, masked: 'a•••@example.se', isNews: true, blocked: false, preferences: '../p/abc' },
    { wishes, masked: 'a•••@example.se', isNews: true, blocked: true, preferences: '../p/abc' },
  ],
  survey: [
    {
      scores: [],
      comment: '',
      changeableUntil: null,
      hasFaults: false,
      scoreFault: false,
      commentFault: null,
    },
    {
      scores: [{ value: '7', chosen: true, lowest: true, highest: true }],
      comment: 'Tack!',
      changeableUntil: '29 november',
      hasFaults: true,
      scoreFault: true,
      commentFault: '2 300',
    },
  ],
  'survey-thanks': [{ changeableUntil: '29 november' }],
  notice: [
    {
      ...{ text: new Handlebars.SafeString('<p>…</p>'), version: '3fa9c1d2e4b5', since: '29 november 2026' },
      ...{ newest: null, languages: [], others: [] },
    },
    {
      ...{ text: new Handlebars.SafeString('<p>…</p>'), version: '3fa9c1d2e4b5', since: '29 november 2026' },
      newest: '../privacy/kliniken/sv',
      languages: [{ path: 'en', lang: 'en', name: 'English' }],
      others: [{ path: 'sv?version=0123456789ab', version: '0123456789ab', since: '1 maj 2026' }],
    },
  ],
  record: RECORD_SAMPLES,
  'no-notice': [{ paths: [{ path: '../privacy/kliniken/sv', lang: 'sv', name: 'Svenska' }] }],
  ...MY_DATA_SAMPLES,
  gone: [{}],
  'not-found': [{}],
  unavailable: [{}],
  received: [{}],
};
