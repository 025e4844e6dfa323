import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { signAsTwilio, type SigningSendGrid } from '#channels/webhook.fixture';
import type { Chance } from './chance.js';

export type Answer = 'accepted' | 'busy' | 'broken' | 'hang' | 'drop' | 'cut';

/** A call that reached the provider. */
export interface Call {
  /** When it reached us, by this process's monotonic clock, in milliseconds. */
  at: number;
  ref: string;
  to: string;
  channel: 'email' | 'sms';
  body: string;
  answer: Answer;
  /** Whether the message goes on to the person, whatever was answered. */
  taken: boolean;
  /** Twilio's id and when it was made. */
  sid: string;
  made: Date;
}

/** Of a hundred calls so many end badly; the rest are accepted, some of them slowly. */
const SHARES = { busy: 0.04, broken: 0.02, drop: 0.02, hang: 0.006, slow: 0.05 };
const TELL_AGAIN_MS = 400;

export interface ProviderOptions {
  chance: Chance;
  sendgrid: SigningSendGrid;
  twilioToken: string;
  account: string;
  publicUrl: string;
  /** Where the webhooks go just now. */
  door: () => string;
}

/**
 * SendGrid and Twilio on loopback: takes note of every call the moment it comes, answers mostly with a yes, and tells by
 * signed webhooks what became of what it took, again and again until it is heard.
 */
export class Provider {
  readonly calls: Call[] = [];
  private readonly byAddress = new Map<string, Call[]>();
  webhooks = 0;
  private readonly sockets = new Set<Socket>();
  private readonly telling = new Set<Promise<void>>();
  private isOpen = true;
  /** While kills go on it is moody; afterwards it says yes to everything. */
  moody = true;

  private constructor(
    private readonly server: http.Server,
    readonly url: string,
    private readonly options: ProviderOptions,
  ) {
    server.on('request', (request, response) => void this.take(request, response));
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async open(options: ProviderOptions): Promise<Provider> {
    const server = http.createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Provider(server, `http://127.0.0.1:${port}`, options);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(this.telling);
    await closed;
  }

  callsTo(address: string): readonly Call[] {
    return this.byAddress.get(address) ?? [];
  }

  private async take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const at = performance.now();
    const url = new URL(request.url ?? '/', this.url);
    if (request.method === 'GET') {
      this.list(url, response);
      return;
    }
    let body = '';
    let whole = true;
    try {
      for await (const chunk of request) body += (chunk as Buffer).toString('utf8');
    } catch {
      whole = false;
    }
    const isText = url.pathname.endsWith('/Messages.json');
    const answer: Answer = whole ? this.mood() : 'cut';
    const call: Call = {
      at,
      ...(isText ? readText(body, whole) : readMail(body, whole)),
      body,
      answer,
      taken: answer === 'accepted' || (isDoubtful(answer) && this.options.chance.happens(0.5)),
      sid: `SM${randomUUID().replaceAll('-', '')}`,
      made: new Date(),
    };
    this.calls.push(call);
    this.byAddress.set(call.to, [...this.callsTo(call.to), call]);
    if (call.taken) this.track(this.tell(call, body));
    await this.reply(call, request, response);
  }

  private mood(): Answer {
    if (!this.moody) return 'accepted';
    let draw = this.options.chance.next();
    for (const mood of ['busy', 'broken', 'drop', 'hang'] as const) {
      draw -= SHARES[mood];
      if (draw < 0) return mood;
    }
    return 'accepted';
  }

