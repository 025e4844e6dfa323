import { mismatch, faultAt, type ReadFault } from './explain-fault.js';
import { parseJson } from './parse-json.js';
import { notACloudEvent, readCloudEvent, type Candidate, type Read } from './read-cloudevent.js';

export type { ReadFault } from './explain-fault.js';
export type { Read, ReadRefusal } from './read-cloudevent.js';

/** What an HTTP request holds: one event, a batch by position, or nothing that can be read as either. */
export type HttpRead =
  { kind: 'one' | 'batch'; reads: Read[] } | { kind: 'refused'; status: 400 | 415; faults: ReadFault[] };

/** The largest body of a message or request, and the most events of a batch. */
export const BODY_MOST = 1024 * 1024;
export const BATCH_MOST = 500;

const ONE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

/** Reads a Kafka message in structured or binary mode. Never throws. */
export function readKafkaEvent(
  message: { headers: Record<string, string>; value: Buffer },
  tenants: ReadonlySet<string>,
  now: Date,
): Read {
  if (message.value.length > BODY_MOST) return notACloudEvent([tooLarge(message.value)]);
  const headers = lowerCased(message.headers);
  const mediaType = mediaTypeOf(headers);
  if (mediaType !== ONE && hasPrefix(headers, 'ce_')) {
    return readCloudEvent(fromHeaders(headers, 'ce_', message.value), tenants, now);
  }
  const body = parseJson(message.value);
  if (!body.ok) return notACloudEvent([unreadable([], body.expected, message.value)]);
  return readStructured(body.value, tenants, now);
}

/** Reads an HTTP request in structured, binary or batch mode. Never throws. */
export function readHttpEvents(
  request: { headers: Record<string, string | undefined>; body: Buffer },
  tenants: ReadonlySet<string>,
  now: Date,
): HttpRead {
  if (request.body.length > BODY_MOST)
    return { kind: 'refused', status: 400, faults: [tooLarge(request.body)] };
  const headers = lowerCased(request.headers);
  const mediaType = mediaTypeOf(headers);
  if (mediaType !== ONE && mediaType !== BATCH && hasPrefix(headers, 'ce-')) {
    const candidate = fromHeaders(percentDecoded(headers), 'ce-', request.body);
    return { kind: 'one', reads: [readCloudEvent(candidate, tenants, now)] };
  }
  if (mediaType !== ONE && mediaType !== BATCH && mediaType !== 'application/json') {
    const expected = `content type ${ONE}, ${BATCH} or application/json, or the headers of binary mode`;
    return { kind: 'refused', status: 415, faults: [faultAt([], `expected ${expected}, got another`)] };
  }
  const body = parseJson(request.body);
  if (!body.ok) {
    return { kind: 'refused', status: 400, faults: [unreadable([], body.expected, request.body)] };
  }
  const isBatch = mediaType === BATCH || (mediaType !== ONE && Array.isArray(body.value));
  if (!isBatch) return { kind: 'one', reads: [readStructured(body.value, tenants, now)] };
  if (!Array.isArray(body.value) || body.value.length > BATCH_MOST) {
    const fault = mismatch([], `an array of at most ${BATCH_MOST} events`, body.value);
    return { kind: 'refused', status: 400, faults: [fault] };
  }
  return { kind: 'batch', reads: body.value.map((one) => readStructured(one, tenants, now)) };
}

function readStructured(value: unknown, tenants: ReadonlySet<string>, now: Date): Read {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return notACloudEvent([mismatch([], 'a CloudEvent as a JSON object', value)]);
  }
  const { data, data_base64: encoded, ...attributes } = value as Record<string, unknown>;
  if (typeof encoded !== 'string' || data !== undefined)
    return readCloudEvent({ attributes, data }, tenants, now);
  return readCloudEvent({ attributes, ...dataOf(Buffer.from(encoded, 'base64')) }, tenants, now);
}

function fromHeaders(headers: Record<string, string>, prefix: string, value: Buffer): Candidate {
  const attributes: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(headers)) {
    if (name.startsWith(prefix)) attributes[name.slice(prefix.length)] = text;
  }
  if (headers['content-type'] !== undefined) attributes['datacontenttype'] = headers['content-type'];
  return { attributes, ...dataOf(value) };
}

function dataOf(bytes: Buffer): Pick<Candidate, 'data' | 'fault'> {
  if (bytes.length === 0) return { data: undefined };
  const parsed = parseJson(bytes);
  return parsed.ok
    ? { data: parsed.value }
    : { data: undefined, fault: unreadable(['data'], parsed.expected, bytes) };
}

const lowerCased = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, text]) =>
      text === undefined ? [] : [[name.toLowerCase(), text]],
    ),
  );

const mediaTypeOf = (headers: Record<string, string>): string =>
  (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();

const hasPrefix = (headers: Record<string, string>, prefix: string): boolean =>
  Object.keys(headers).some((name) => name.startsWith(prefix));

/** CloudEvents over HTTP writes what is not printable ASCII as %XX. */
function percentDecoded(headers: Record<string, string>): Record<string, string> {
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, decoded(text)]));
}

const tooLarge = (bytes: Buffer): ReadFault =>
  faultAt([], `expected at most ${BODY_MOST} bytes, got ${bytes.length}`);

const unreadable = (path: string[], expected: string, bytes: Buffer): ReadFault =>
  faultAt(
    path,
    `expected ${expected}, got ${bytes.length === 0 ? 'nothing' : `${bytes.length} bytes of something else`}`,
  );
