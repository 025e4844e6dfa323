import { request as plain, type IncomingMessage } from 'node:http';
import { request as secure } from 'node:https';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import type { HouseSettings } from '#platform/house-settings';
import { CliFault, EXIT } from './cli-fault.js';

/** What is sent with a request beside its path. */
export interface Sending {
  headers?: Readonly<Record<string, string>>;
  /** Goes as JSON. */
  json?: unknown;
  /** Goes as it comes. */
  stream?: Readable;
}

/** RFC 9457, as the house answers. */
interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
}

const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/** The house that runs somewhere: whatever the command line does, it asks for over the same API as everybody. */
export class House {
  constructor(
    private readonly settings: HouseSettings,
    private readonly tenant: string | undefined,
  ) {}

  /** The answer's JSON. Throws where the house says no, with its own words. */
  async ask<T>(method: string, path: string, sending: Sending = {}): Promise<T> {
    const body = await text(await this.open(method, path, sending));
    return (body === '' ? null : JSON.parse(body)) as T;
  }

  /** Every item of a list, page by page. */
  async *all<T>(path: string, query: Readonly<Record<string, string>> = {}): AsyncGenerator<T> {
    for (let cursor: string | undefined; ;) {
      const asked = new URLSearchParams({
        limit: '500',
        ...query,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const page: { items: T[]; next?: string } = await this.ask('GET', `${path}?${asked.toString()}`);
      yield* page.items;
      if (page.next === undefined) return;
      cursor = page.next;
    }
  }

  /** The answer as it comes. */
  async open(
    method: string,
    path: string,
    { headers = {}, json, stream }: Sending = {},
  ): Promise<IncomingMessage> {
    const { url, key } = this.settings;
    if (key === null) {
      throw new CliFault(
        'no key to ask with: set LAGOM_ADMIN_KEY (the first key, with --tenant) or LAGOM_KEY (a key of the tenant)',
      );
    }
    const target = new URL(url + path);
    const asking = (target.protocol === 'https:' ? secure : plain)(target, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${key}`,
        ...(this.tenant === undefined ? {} : { 'lagom-tenant': this.tenant }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asking.once('response', resolve);
      asking.once('error', reject);
    });
    // Whether it is sent to the end or not: the answer says what became of it.
    if (stream !== undefined) pipeline(stream, asking).catch(() => undefined);
    else asking.end(json === undefined ? undefined : JSON.stringify(json));
    const answer = await answered.catch((error: unknown) => {
      throw this.unreached(error);
    });
    if ((answer.statusCode ?? 500) < 400) return answer;
    throw await this.refused(answer);
  }

  private unreached(error: unknown): CliFault {
    const { code = 'no answer' } = error as { code?: string };
    const { url } = this.settings;
    return new CliFault(
      UNREACHED.has(code)
        ? `no house answers at ${url} (${code}): start it (npm start), or say where it is with LAGOM_URL or --url`
        : `the connection to ${url} broke (${code}): ask again`,
    );
  }

  private async refused(answer: IncomingMessage): Promise<CliFault> {
    const status = answer.statusCode ?? 0;
    let problem: ProblemBody;
    try {
      problem = JSON.parse(await text(answer)) as ProblemBody;
    } catch {
      return new CliFault(
        `${this.settings.url} answered ${status}, and not as a house does: is LAGOM_URL right?`,
      );
    }
    const lines = [
      `${problem.detail ?? problem.title ?? 'refused'} (${status})`,
      ...(problem.errors ?? []).map(({ pointer, detail }) => `  ${pointer}: ${detail}`),
      ...(status === 401 ? ['set LAGOM_ADMIN_KEY or LAGOM_KEY to a key that this house knows'] : []),
      ...(status === 400 && this.tenant === undefined ? ['say which tenant with --tenant'] : []),
    ];
    return new CliFault(lines.join('\n'), status === 400 || status === 422 ? EXIT.usage : EXIT.failed);
  }
}