  private async reply(
    { answer, channel, sid }: Call,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const { chance } = this.options;
    if (answer === 'hang' || answer === 'cut') return;
    if (answer === 'drop') {
      request.socket.destroy();
      return;
    }
    await pause(chance.happens(SHARES.slow) ? chance.between(200, 1_500) : chance.between(2, 20));
    if (response.destroyed) return;
    const soon = { 'retry-after': '1', 'x-ratelimit-remaining': '0' };
    if (answer === 'busy') response.writeHead(429, { 'content-type': 'application/json', ...soon }).end('{}');
    else if (answer === 'broken') response.writeHead(500, { 'content-type': 'application/json' }).end('{}');
    else if (channel === 'email') response.writeHead(202, { 'x-message-id': sid }).end();
    else
      response
        .writeHead(201, { 'content-type': 'application/json' })
        .end(JSON.stringify({ sid, status: 'queued', error_code: null }));
  }

  /** Twilio's list of what it took for a number, the newest first. */
  private list(url: URL, response: http.ServerResponse): void {
    const messages = this.callsTo(url.searchParams.get('To') ?? '')
      .filter(({ taken }) => taken)
      .reverse()
      .map(({ sid, body, made }) => {
        const form = new URLSearchParams(body);
        return {
          ...{ sid, body: form.get('Body'), to: form.get('To'), from: form.get('From'), status: 'delivered' },
          ...{ direction: 'outbound-api', date_created: made.toUTCString(), error_code: null },
        };
      });
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ messages, next_page_uri: null, page: 0, page_size: 50 }));
  }

  private async tell(call: Call, body: string): Promise<void> {
    const { sendgrid, twilioToken, account, publicUrl, door, chance } = this.options;
    await pause(chance.between(100, 3_000));
    const told = mailEvent(call);
    const callback = call.channel === 'sms' ? new URLSearchParams(body).get('StatusCallback') : null;
    const form = { MessageSid: call.sid, MessageStatus: 'delivered', To: call.to, From: 'Wellness' };
    while (this.isOpen) {
      const [path, said, headers] =
        call.channel === 'email'
          ? [`/webhooks/sendgrid/${account}-email/events`, told, sendgrid.headers(told, new Date())]
          : [
              (callback ?? '').slice(publicUrl.length),
              new URLSearchParams(form).toString(),
              {
                'content-type': 'application/x-www-form-urlencoded',
                'x-twilio-signature': signAsTwilio(twilioToken, callback ?? '', form),
              },
            ];
      const status = await post(door() + path, said, headers);
      if (status >= 200 && status < 300) {
        this.webhooks += 1;
        return;
      }
      await pause(TELL_AGAIN_MS);
    }
  }

  private track(work: Promise<void>): void {
    const held = work.finally(() => this.telling.delete(held));
    this.telling.add(held);
  }
}

const isDoubtful = (answer: Answer): boolean => answer === 'broken' || answer === 'drop' || answer === 'hang';

function readMail(body: string, whole: boolean): Pick<Call, 'ref' | 'to' | 'channel'> {
  if (!whole) return { ref: '', to: '', channel: 'email' };
  const [one] = JSON.parse(body).personalizations;
  return { ref: one.custom_args.r as string, to: one.to[0].email as string, channel: 'email' };
}

function readText(body: string, whole: boolean): Pick<Call, 'ref' | 'to' | 'channel'> {
  if (!whole) return { ref: '', to: '', channel: 'sms' };
  const form = new URLSearchParams(body);
  const ref = new URL(form.get('StatusCallback') ?? 'x:').searchParams.get('r') ?? '';
  return { ref, to: form.get('To') ?? '', channel: 'sms' };
}

function mailEvent({ to, ref, made }: Call): string {
  const timestamp = Math.floor(made.getTime() / 1_000);
  const event = { email: to, timestamp, r: ref, t: 'wellnesskliniken', sg_event_id: randomUUID() };
  return `${JSON.stringify([{ ...event, event: 'delivered' }])}\r\n`;
}

/** 0: nobody answered. */
async function post(url: string, body: string, headers: Record<string, string>): Promise<number> {
  try {
    const signal = AbortSignal.timeout(10_000);
    const answer = await fetch(url, { method: 'POST', body, headers, signal });
    await answer.text();
    return answer.status;
  } catch {
    return 0;
  }
}
