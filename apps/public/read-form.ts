import { MOST_BODY_BYTES, type ReadRequest } from '#platform/read-body';

/** A form of ours has a handful of fields; more is none. */
const MOST_FORM_BYTES = 1024 * 1024;

/**
 * The fields of a form, urlencoded or `multipart/form-data` (RFC 8058 allows either). What is no form has none; of a name
 * that comes twice the first counts. Files are of no use here: a part is its text.
 */
export function readForm(request: ReadRequest): ReadonlyMap<string, string> {
  return new Map(fieldsOf(request).toReversed());
}

/** The same of a mail that a provider hands over, which may be as long as any body. */
export function readInboundForm(request: ReadRequest): ReadonlyMap<string, string> {
  return new Map(fieldsOf(request, MOST_BODY_BYTES).toReversed());
}

/** The same with every value of a name, as boxes send them. */
export function readFields(request: ReadRequest): URLSearchParams {
  return new URLSearchParams(fieldsOf(request));
}

function fieldsOf({ headers, rawBody }: ReadRequest, most = MOST_FORM_BYTES): [string, string][] {
  const type = headers['content-type'] ?? '';
  if (rawBody === undefined || rawBody.length > most) return [];
  const text = rawBody.toString('utf8');
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return [...new URLSearchParams(text)];
  const [, quoted, bare] = /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(type) ?? [];
  const boundary = quoted ?? bare;
  return boundary === undefined ? [] : partsOf(text, boundary);
}

/** RFC 7578, leniently: bare line feeds pass too. */
function partsOf(text: string, boundary: string): [string, string][] {
  return text
    .split(`--${boundary}`)
    .slice(1)
    .flatMap((part): [string, string][] => {
      const [, head, value] = /^\r?\n(.*?)\r?\n\r?\n(.*?)(?:\r?\n)?$/s.exec(part) ?? [];
      const [, name] = /^content-disposition:.*?;\s*name="([^"]*)"/im.exec(head ?? '') ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    });
}
