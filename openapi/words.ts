import type { ReadHandlers } from './read-handlers.js';
import type { Schema } from './schema-of-type.js';

/** Content by its type, as OpenAPI writes it. */
export type Media = Record<string, { schema: Schema }>;

/** What neither Nest's metadata, nor a schema, nor a type says of a route. */
export interface Words {
  /** Where the handler has no docstring. */
  summary?: string;
  path?: Record<string, Schema>;
  query?: Record<string, Schema>;
  /** The query is read through a schema that the request makes: `query` says it. */
  queryIsSaid?: true;
  /** What the query has to say may stand in the body's form instead. */
  formSaysIt?: true;
  body?: Media;
  bodyMayBeLeftOut?: true;
  /** Members of the body that are read by hand. */
  members?: Record<string, Schema>;
  /** Good answers that the handler writes itself, or that differ by status. */
  answers?: Record<number, (sources: ReadHandlers) => Media | null>;
  /** What a line says where lines are asked for. */
  lines?: string;
  problems?: number[];
}

export const TAGS: Record<string, string> = {
  events: 'What happened to bookings, told over HTTP.',
  decisions: 'What the gate would say.',
  messages: 'The ledger: who got what, and why, or why not.',
  customers: 'What is known of a person, and what they may ask for.',
  imports: 'Files of customers, choices and suppressions.',
  exports: 'All that the ledger has, as files.',
  segments: 'Who a campaign may be for.',
  templates: 'What marketers write, in versions that never change.',
  campaigns: 'From draft to sent, with the approval of somebody else.',
  tasks: 'What staff is to do.',
  requests: 'What people asked for about their data.',
  surveys: 'What people thought of their visits.',
  'dead-letters': 'What could not be handled, and the way back for it.',
  pause: 'The stop button.',
  stats: 'Figures by day, purpose, channel, campaign, variant, reason.',
  audit: 'Who of the staff did what.',
  senders: 'What messages are sent from.',
  webhooks: 'The tenant’s own addresses that hear the events out.',
  'record-of-processing': 'The record of processing activities (GDPR 30).',
  retention: 'What the loop of retention would delete.',
  keys: 'The tenant’s API keys.',
  contracts: 'This document and its like.',
  pages: 'The customer’s side: no key, no cookie. GET and HEAD change nothing.',
  'provider-webhooks': 'What providers tell: signed, else 403.',
  inbox: 'While nothing is sent for real: what would have been, and a clock that can be moved.',
  health: 'The same in every process.',
};

const text: Schema = { type: 'string' };
const plain =
  (type: string, schema: Schema = text) =>
  (): Media => ({ [type]: { schema } });
const form = (properties: Record<string, Schema>): Media => {
  const schema = { type: 'object', properties };
  return { 'application/x-www-form-urlencoded': { schema }, 'multipart/form-data': { schema } };
};
const page = plain('text/html');
const file = { ...text, description: 'The file.' };
const inForm = {
  schema: {
    type: 'object',
    properties: {
      ...{ kind: text, dryRun: text, format: text, cause: text, scope: text, channel: text },
      file: { type: 'string', format: 'binary' },
    },
    required: ['file'],
    description: 'The fields stand before the file.',
  },
};
const unsubscribe: Words = {
  summary: 'Unsubscribe: one click (RFC 8058), or by the page',
  body: form({
    'List-Unsubscribe': { const: 'One-Click', description: 'A mail program’s click.' },
    stop: { enum: ['purpose', 'channel', 'marketing'], description: 'How much, by the page.' },
    undo: { ...text, description: 'Takes back what the page has just taken: the token in its form.' },
  }),
};
const askUnsubscribe: Words = { summary: 'The page with the button that unsubscribes' };
const predicate = { predicate: { $ref: '#/components/schemas/PredicateInput' } };
const time = { type: 'string', format: 'date-time' };

