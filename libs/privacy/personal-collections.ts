/** What is done with a collection when a person asks for an extract, and when they are erased. */
interface Handled {
  /** The part of the extract that shows it; `null`: see `because`. */
  extract: string | null;
  /** `erased`: nothing of the person is left; `scrubbed`: ids, states and times are; `kept`: see `because`. */
  erasure: 'erased' | 'scrubbed' | 'kept';
  because?: string;
}

/**
 * Every collection of the database: whether it holds something of a person, where the extract shows it and what an erasure
 * leaves of it. personal-collections.test.ts plants a person in each and fails on one that is not named here.
 */
export const COLLECTIONS: Readonly<Record<string, Handled>> = {
  customers: { extract: 'person', erasure: 'scrubbed', because: 'the tombstone refuses older events' },
  bookings: { extract: 'bookings', erasure: 'erased' },
  purchases: { extract: 'purchases', erasure: 'erased' },
  survey_answers: { extract: 'surveyAnswers', erasure: 'erased' },
  waiting_events: { extract: 'disclosures', erasure: 'erased' },
  tasks: { extract: 'tasks', erasure: 'erased' },
  replies: { extract: 'replies', erasure: 'erased' },
  messages: { extract: 'messages', erasure: 'scrubbed', because: 'that something was sent, not what' },
  deadletters: { extract: 'unreadable', erasure: 'erased' },
  inbox: { extract: 'captured', erasure: 'erased' },
  suppressions: { extract: 'suppressions', erasure: 'kept', because: 'keyed hashes of addresses, nameless' },
  short_codes: { extract: 'links', erasure: 'scrubbed', because: 'a link that says no goes on working' },
  double_opt_ins: {
    extract: 'confirmationsAsked',
    erasure: 'kept',
    because: 'keyed hashes against list bombing, forgotten after 30 days',
  },
  requests: { extract: 'requests', erasure: 'scrubbed', because: 'to show that it was answered in time' },
  audit: { extract: 'staffActs', erasure: 'kept', because: 'ids only: who of the staff did what' },
  notices: { extract: null, erasure: 'kept', because: 'versions of the privacy notice, nobody' },
  merges: { extract: null, erasure: 'erased', because: 'two ids of one person' },
  erasures: { extract: null, erasure: 'kept', because: 'an id and times: shown as a request' },
  heard_events: {
    extract: null,
    erasure: 'kept',
    because: 'ids of events and rows, forgotten after 40 days',
  },
  webhook_events: { extract: null, erasure: 'kept', because: "a provider's own ids, forgotten after 3 days" },
  webhook_accounts: { extract: null, erasure: 'kept', because: 'accounts, nobody' },
  my_data_links: { extract: null, erasure: 'kept', because: 'digests of used links, forgotten after a day' },
  sightings: { extract: null, erasure: 'kept', because: 'places in topics, forgotten after 30 days' },
  tenant_hooks: { extract: null, erasure: 'kept', because: 'ids of events out, until they are delivered' },
  tenant_hook_endpoints: { extract: null, erasure: 'kept', because: 'addresses of tenants, nobody' },
  api_keys: { extract: null, erasure: 'kept', because: 'keys of staff' },
  pauses: { extract: null, erasure: 'kept', because: 'what staff paused, nobody' },
  hash_keys: { extract: null, erasure: 'kept', because: 'names of keys' },
  choice_journal: { extract: null, erasure: 'kept', because: 'a number' },
  backlogs: { extract: null, erasure: 'kept', because: 'how far a job has come' },
  templates: { extract: null, erasure: 'kept', because: 'names of what marketers wrote' },
  template_versions: { extract: null, erasure: 'kept', because: 'what marketers wrote, to nobody by name' },
  segments: { extract: null, erasure: 'kept', because: 'what people are chosen by, nobody' },
  imports: {
    extract: null,
    erasure: 'kept',
    because: 'counts and names of columns, forgotten after 30 days',
  },
  import_chunks: {
    extract: null,
    erasure: 'kept',
    because: 'rows of a file that is being read in, gone when it ends; an erased person is refused then',
  },
  import_errors: { extract: null, erasure: 'kept', because: 'numbers of rows, not what they say' },
  leases: { extract: null, erasure: 'kept', because: 'who leads' },
  clock: { extract: null, erasure: 'kept', because: 'how far the clock was moved' },
};
