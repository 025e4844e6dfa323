/** What is done with a collection when a person asks for an extract, and when they are erased. */
interface Handled {
  /** The part of the extract that shows it; `null`: see `because`. */
  extract: string | null;
  /** `erased`: nothing of the person is left; `scrubbed`: ids, states and times are; `kept`: see `because`. */
  erasure: 'erased' | 'scrubbed' | 'kept';
  because?: string;
  /** What becomes of it when its person turns out to be somebody else (merge.ts). */
  merge:
    /** Two become one. */
    | 'joined'
    /** It is given to who goes on. */
    | 'moved'
    /** It keeps the old id, by which who goes on is found. */
    | 'followed'
    /** It is about no customer. */
    | 'none';
  /** When its time is over (delete-expired.ts). */
  retention:
    /** So long after the last visit, with the person. */
    | 'person'
    /** By its own age, or when it has served. */
    | 'age'
    /** It stays: see `because`. */
    | 'kept';
}

/**
 * Every collection of the database: whether it holds something of a person, where the extract shows it, and what an
 * erasure, a merge and retention make of it. Whoever adds one has to say all of it: this does not compile without, and
 * personal-collections.test.ts plants a person in each and fails on one that is not named here.
 */
export const COLLECTIONS: Readonly<Record<string, Handled>> = {
  customers: {
    extract: 'person',
    erasure: 'scrubbed',
    because: 'the tombstone refuses older events',
    merge: 'joined',
    retention: 'person',
  },
  bookings: { extract: 'bookings', erasure: 'erased', merge: 'moved', retention: 'person' },
  purchases: { extract: 'purchases', erasure: 'erased', merge: 'moved', retention: 'person' },
  survey_answers: { extract: 'surveyAnswers', erasure: 'erased', merge: 'moved', retention: 'person' },
  waiting_events: { extract: 'disclosures', erasure: 'erased', merge: 'moved', retention: 'person' },
  tasks: { extract: 'tasks', erasure: 'erased', merge: 'moved', retention: 'person' },
  replies: { extract: 'replies', erasure: 'erased', merge: 'moved', retention: 'person' },
  messages: {
    extract: 'messages',
    erasure: 'scrubbed',
    because: 'that something was sent, not what',
    merge: 'moved',
    retention: 'person',
  },
  measures: { extract: 'measured', erasure: 'erased', merge: 'moved', retention: 'person' },
  deadletters: { extract: 'unreadable', erasure: 'erased', merge: 'followed', retention: 'age' },
  inbox: { extract: 'captured', erasure: 'erased', merge: 'followed', retention: 'person' },
  suppressions: {
    extract: 'suppressions',
    erasure: 'kept',
    because: 'keyed hashes of addresses, nameless',
    merge: 'moved',
    retention: 'kept',
  },
  short_codes: {
    extract: 'links',
    erasure: 'scrubbed',
    because: 'a link that says no goes on working',
    merge: 'moved',
    retention: 'person',
  },
  double_opt_ins: {
    extract: 'confirmationsAsked',
    erasure: 'kept',
    because: 'keyed hashes against list bombing, forgotten after 30 days',
    merge: 'none',
    retention: 'age',
  },
  requests: {
    extract: 'requests',
    erasure: 'scrubbed',
    because: 'to show that it was answered in time',
    merge: 'moved',
    retention: 'age',
  },
  audit: {
    extract: 'staffActs',
    erasure: 'kept',
    because: 'ids only: who of the staff did what',
    merge: 'followed',
    retention: 'age',
  },
  notices: {
    extract: null,
    erasure: 'kept',
    because: 'versions of the privacy notice, nobody',
    merge: 'none',
    retention: 'kept',
  },
  merges: {
    extract: null,
    erasure: 'erased',
    because: 'two ids of one person',
    merge: 'joined',
    retention: 'person',
  },
  complaints: { extract: 'complaints', erasure: 'erased', merge: 'moved', retention: 'person' },
  safety_register: {
    extract: 'safetyRegister',
    erasure: 'kept',
    because: 'GPSR art. 35: a buyer must be warned of a danger; without their id, for recalls only, 10 years',
    merge: 'moved',
    retention: 'age',
  },
  provider_deletions: {
    extract: null,
    erasure: 'kept',
    because: "a provider's ids, and addresses sealed until they were asked for, forgotten after 40 days",
    merge: 'none',
    retention: 'age',
  },
  erased_ids: {
    extract: null,
    erasure: 'kept',
    because: 'keyed hashes of ids, so that no backfill brings them back',
    merge: 'none',
    retention: 'kept',
  },
  erasures: {
    extract: null,
    erasure: 'kept',
    because: 'an id and times: shown as a request',
    merge: 'followed',
    retention: 'age',
  },
  heard_events: {
    extract: null,
    erasure: 'kept',
    because: 'ids of events and rows, forgotten after 40 days',
    merge: 'none',
    retention: 'age',
  },
  webhook_events: {
    extract: null,
    erasure: 'kept',
    because: "a provider's own ids, forgotten after 3 days",
    merge: 'none',
    retention: 'age',
  },
  webhook_accounts: {
    extract: null,
    erasure: 'kept',
    because: 'accounts, nobody',
    merge: 'none',
    retention: 'kept',
  },
  form_limits: {
    extract: null,
    erasure: 'kept',
    because: 'keyed hashes of network addresses with a count, of nobody by name, for ten minutes',
    merge: 'none',
    retention: 'age',
  },
  my_data_links: {
    extract: null,
    erasure: 'kept',
    because: 'digests of used links, forgotten after a day',
    merge: 'none',
    retention: 'age',
  },
  file_templates: {
    extract: null,
    erasure: 'kept',
    because: 'texts of templates, nobody',
    merge: 'none',
    retention: 'kept',
  },
  sightings: {
    extract: null,
    erasure: 'kept',
    because: 'places in topics, forgotten after 30 days',
    merge: 'none',
    retention: 'age',
  },
  tenant_hooks: {
    extract: null,
    erasure: 'kept',
    because: 'ids of events out, until they are delivered',
    merge: 'followed',
    retention: 'age',
  },
  tenant_hook_endpoints: {
    extract: null,
    erasure: 'kept',
    because: 'addresses of tenants, nobody',
    merge: 'none',
    retention: 'kept',
  },
  api_keys: { extract: null, erasure: 'kept', because: 'keys of staff', merge: 'none', retention: 'kept' },
  pauses: {
    extract: null,
    erasure: 'kept',
    because: 'what staff paused, nobody',
    merge: 'none',
    retention: 'kept',
  },
  hash_keys: { extract: null, erasure: 'kept', because: 'names of keys', merge: 'none', retention: 'kept' },
  choice_journal: { extract: null, erasure: 'kept', because: 'a number', merge: 'none', retention: 'kept' },
  backlogs: {
    extract: null,
    erasure: 'kept',
    because: 'how far a job has come',
    merge: 'none',
    retention: 'kept',
  },
  templates: {
    extract: null,
    erasure: 'kept',
    because: 'names of what marketers wrote',
    merge: 'none',
    retention: 'kept',
  },
  template_versions: {
    extract: null,
    erasure: 'kept',
    because: 'what marketers wrote, to nobody by name',
    merge: 'none',
    retention: 'kept',
  },
  campaigns: {
    extract: null,
    erasure: 'kept',
    because: 'what marketers plan, and who of them did what',
    merge: 'none',
    retention: 'kept',
  },
  address_claims: {
    extract: null,
    erasure: 'kept',
    because: 'keyed hashes of addresses: none gets a campaign twice; gone two weeks after its end',
    merge: 'none',
    retention: 'age',
  },
  ramp_days: {
    extract: null,
    erasure: 'kept',
    because: 'ids of rows, until they have ended: what a sending domain may still send today',
    merge: 'none',
    retention: 'age',
  },
  segments: {
    extract: null,
    erasure: 'kept',
    because: 'what people are chosen by, nobody',
    merge: 'none',
    retention: 'kept',
  },
  imports: {
    extract: null,
    erasure: 'kept',
    because: 'counts and names of columns, forgotten after 30 days',
    merge: 'none',
    retention: 'age',
  },
  import_chunks: {
    extract: null,
    erasure: 'kept',
    because: 'rows of a file that is being read in, gone when it ends; an erased person is refused then',
    merge: 'followed',
    retention: 'age',
  },
  import_errors: {
    extract: null,
    erasure: 'kept',
    because: 'numbers of rows, not what they say',
    merge: 'none',
    retention: 'age',
  },
  leases: { extract: null, erasure: 'kept', because: 'who leads', merge: 'none', retention: 'kept' },
  clock: {
    extract: null,
    erasure: 'kept',
    because: 'how far the clock was moved',
    merge: 'none',
    retention: 'kept',
  },
};
