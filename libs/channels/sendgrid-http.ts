import http from 'node:http';
import https from 'node:https';
import { Client } from '@sendgrid/client';
import { providerAgents } from './provider-agents.js';

/** An answer that is no yes; the library's own errors have the same shape. */
export type Refusal = Error & {
  code: number;
  response: { headers: http.IncomingHttpHeaders; body: unknown };
};

const PRODUCTION = 'https://api.sendgrid.com';
const PATH = '/v3/mail/send';
/** A refusal is a few lines of JSON; what goes on beyond is none of SendGrid's. */
const LONGEST_ANSWER = 64 * 1024;

/**
 * Posts mails to SendGrid's API as its client would, on Node's own HTTP: axios took as long as all the rest of a call
 * (bench/README.md). It follows no redirects: a 307 would send the same mail again, elsewhere.
 */
export class SendGridHttp {
  private readonly headers: Record<string, string>;
  private readonly options: https.RequestOptions;
  private readonly begin: (options: https.RequestOptions) => http.ClientRequest;
  private readonly agent: http.Agent;

  constructor(apiKey: string, baseUrl: string | undefined, width: number, timeoutMs: number) {
    const client = new Client();
    client.setApiKey(apiKey);
    this.headers = client.createHeaders({});
    const { httpAgent, httpsAgent } = providerAgents(width, timeoutMs);
    const { protocol, hostname, port, pathname } = new URL(
      (baseUrl ?? PRODUCTION).replace(/\/+$/, '') + PATH,
    );
    const isPlain = protocol === 'http:';
    this.agent = isPlain ? httpAgent : httpsAgent;
    this.begin = isPlain ? http.request : https.request;
    this.options = {
      method: 'POST',
      // An IPv6 address stands in brackets in a URL only.
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path: pathname,
      agent: this.agent,
    };
  }

  /** Posts one mail, written already; the answer's headers. Rejects with a `Refusal`, or with what the network said. */
  send(mail: Buffer, deadline: AbortSignal): Promise<http.IncomingHttpHeaders> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.headers, 'Content-Length': mail.length };
      const request = this.begin({ ...this.options, headers });
      const abort = (): void => void request.destroy();
      deadline.addEventListener('abort', abort, { once: true });
      const failed = (error: Error): void => {
        deadline.removeEventListener('abort', abort);
        reject(error);
      };
      request.on('error', failed);
      request.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          if (text.length < LONGEST_ANSWER) text += chunk;
        });
        answer.on('error', failed);
        answer.on('end', () => {
          deadline.removeEventListener('abort', abort);
          const { statusCode = 0, headers } = answer;
          if (statusCode >= 200 && statusCode < 300) resolve(headers);
          else reject(refusal(statusCode, headers, text));
        });
      });
      request.end(mail);
    });
  }

  /** Lets go of its sockets. */
  close(): void {
    this.agent.destroy();
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
