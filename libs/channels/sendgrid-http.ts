import http from 'node:http';
import https from 'node:https';
import { Client } from '@sendgrid/client';
import { providerAgents, type ProviderAgents } from './provider-agents.js';

/** What of a mail is long, as SendGrid's API names it. */
export interface MailParts {
  content: readonly { type: string; value: string }[];
  attachments?: readonly { content: string; filename: string; type: string; disposition: string }[];
}

/** An answer that is no yes; the library's own errors have the same shape. */
export type Refusal = Error & {
  code: number;
  response: { headers: http.IncomingHttpHeaders; body: unknown };
};

const PRODUCTION = 'https://api.sendgrid.com';
/** A refusal is a few lines of JSON; what goes on beyond is none of SendGrid's. */
const LONGEST_ANSWER = 64 * 1024;

type Asked = Parameters<Client['request']>[0];
type Answered = Awaited<ReturnType<Client['request']>>;

/**
 * SendGrid's client on Node's own HTTP: axios took as long as all the rest of a call (bench/README.md). It follows no
 * redirects: a 307 would send the same mail again, elsewhere.
 */
export class SendGridHttp extends Client {
  private readonly baseUrl: string;
  private readonly agents: ProviderAgents;
  private next: { deadline: AbortSignal; parts: MailParts } | null = null;

  constructor(apiKey: string, baseUrl: string | undefined, width: number, timeoutMs: number) {
    super();
    this.baseUrl = (baseUrl ?? PRODUCTION).replace(/\/+$/, '');
    this.agents = providerAgents(width, timeoutMs);
    this.setApiKey(apiKey);
  }

  /**
   * Runs what begins a request, and gives that one its deadline and its long parts. Those go round the library, which
   * copies a mail through JSON to look at it. `send` must begin the request before it returns its promise.
   */
  with<T>(deadline: AbortSignal, parts: MailParts, send: () => T): T {
    this.next = { deadline, parts };
    try {
      return send();
    } finally {
      this.next = null;
    }
  }

  override request(asked: Asked): Promise<Answered> {
    if (this.next === null) throw new Error('a request to SendGrid without a deadline');
    const { deadline, parts } = this.next;
    const { url, method = 'POST', headers = {} } = asked;
    const mail = asked.body as object;
    const body = Buffer.from(JSON.stringify({ ...mail, ...parts }));
    return this.post(new URL(this.baseUrl + url), body, {
      method,
      headers: {
        ...this.createHeaders(headers as Record<string, string>),
        'Content-Length': String(body.length),
      },
      signal: deadline,
    });
  }

  /** Lets go of its sockets. */
  close(): void {
    this.agents.httpAgent.destroy();
    this.agents.httpsAgent.destroy();
  }

  private post(url: URL, body: Buffer, options: http.RequestOptions): Promise<Answered> {
    const { httpAgent, httpsAgent } = this.agents;
    return new Promise((resolve, reject) => {
      const request =
        url.protocol === 'http:'
          ? http.request(url, { ...options, agent: httpAgent })
          : https.request(url, { ...options, agent: httpsAgent });
      request.on('error', reject);
      request.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          if (text.length < LONGEST_ANSWER) text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          const { statusCode = 0, headers } = answer;
          if (statusCode >= 200 && statusCode < 300)
            resolve([{ statusCode, headers, body: text as never }, text]);
          else reject(refusal(statusCode, headers, text));
        });
      });
      request.end(body);
    });
  }
}

function refusal(code: number, headers: http.IncomingHttpHeaders, text: string): Refusal {
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy answers in HTML: the status says enough.
  }
  return Object.assign(new Error(`SendGrid answered ${code}`), { code, response: { headers, body } });
}
