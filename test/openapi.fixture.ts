import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { rootDir } from '#platform/root';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a document is walked as it comes
export type Json = any;

/** `openapi.yaml` as it is kept. */
export const readDocument = (): Json => parse(readFileSync(join(rootDir(), 'openapi.yaml'), 'utf8'));

/** An operation of the document that a request meets: where nothing is a parameter comes before where something is. */
interface Met {
  path: string;
  method: string;
  operation: Json;
}

const BASE = 'http://lagom.test/openapi.json';

/** Holds what is asked and answered to the document. */
export class Contract {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly judges = new Map<string, ValidateFunction>();
  private readonly document: Json;
  /** What was held to it: `GET /v1/segments 200 application/json`. */
  readonly seen = new Set<string>();

  constructor(document: Json) {
    this.document = document;
    formats.default(this.ajv);
    // A member that the document does not name is a fault here, though a reader is to bear with it.
    this.ajv.addSchema(closed(structuredClone(document)), BASE, undefined, false);
    for (const name of readdirSync(join(rootDir(), 'schemas'))) {
      const schema = JSON.parse(readFileSync(join(rootDir(), 'schemas', name), 'utf8')) as object;
      if (name !== 'index.json') this.ajv.addSchema(schema, new URL(`./schemas/${name}`, BASE).href);
    }
    // The largest by far: while it is compiled nobody's socket should wait.
    this.judgeOf('/components/schemas/Event');
  }

  /** The operation of a request; throws where there is none. */
  meet(method: string, url: string): Met {
    const { pathname } = new URL(url, BASE);
    const fits = (path: string): boolean =>
      new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname);
    const [path] = Object.keys(this.document.paths)
      .filter((one) => fits(one) && method.toLowerCase() in this.document.paths[one])
      .sort((one, other) => one.split('{').length - other.split('{').length);
    if (path === undefined) throw new Error(`${method} ${pathname} is not in the document`);
    return { path, method: method.toLowerCase(), operation: this.document.paths[path][method.toLowerCase()] };
  }

  /** What an answer has that the document does not say, or the reverse. */
  faultsOfAnswer(
    method: string,
    url: string,
    answer: { status: number; headers: Headers; body: unknown },
  ): string[] {
    const { path, operation } = this.meet(method, url);
    const told = operation.responses[answer.status];
    if (told === undefined) return [`${method} ${path} does not tell of a ${answer.status}`];
    const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
    this.seen.add(`${method} ${path} ${answer.status} ${type}`);
    const shared = told.$ref !== undefined;
    const response = shared ? this.at(told.$ref as string) : told;
    if (response.content === undefined)
      return answer.body === '' ? [] : [`${method} ${path} answers nothing`];
    if (response.content[type] === undefined)
      return [`${method} ${path} ${answer.status} does not tell of ${type}`];
    const where = shared
      ? (told.$ref as string).slice(1)
      : `/paths/${part(path)}/${method.toLowerCase()}/responses/${answer.status}`;
    return this.faults(`${where}/content/${part(type)}/schema`, answer.body).map(
      (fault) => `${method} ${path} ${answer.status}: ${fault}`,
    );
  }

  /** What a body that is sent has that the document does not say. */
  faultsOfBody(method: string, url: string, type: string, body: unknown): string[] {
    const { path, operation } = this.meet(method, url);
    if (operation.requestBody === undefined) return [`${method} ${path} takes no body`];
    if (operation.requestBody.content[type] === undefined) return [`${method} ${path} does not take ${type}`];
    const where = `/paths/${part(path)}/${method.toLowerCase()}/requestBody/content/${part(type)}/schema`;
    return this.faults(where, body).map((fault) => `${method} ${path} asked: ${fault}`);
  }

  /** What a pointer of the document names. */
  at(ref: string): Json {
    return ref
      .split('/')
      .slice(1)
      .reduce<Json>((at, name) => at?.[name.replaceAll('~1', '/').replaceAll('~0', '~')], this.document);
  }

  private judgeOf(pointer: string): ValidateFunction {
    const known = this.judges.get(pointer);
    if (known !== undefined) return known;
    const $ref = `${BASE}#${pointer.split('/').map(encodeURIComponent).join('/')}`;
    const judge = this.ajv.compile({ $ref });
    this.judges.set(pointer, judge);
    return judge;
  }

  private faults(pointer: string, value: unknown): string[] {
    const validate = this.judgeOf(pointer);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

const part = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Every object takes the members that it names and no others. */
function closed(node: Json): Json {
  if (Array.isArray(node)) node.forEach(closed);
  else if (typeof node === 'object' && node !== null) {
    Object.values(node).forEach(closed);
    if (node.type === 'object' && node.properties !== undefined && !('additionalProperties' in node))
      node.additionalProperties = false;
  }
  return node;
}
