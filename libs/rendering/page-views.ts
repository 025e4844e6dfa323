/** What every page knows of the tenant whose page it is; none is known behind a link that cannot be read. */
export interface PageTenant {
  name: string;
  legalName: string;
  email: string;
  phone: string;
  addressLines: readonly string[];
  colour: string;
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
}

/** What each page says beside its fixed words; every member is always there, so that none can leave a gap. */
export interface PageViews {
  unsubscribe: Stop;
  unsubscribed: Stop & { stoppedPurpose: boolean; stoppedChannel: boolean; stoppedMarketing: boolean };
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
  gone: Record<never, never>;
  'not-found': Record<never, never>;
  unavailable: Record<never, never>;
}
export type PageName = keyof PageViews;

/** Pages that are also shown where nobody's link was read. */
export const NOBODYS_PAGES = ['gone', 'not-found', 'unavailable', 'received'] as const satisfies readonly PageName[];
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
};

/** What each page is tried with at boot, one view for each way that its conditions can go. */
export const PAGE_SAMPLES: { [Name in PageName]: readonly PageViews[Name][] } = {
  unsubscribe: [stop, { ...stop, masked: null, mayStopMore: false }],
  unsubscribed: [
    { ...stop, stoppedPurpose: true, stoppedChannel: false, stoppedMarketing: false },
    { ...stop, mayStopChannel: false, stoppedPurpose: false, stoppedChannel: true, stoppedMarketing: false },
    {
      ...stop,
      masked: null,
      mayStopMore: false,
      stoppedPurpose: false,
      stoppedChannel: false,
      stoppedMarketing: true,
    },
  ],
  survey: [
    {
      scores: [],
      comment: '',
      changeableUntil: null,
      hasFaults: false,
      scoreFault: false,
  /** A no that is kept until the ledger is back (PROTOCOL B5). */
  received: Record<never, never>;
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
  gone: [{}],
  'not-found': [{}],
  unavailable: [{}],
};
  received: [{}],
