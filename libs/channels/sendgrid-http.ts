import type { IncomingHttpHeaders } from 'node:http';
import { Client as SendGrid } from '@sendgrid/client';
import { Client, type Dispatcher } from 'undici';
import type { Deadline } from './deadline.js';
import { CONNECT_MS, IDLE_MS } from './provider-agents.js';
import { CONNECT_TIMEOUT } from './provider-failure.js';

/** An answer that is no yes; the library's own errors have the same shape. */
export type Refusal = Error & {
  code: number;
  response: { headers: IncomingHttpHeaders; body: unknown };
};

const PRODUCTION = 'https://api.sendgrid.com';
const PATH = '/v3/mail/send';
/** A refusal is a few lines of JSON; what goes on beyond is none of SendGrid's. */
const LONGEST_ANSWER = 64 * 1024;

/**
 * Posts mails to SendGrid's API as its client would, but on undici: axios took as long as all the rest of a call, and Node's
 * own HTTP twice what undici takes (bench/README.md). It follows no redirects: a 307 would send the same mail again,
 * elsewhere. Each call has a connection of its own while it lasts, so nothing queues behind another; the sender's slots bound
 * how many there are.
 */
export class SendGridHttp {
  private readonly headers: Record<string, string>;
  private readonly origin: string;
  private readonly path: string;
  private readonly options: Client.Options;
  private readonly connections: Client[] = [];
  /** The one that was last used is the first to be used again. */
  private readonly free: Client[] = [];

  constructor(apiKey: string, baseUrl: string | undefined, timeoutMs: number) {
    const client = new SendGrid();
    client.setApiKey(apiKey);
    this.headers = client.createHeaders({});
    const { origin, pathname } = new URL((baseUrl ?? PRODUCTION).replace(/\/+$/, '') + PATH);
    this.origin = origin;
    this.path = pathname;
    this.options = {
      connect: { timeout: Math.min(CONNECT_MS, timeoutMs / 2) },
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // A call ends by its deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }

  /** Posts one mail, written already; the answer's headers. Rejects with a `Refusal`, or with what the network said. */
  send(mail: Buffer, deadline: Deadline): Promise<IncomingHttpHeaders> {
    return new Promise((resolve, reject) => {
      const { path, headers } = this;
      const connection = this.free.pop() ?? this.another();
      const call = new Call(resolve, reject, () => void this.free.push(connection));
      deadline.whenPassed(() => call.giveUp());
      connection.dispatch({ method: 'POST', path, headers, body: mail }, call);
    });
  }

  /** Lets go of its sockets. */
  close(): void {
    for (const connection of this.connections) void connection.destroy();
  }

  private another(): Client {
    const connection = new Client(this.origin, this.options);
    this.connections.push(connection);
    return connection;
  }
}

/** One request and its answer, as undici tells of them. */
class Call implements Dispatcher.DispatchHandler {
  private request: Dispatcher.DispatchController | undefined;
  private hasEnded = false;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private readonly chunks: Buffer[] = [];
  private length = 0;

  /** @param release gives back its connection: called once, before the call's end is told */
  constructor(
    private readonly resolve: (headers: IncomingHttpHeaders) => void,
    private readonly reject: (why: Error) => void,
    private readonly release: () => void,
  ) {}

  /** Its time is over. What is not written yet is not written any more. */
  giveUp(): void {
    const late = new Error('given up');
    this.request?.abort(late);
    this.fail(late);
  }

  /** The request is about to be written, which is done once: undici may begin one again that lost its socket. */
  onRequestStart(request: Dispatcher.DispatchController): void {
    if (this.hasEnded || this.request !== undefined) request.abort(lost());
    else this.request = request;
  }

  onResponseStart(
    _request: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_request: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.length < LONGEST_ANSWER) this.chunks.push(chunk);
    this.length += chunk.length;
  }

  onResponseEnd(): void {
    const { status, headers, chunks } = this;
    if (status < 200 || status >= 300)
      return this.fail(refusal(status, headers, Buffer.concat(chunks).toString('utf8')));
    this.hasEnded = true;
    this.release();
    this.resolve(headers);
  }

  onResponseError(_request: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    if (error.code === 'UND_ERR_SOCKET') this.fail(lost(error));
    else if (error.code === 'UND_ERR_CONNECT_TIMEOUT')
      this.fail(Object.assign(new Error('connect timed out', { cause: error }), { code: CONNECT_TIMEOUT }));
    else this.fail(error);
  }

  private fail(why: Error): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.release();
    this.reject(why);
  }
}

/** A socket that ended under a call, as Node's own HTTP names it. */
const lost = (cause?: Error): Error =>
  Object.assign(new Error('the socket was lost', { cause }), { code: 'ECONNRESET' });

function refusal(code: number, headers: IncomingHttpHeaders, text: string): Refusal {
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy answers in HTML: the status says enough.
  }
  return Object.assign(new Error(`SendGrid answered ${code}`), { code, response: { headers, body } });
}
