import { EVENT_TYPES } from '#events/event';
import { ReadHandlers, type Handler, type SchemaPlace } from './read-handlers.js';
import { routes, type Route } from './routes.js';
import { predicateSchema, readInputSchema, type Input } from './schema-of-input.js';
import type { Schema } from './schema-of-type.js';
import { TAGS, WORDS, type Media, type Words } from './words.js';

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const TITLES: Record<number, string> = {
  200: 'As asked',
  201: 'Made',
  202: 'Taken, and not done yet',
  204: 'Done; there is nothing to say',
  302: 'Elsewhere',
  400: 'Cannot be read',
  403: 'Not allowed',
  404: 'Not known',
  409: 'Not as things stand',
  410: 'Gone',
  412: 'Changed since it was read',
  413: 'Too large',
  415: 'A content type that is not understood',
  422: 'Some members are not as they should be; `errors` point at them',
  428: 'If-Match is needed',
  429: 'Too often; `Retry-After` says when again',
  503: 'Not available just now; ask again',
};

/** The whole HTTP side of Lagom as OpenAPI 3.1: routes from Nest, inputs from their zod schemas, answers from their types. */
export async function openApi(): Promise<Record<string, unknown>> {
  const sources = new ReadHandlers();
  const paths: Record<string, Record<string, unknown>> = {};
  const inputs: Record<string, Schema> = { PredicateInput: predicateSchema() };
  const used = new Set<string>();
  const ids = new Set<string>();
  const faults: string[] = [];
  for (const route of routes()) {
    const known = (paths[route.path] ??= {});
    // The first module that names a route answers it: the front door of `all` stands before the console's.
    if (route.method in known) continue;
    const whose = `${route.controller}.${route.handler}`;
    used.add(whose);
    try {
      const { operation, components } = await operationOf(
        route,
        sources,
        WORDS[whose] ?? {},
        idOf(route, ids),
      );
      known[route.method] = operation;
      Object.assign(inputs, components);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  const stale = Object.keys(WORDS).filter((whose) => !used.has(whose));
  if (stale.length > 0) faults.push(`openapi/words.ts names what is no route: ${stale.join(', ')}`);
  if (faults.length > 0) throw new Error(`openapi.yaml cannot be told:\n${faults.join('\n')}`);
  const tagged = new Set(
    Object.values(paths).flatMap((path) =>
      Object.values(path).map((one) => (one as { tags: string[] }).tags[0]),
    ),
  );
  return {
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/', description: 'Where this document was read' }],
    tags: Object.entries(TAGS)
      .filter(([name]) => tagged.has(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: SECURITY,
      parameters: { LagomTenant: LAGOM_TENANT },
      responses: RESPONSES,
      schemas: Object.fromEntries(
        [...Object.entries(OWN_SCHEMAS), ...Object.entries(inputs), ...sources.schemas.components].sort(
          ([one], [other]) => (one < other ? -1 : 1),
        ),
      ),
    },
  };
}

async function operationOf(
  route: Route,
  sources: ReadHandlers,
  words: Words,
  operationId: string,
): Promise<{ operation: Schema; components: Record<string, Schema> }> {
  const handler = sources.read(route.controller, route.handler);
  const read = (places: readonly SchemaPlace[]) =>
    Promise.all(places.map((place) => readInputSchema(place, `${route.controller}.${route.handler}`)));
  const queries = words.queryIsSaid === true ? [] : await read(handler.query);
  const bodies = words.body === undefined ? await read(handler.body) : [];
  const operation = {
    ...{ tags: [tagOf(route)], operationId, ...saidOf(route, handler, words) },
    ...(route.roles === null ? {} : { 'x-roles': [...route.roles, 'admin'] }),
    security: securityOf(route),
    parameters: parametersOf(route, handler, queries, words),
    ...bodyOf(bodies, words),
    responses: answersOf(route, handler, words, sources),
  };
  const components = Object.assign({}, ...[...queries, ...bodies].map((one) => one.components)) as Record<
    string,
    Schema
  >;
  return { operation, components };
}

const INFO = {
  title: 'Lagom',
  version: '1.0.0',
  description: [
    'The part of a booking business that talks to its customers: asks first, says it once.',
    'A key belongs to one tenant and one role (`x-roles` says whose keys may ask; `admin` may all). Errors are RFC 9457 problem details whose `errors` point at what was wrong and say what would be right.',
    'Lists answer `{items, next?}`, page by `cursor` and `limit`, and answer `text/csv` when asked, the next page then in the header `Lagom-Next`. Times are RFC 3339.',
    'The events that are heard and told are in `/asyncapi.json`.',
  ].join('\n\n'),
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

const SECURITY = {
  key: {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of `POST /v1/keys`, or the first key, LAGOM_ADMIN_KEY.',
  },
  sendgridSignature: {
    ...{ type: 'apiKey', in: 'header', name: 'X-Twilio-Email-Event-Webhook-Signature' },
    description: 'SendGrid signs the time and the raw body with the key of the account.',
  },
  twilioSignature: {
    ...{ type: 'apiKey', in: 'header', name: 'X-Twilio-Signature' },
    description: 'Twilio signs the URL and the form with the token of the account.',
  },
};

const LAGOM_TENANT = {
  ...{ name: 'Lagom-Tenant', in: 'header', schema: { type: 'string' } },
  description: 'Whose: only with the first key, which is every tenant’s.',
};

const RESPONSES: Record<string, Schema> = {
  401: { description: 'No key, or one that is not known', content: PROBLEM },
  403: { description: 'A key of a role that may not do this', content: PROBLEM },
  404: { description: 'Not known', content: PROBLEM },
  409: { description: 'Not as things stand', content: PROBLEM },
  422: { description: 'Some members are not as they should be; `errors` point at them', content: PROBLEM },
  default: { description: 'Anything else that went wrong', content: PROBLEM },
  page: {
    description: 'Not now: a page that helps',
    content: { 'text/html': { schema: { type: 'string' } } },
  },
};

const OWN_SCHEMAS: Record<string, Schema> = {
  Problem: {
    type: 'object',
    description: 'Problem details, RFC 9457.',
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      instance: { type: 'string', description: 'The path that was asked for.' },
      errors: { type: 'array', items: { $ref: '#/components/schemas/ProblemFault' } },
    },
    required: ['type', 'title', 'status', 'detail', 'instance'],
  },
  ProblemFault: {
    type: 'object',
    properties: {
      pointer: {
        type: 'string',
        description: 'Where: a JSON pointer in a fragment, `#/data/booking/startsAt`.',
      },
      detail: { type: 'string', description: 'What was wrong and what would be right.' },
    },
    required: ['pointer', 'detail'],
  },
  // Beside this document, wherever it is read: in the repository, and from a running Lagom.
  Event: {
    description: 'A CloudEvent 1.0 in structured mode. By type: /schemas/booking.confirmed.v1 and its like.',
    anyOf: EVENT_TYPES.map((type) => ({ $ref: `./schemas/${type}.json` })),
  },
};

/** A route's part of the document: `events`, `pages`, `webhooks`, `inbox`. */
function tagOf({ path, controller }: Route): string {
  const [first = '', second = ''] = path.split('/').slice(1);
  if (first === 'v1') return second === 'resume' ? 'pause' : second;
  if (controller === 'HealthController') return 'health';
  if (first === 'webhooks') return 'provider-webhooks';
  return first === 'inbox' || first === ''
    ? 'inbox'
    : first.includes('.json') || first === 'schemas'
      ? 'contracts'
      : 'pages';
}

function idOf({ controller, handler, path }: Route, taken: Set<string>): string {
  const base = controller.replace(/Controller$/, '');
  const plain =
    base.charAt(0).toLowerCase() + base.slice(1) + handler.charAt(0).toUpperCase() + handler.slice(1);
  // One handler of two paths: the second says what it has more.
  const more = path.split('/').at(-1)?.replaceAll(/\W/g, '') ?? '';
  const id = taken.has(plain) ? plain + more.charAt(0).toUpperCase() + more.slice(1) : plain;
  taken.add(id);
  return id;
}

function saidOf(
  { controller, handler, roles }: Route,
  { says }: Handler,
  { summary }: Words,
): { summary: string; description?: string } {
  // The first sentence; a point within a word or number ends none.
  const [first = ''] = /^.*?(?:[.:;](?=\s|$)|$)/.exec(says) ?? [];
  const short = summary ?? first.replace(/[.:;]$/, '');
  if (short === '')
    throw new Error(
      `${controller}.${handler} says nothing of itself: write a docstring, or a summary in openapi/words.ts`,
    );
  const who = roles === null ? [] : [`May ask: ${[...roles, 'admin'].join(', ')}.`];
  return { summary: short, description: [...(says === '' ? [] : [says]), ...who].join('\n\n') || short };
}

function securityOf({ path, roles }: Route): Record<string, never[]>[] {
  if (path.startsWith('/webhooks/sendgrid')) return [{ sendgridSignature: [] }];
  if (path.startsWith('/webhooks/twilio')) return [{ twilioSignature: [] }];
  return roles === null ? [] : [{ key: [] }];
}

function parametersOf(route: Route, handler: Handler, queries: readonly Input[], words: Words): Schema[] {
  const inPath = route.parameters.map(({ name, holdsSlashes }) => ({
    ...{ name, in: 'path', required: true, schema: words.path?.[name] ?? { type: 'string' } },
    ...(holdsSlashes ? { description: 'It has slashes in it: encode it.' } : {}),
  }));
  const said = words.query ?? {};
  const inQuery = new Map<string, Schema>(
    Object.entries(said).map(([name, schema]) => [name, { name, in: 'query', schema }]),
  );
  for (const name of handler.singleQueries) {
    if (!inQuery.has(name))
      throw new Error(
        `${route.controller}.${route.handler}: what \`${name}\` may be is not in openapi/words.ts`,
      );
  }
  for (const { schema } of queries) {
    const required = (schema['required'] ?? []) as string[];
    for (const [name, one] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)) {
      // The form of an import may say it beside its file, so that no query is needed.
      const isRequired = required.includes(name) && words.formSaysIt !== true;
      inQuery.set(name, { name, in: 'query', ...(isRequired ? { required: true } : {}), schema: one });
    }
  }
  return [
    ...inPath,
    ...inQuery.values(),
    ...(handler.readsIfMatch
      ? [
          {
            name: 'If-Match',
            in: 'header',
            schema: { type: 'string' },
            description: `The ETag of GET ${/^\/v1\/\w+\/\{id\}/.exec(route.path)?.[0] ?? route.path}.`,
          },
        ]
      : []),
    ...(route.roles === null ? [] : [{ $ref: '#/components/parameters/LagomTenant' }]),
  ];
}

function bodyOf(read: readonly Input[], words: Words): { requestBody?: Schema } {
  if (words.body !== undefined) return { requestBody: { required: true, content: words.body } };
  const [only, ...others] = read;
  if (only === undefined) return {};
  if (others.length > 0) throw new Error('a body is read through two schemas');
  const { properties, ...rest } = only.schema as { properties?: Record<string, Schema> };
  const schema =
    properties === undefined ? rest : { ...rest, properties: { ...properties, ...words.members } };
  const isRequired = !only.mayBeEmpty && words.bodyMayBeLeftOut !== true;
  return { requestBody: { required: isRequired, content: { 'application/json': { schema } } } };
}

function answersOf(
  route: Route,
  handler: Handler,
  words: Words,
  sources: ReadHandlers,
): Record<string, Schema> {
  const answers: Record<string, Schema> = {};
  const answer = (status: number, content: Media | null, details: readonly string[] = []): void => {
    const description = details.length > 0 ? details.join('; or ') : (TITLES[status] ?? `Status ${status}`);
    answers[status] = { description, ...headersOf(route, content), ...(content === null ? {} : { content }) };
  };
  for (const status of goodStatuses(route, handler, words)) {
    const said = words.answers?.[status];
    answer(status, said === undefined ? contentOf(route, handler, sources, words) : said(sources));
  }
  for (const status of handler.pages) answer(status, { 'text/html': { schema: { type: 'string' } } });
  const problems = new Map(handler.problems);
  for (const status of words.problems ?? []) if (!problems.has(status)) problems.set(status, []);
  // Of the house: words that a schema's fault has always say less than the title does.
  for (const [status, details] of problems) {
    const isSaid = details.length > 0 && !(status === 422 && handler.body.length + handler.query.length > 0);
    if (isSaid || !(status in RESPONSES)) answer(status, PROBLEM, details);
    else answers[status] = { $ref: `#/components/responses/${status}` };
  }
  if (route.roles !== null) {
    answers['401'] = { $ref: '#/components/responses/401' };
    answers['403'] = { $ref: '#/components/responses/403' };
  }
  answers['default'] = { $ref: `#/components/responses/${handler.pages.length > 0 ? 'page' : 'default'}` };
  return answers;
}

/** The statuses of answers that are no problem and no page. */
function goodStatuses(route: Route, handler: Handler, { answers }: Words): number[] {
  const said = Object.keys(answers ?? {}).map(Number);
  if (handler.pages.length > 0) return said;
  const isOwn = handler.statuses.length > 0 || said.length > 0;
  const isUnused = isOwn && (handler.sendsItself || (route.method === 'post' && route.status === 201));
  return [...new Set([...(isUnused ? [] : [route.status]), ...handler.statuses, ...said])].sort();
}

function contentOf(route: Route, handler: Handler, sources: ReadHandlers, words: Words): Media | null {
  const { json, hasText, isFile, isNothing } = sources.partsOf(handler.returns);
  if (route.contentType !== null) {
    const [type = ''] = route.contentType.split(';');
    return { [type]: { schema: type.includes('json') ? {} : { type: 'string' } } };
  }
  const csv = { 'text/csv': { schema: { type: 'string' } } };
  const takes = (type: string): boolean => handler.accepts.includes(type);
  const content: Media = {
    ...(json === null ? {} : { 'application/json': { schema: json } }),
    ...((hasText && takes('text/csv')) || isList(route, json, sources) ? csv : {}),
    ...(hasText && takes('html') ? { 'text/html': { schema: { type: 'string' } } } : {}),
    ...(takes('application/x-ndjson') && json !== null
      ? {
          'application/x-ndjson': {
            schema: { type: 'string', ...(words.lines === undefined ? {} : { description: words.lines }) },
          },
        }
      : {}),
    ...(isFile ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } : {}),
  };
  if (Object.keys(content).length > 0) return content;
  if (isNothing && !handler.sendsItself) return null;
  throw new Error(
    `${route.controller}.${route.handler} writes its answer itself: say what in openapi/words.ts`,
  );
}

/** A page of a list of the API: one interceptor answers all of them as CSV when asked (apps/console/list-as-csv.ts). */
function isList(route: Route, json: Schema | null, sources: ReadHandlers): boolean {
  if (route.method !== 'get' || !route.path.startsWith('/v1/') || json === null) return false;
  const name = typeof json['$ref'] === 'string' ? json['$ref'].split('/').at(-1) : undefined;
  const whole = name === undefined ? json : sources.schemas.components.get(name);
  const { items } = (whole?.['properties'] ?? {}) as { items?: Schema };
  return items?.['type'] === 'array';
}

/** Only what has pages has a next one. */
const isPage = (schema: Schema | undefined): boolean =>
  (schema?.['properties'] as Schema | undefined)?.['next'] !== undefined;

function headersOf({ path, method }: Route, content: Media | null): { headers?: Schema } {
  if (content === null || 'application/problem+json' in content) return {};
  const text = { schema: { type: 'string' } };
  const isCustomer =
    /^\/v1\/customers\/\{id\}(?:\/(?:choices|restrict|unrestrict))?$/.test(path) && method !== 'delete';
  const isCampaign =
    /^\/v1\/campaigns\/\{id\}(?:\/\w+)?$/.test(path) && !/\/(?:reach|preview|report)$/.test(path);
  return {
    ...(isCampaign
      ? { headers: { ETag: { ...text, description: 'Changes with each move and edit.' } } }
      : {}),
    ...(isCustomer
      ? { headers: { ETag: { ...text, description: 'Changes with facts and choices only.' } } }
      : {}),
    ...('text/csv' in content && isPage(content['application/json']?.schema) && method === 'get'
      ? {
          headers: {
            'Lagom-Next': { ...text, description: 'The `cursor` of the next page, if there is one.' },
          },
        }
      : {}),
  };
}
