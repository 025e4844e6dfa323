import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface SinkRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface SinkResponse {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  afterMs?: number;
  /** Not before this has come. */
  after?: Promise<void>;
}

/** `hang`: takes the request and never answers. `drop`: takes all of it and destroys the socket. */
export type SinkAnswer = SinkResponse | 'hang' | 'drop';

/** Answers as SendGrid gives them. */
export const SENDGRID = {
  accepted: (): SinkAnswer => ({ status: 202, headers: { 'x-message-id': 'sg-1' }, body: '' }),
  rateLimited: (inSeconds: number): SinkAnswer => ({
    status: 429,
    headers: {
      date: 'Sun, 01 Mar 2026 12:00:00 GMT',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Date.UTC(2026, 2, 1, 12) / 1000 + inSeconds),
    },
    body: { errors: [{ message: 'too many requests' }] },
  }),
  badAddress: (address = 'anna@example.se'): SinkAnswer =>
    sendgridRefusal(400, `${address} is no valid address`, 'personalizations.0.to.0.email'),
  badContent: (): SinkAnswer => sendgridRefusal(400, 'The content is wrong', 'content.0.value'),
  unauthorised: (): SinkAnswer => sendgridRefusal(401, 'authorization grant is invalid', null),
  broken: (): SinkAnswer => ({ status: 500, body: { errors: [{ message: 'anna@example.se: internal' }] } }),
};

/** Answers as Twilio gives them. */
export const TWILIO = {
  accepted: (sid = 'SM00000000000000000000000000000001'): SinkAnswer => ({
    status: 201,
    body: { sid, status: 'queued', error_code: null },
  }),
  refusal: (code: number, status = 400): SinkAnswer => ({
    status,
    body: { code, message: `The number +46701740605 (${code})`, more_info: '', status },
  }),
  rateLimited: (inSeconds: number): SinkAnswer => ({
    status: 429,
    headers: { 'retry-after': String(inSeconds) },
    body: { code: 20429, message: 'Too many requests', more_info: '', status: 429 },
  }),
};

function sendgridRefusal(status: number, message: string, field: string | null): SinkAnswer {
  return { status, body: { errors: [{ message, field, help: null }] } };
}

/** A provider on loopback: keeps what it was sent, answers as it is told, accepts where it was told nothing. */
export class ProviderSink {
  readonly requests: SinkRequest[] = [];
  /** The most requests that were open at once. */
  widest = 0;
  /** Sockets that were opened. */
  connections = 0;
  private open = 0;
  private queue: SinkAnswer[] = [];
  private standing: ((request: SinkRequest) => SinkAnswer) | null = null;
  private readonly sockets = new Set<Socket>();
  private readonly watchers = new Set<() => void>();

  private constructor(
    private readonly server: http.Server,
    readonly port: number,
  ) {
    server.on('request', (request, response) => void this.take(request, response));
    server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  /** Listens on loopback; on a `port` given again, a provider that was down comes back. */
  static async open(port = 0): Promise<ProviderSink> {
    const server = http.createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new ProviderSink(server, (server.address() as AddressInfo).port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How the next requests are answered, one each. */
  next(...answers: SinkAnswer[]): void {
    this.queue.push(...answers);
  }

  /** How every request is answered that `next` does not speak of; null: accepted. */
  always(answer: SinkAnswer | ((request: SinkRequest) => SinkAnswer) | null): void {
    this.standing = typeof answer === 'function' || answer === null ? answer : () => answer;
  }

  /** Resolves once so many requests have come. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) {
      await new Promise<void>((resolve) => this.watchers.add(resolve));
    }
  }

  /** Drops all sockets; from then on connections are refused. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.open += 1;
    this.widest = Math.max(this.widest, this.open);
    response.once('close', () => (this.open -= 1));
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // the caller went away
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const kept: SinkRequest = {
      method: request.method ?? '',
      path: pathname,
      query: searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    this.requests.push(kept);
    const answer = this.queue.shift() ?? this.standing?.(kept) ?? accepted(kept, this.requests.length);
    for (const watcher of this.watchers) watcher();
    this.watchers.clear();
    if (answer === 'drop') request.socket.destroy();
    else if (answer !== 'hang') this.reply(response, answer);
  }

  private reply(response: http.ServerResponse, answer: SinkResponse): void {
    const write = () => {
      const json = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(json);
    };
    if (answer.after) void answer.after.then(write);
    else if (answer.afterMs) setTimeout(write, answer.afterMs);
    else write();
  }
}

function accepted(request: SinkRequest, count: number): SinkAnswer {
  if (request.path.endsWith('/Messages.json')) return TWILIO.accepted(`SM${String(count).padStart(32, '0')}`);
  return { status: 202, headers: { 'x-message-id': `sg-${count}` }, body: '' };
}