export const WORDS: Record<string, Words> = {
  'CampaignsController.list': { summary: 'Campaigns, the latest first' },
  'CampaignsController.create': { summary: 'A new campaign, as a draft' },
  'CampaignsController.one': { summary: 'A campaign, with its history' },
  'CampaignsController.edit': {
    summary:
      'Changes a campaign: what is absent stays; once submitted it is a draft again, unless that is how it stands already',
  },
  'CampaignsController.reach': {
    lines:
      '`{"progress": {"looked", "of"}}` a line while people are looked at, `of` null until they are counted; `{"reach": …}` last.',
  },
  'CampaignsController.submit': { summary: 'Hands a campaign in for approval' },
  'CampaignsController.approve': { summary: 'Approves a campaign: never by who submitted it' },
  'CampaignsController.reject': { summary: 'Sends a campaign back, with the reason' },
  'CampaignsController.schedule': { summary: 'Sets when an approved campaign is sent' },
  'CampaignsController.unschedule': { summary: 'Takes the time back' },
  'CampaignsController.resume': { summary: 'Goes on after a pause' },
  'CampaignsController.cancel': { summary: 'Calls a campaign off: what is not sent is not' },
  'CampaignsController.duplicate': { summary: 'A new draft that says the same' },
  'CampaignsController.archive': { summary: 'Puts a campaign away' },
  'SegmentsController.list': { summary: 'Segments, the latest first' },
  'SegmentsController.create': { summary: 'A new segment', members: predicate },
  'SegmentsController.count': { summary: 'How many people a predicate means now', members: predicate },
  'SegmentsController.one': { summary: 'A segment' },
  'SegmentsController.change': { summary: 'Writes a segment anew', members: predicate },
  'TemplatesController.list': { summary: 'Templates, the latest first' },
  'TemplatesController.create': { summary: 'A new template, with its first version' },
  'TemplatesController.one': { summary: 'A template' },
  'TemplatesController.add': { summary: 'A new version of a template, as a draft' },
  'TemplatesController.version': { summary: 'A version, with what is wrong with it' },
  'TemplatesController.publish': { summary: 'Publishes a version that has no faults' },
  'EventsController.take': {
    summary: 'Tells events: one or a batch, as CloudEvents 1.0',
    query: {
      dryRun: { enum: ['true', 'false'], description: 'true: what it would do, and nothing is done.' },
    },
    body: {
      'application/cloudevents+json': { schema: { $ref: '#/components/schemas/Event' } },
      'application/cloudevents-batch+json': {
        schema: { type: 'array', items: { $ref: '#/components/schemas/Event' } },
      },
      'application/json': {
        schema: {
          description: 'The `data` of an event in binary mode: its attributes are the headers `ce-…`.',
        },
      },
    },
    answers: {
      200: (sources) => ({ 'application/json': { schema: sources.schemaNamed('DryResult') } }),
      202: (sources) => ({ 'application/json': { schema: sources.schemaNamed('EventsAnswer') } }),
    },
    problems: [400, 413, 415],
  },
  'EventsController.one': { summary: 'What came of an event, by its CloudEvents id' },
  'DecisionsController.decide': { summary: 'The gate, dry: what it would say' },
  'MessagesController.list': { summary: 'Messages, the latest first' },
  'MessagesController.one': { summary: 'A message, with its history and what the gate saw' },
  'CustomersController.one': { summary: 'A person: facts, choices, suppressions, messages' },
  'CustomersController.choose': {
    summary: 'Adds to the log of choices; what it does not name stays',
    answers: {
      200: (sources) => ({ 'application/json': { schema: sources.schemaNamed('CustomerView') } }),
      202: plain('application/json', {
        type: 'object',
        description: 'The database does not answer: a no is kept, and done once it does.',
        properties: { status: { const: 'received' }, detail: text },
        required: ['status', 'detail'],
      }),
    },
  },
  'CustomersController.restrict': { summary: 'Restricts processing (GDPR 18)' },
  'CustomersController.unrestrict': { summary: 'Ends the restriction' },
  'CustomersController.erase': { summary: 'Erases a person (GDPR 17); says what is kept, and why' },
  'KeysController.list': { summary: 'The keys; of each only a hint' },
  'KeysController.delete': { summary: 'Takes a key back: from now on it is not known' },
  'DeadLettersController.list': { summary: 'What could not be handled, the latest first' },
  'DeadLettersController.redrive': { summary: 'Hears letters again' },
  'PauseController.list': { summary: 'What is stopped now' },
  'TasksController.list': { summary: 'Tasks' },
  'TasksController.done': { summary: 'The task is done' },
  'TasksController.noAnswer': { summary: 'Nobody answered' },
  'TasksController.objected': { summary: 'The person said no: it holds for every such call' },
  'RequestsController.list': { summary: 'Requests, the latest first' },
  'RequestsController.one': { summary: 'A request' },
  'RequestsController.done': { summary: 'The request was answered' },
  'SendersController.list': { summary: 'What messages are sent from, and whether they can be' },
  'AuditController.list': { summary: 'Who did what, the latest first' },
  'RecordController.read': {
    summary: 'The record of processing, as JSON, a table or a page',
    query: { language: { type: 'string', description: 'One that the tenant speaks.' } },
    queryIsSaid: true,
    answers: {
      200: (sources) => ({
        'application/json': { schema: sources.schemaNamed('RecordOfProcessing') },
        'text/csv': { schema: text },
        'text/html': { schema: text },
      }),
    },
  },
  'WebhooksController.list': { summary: 'How the tenant’s own addresses do' },
  'SchemasController.asyncapi': { summary: 'The events, as AsyncAPI 3' },
  'SchemasController.openapi': { summary: 'This document' },
  'SchemasController.schema': { summary: 'The JSON Schema of an event' },
  'HomeController.home': {
    summary: 'What is here; while nothing is sent for real, `all` leads to the inbox',
    answers: { 302: () => null },
  },
  'ImportsController.take': {
    summary: 'Imports a file, row by row; tightens only',
    formSaysIt: true,
    body: {
      'text/csv': { schema: file },
      'application/json': { schema: { type: 'array', items: { type: 'object' } } },
      'application/x-ndjson': { schema: file },
      'multipart/form-data': inForm,
    },
    answers: {
      200: (sources) => ({
        'application/json': { schema: sources.schemaNamed('WholeImport') },
        'text/csv': { schema: { ...text, description: 'The faults, a row each.' } },
      }),
      202: (sources) => ({
        'application/json': { schema: sources.schemaNamed('WholeImport') },
        'text/csv': { schema: text },
      }),
    },
    problems: [400, 413, 415],
  },
  'ImportsController.list': { summary: 'Imports, the latest first' },
  'ImportsController.one': { summary: 'An import: how far it is, and its first faults' },
  'ImportsController.errors': {
    answers: {
      200: () => ({ 'text/csv': { schema: text }, 'application/x-ndjson': { schema: text } }),
    },
  },
  'ExportsController.all': {
    summary: 'All of a kind, as a file',
    path: { kind: { enum: ['customers', 'choices', 'suppressions'] } },
    answers: {
      200: () => ({ 'text/csv': { schema: text }, 'application/x-ndjson': { schema: text } }),
    },
  },
  'RetentionController.list': {
    answers: {
      200: () => ({
        'application/x-ndjson': { schema: { ...text, description: 'A line: {customer, fate, why, at}.' } },
        'text/csv': { schema: text },
      }),
    },
  },
  'UnsubscribeController.askByToken': askUnsubscribe,
  'UnsubscribeController.askByCode': { ...askUnsubscribe, summary: 'The same, by the code of an SMS' },
  'UnsubscribeController.stopByToken': unsubscribe,
  'UnsubscribeController.stopByCode': { ...unsubscribe, summary: 'Unsubscribe, by the code of an SMS' },
  'PreferencesController.show': { summary: 'The preference centre' },
  'PreferencesController.choose': {
    summary: 'Sets choices, a pause of marketing, the language',
    body: form({
      seen: { ...text, description: 'The boxes that the page showed.' },
      on: { ...text, description: 'Those that are ticked; it may come many times.' },
      pause: { ...text, description: 'Days without marketing, or `end`.' },
      language: text,
    }),
  },
  'SubscribeController.show': { summary: 'The form for the newsletter' },
  'SubscribeController.subscribe': {
    summary: 'Asks for the newsletter: a mail asks whether it was you',
    body: form({ email: { type: 'string' }, name: text, offers: { ...text, description: 'Offers too.' } }),
  },
  'ConfirmController.show': { summary: 'What a yes would be to, and the button' },
  'ConfirmController.confirm': { summary: 'The yes of a double opt-in', body: form({}) },
  'SurveyController.ask': { summary: 'The survey after a visit', answers: { 200: page } },
  'SurveyController.answer': {
    summary: 'Answers the survey',
    body: form({ score: { ...text, description: '0 to 10' }, comment: text }),
  },
  'SurveyController.cut': { summary: 'A link that was cut before its token' },
  'MeController.show': { summary: 'The form that asks for a link to one’s own data' },
  'MeController.ask': {
    summary: 'Sends the link to the address on file; answers the same for every address',
    body: form({ address: { ...text, description: 'An email address or a phone number.' } }),
  },
  'MyDataController.show': { summary: 'The page whose button opens one’s data' },
  'MyDataController.act': {
    summary: 'Opens the data; sees, exports, corrects, restricts, erases',
    body: form({ act: text }),
  },
  'NewEmailController.show': { summary: 'What a new address would be, and the button' },
  'NewEmailController.confirm': { summary: 'Confirms a new address', body: form({}) },
  'NoticeController.show': {
    summary: 'The privacy notice',
    query: { version: { type: 'string', description: 'An earlier version of it.' } },
  },
  'MeasureController.leadOn': {
    summary: 'Leads on to where a link of a measured mail led',
    answers: { 302: () => null },
  },
  'MeasureController.picture': {
    summary: 'The picture by which it is seen that a measured mail was opened',
    answers: { 200: () => ({ 'image/gif': { schema: text } }) },
  },
  'StylesheetController.text': { summary: 'The style of the pages' },
  'LogoController.png': { summary: 'A tenant’s logo' },
  'SendGridWebhookController.events': {
    summary: 'SendGrid tells what became of mails',
    body: { 'application/json': { schema: { type: 'array', items: { type: 'object' } } } },
  },
  'TwilioWebhookController.status': {
    summary: 'Twilio tells what became of an SMS',
    query: { r: { type: 'string', description: 'The reference that it was given.' } },
    body: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } },
  },
  'InboundController.text': {
    summary: 'An SMS that somebody wrote back',
    body: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } },
  },
  'InboundController.mail': {
    summary: 'A mail that somebody wrote back',
    body: { 'multipart/form-data': { schema: { type: 'object' } } },
  },
  'InboxController.empty': { summary: 'Empties the inbox' },
  'InboxController.clock': {
    summary: 'Moves the clock: what falls due on the way is sent first',
    body: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { advance: { type: 'string', description: 'An ISO 8601 duration: PT24H; PT0S too.' } },
          required: ['advance'],
        },
      },
    },
    answers: {
      200: plain('application/json', { type: 'object', properties: { now: time }, required: ['now'] }),
    },
  },
  'InboxController.act': {
    summary: 'What the other side does with a message',
    path: { act: { enum: ['bounce', 'complain', 'stop', 'reply'] } },
    bodyMayBeLeftOut: true,
  },
  'InboxAssetsController.style': { summary: 'The style of the inbox' },
  'InboxAssetsController.mail': { summary: 'A captured mail, as it looks' },
  'InboxAssetsController.attachment': { summary: 'An attachment of a captured mail' },
  'HealthController.ready': { summary: 'Whether it can work, and what it waits for' },
  'HealthController.text': { summary: 'Figures for Prometheus' },
};
