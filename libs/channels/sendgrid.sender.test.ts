import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import net, { type AddressInfo } from 'node:net';
import { StoppedClock } from '#platform/clock';
import { anEnvelope, permitOf } from './envelope.fixture.js';
import { ProviderSink, SENDGRID } from './provider-sink.fixture.js';
import { senderContract } from './sender.contract.js';
import { SendGridSender } from './sendgrid.sender.js';

senderContract('SendGrid', {
  channel: 'email',
  async open(options) {
    let sink = await ProviderSink.open();
    const sender = new SendGridSender({ apiKey: 'SG.test', baseUrl: sink.url }, options);
    return {
      sender,
      received: () => sink.requests.length,
      async turn(what) {
        if (what === 'down') return sink.close();
        const answers = {
          'rate-limited': SENDGRID.rateLimited(42),
          rejected: SENDGRID.badContent(),
          'bad-address': SENDGRID.badAddress(),
          'opted-out': SENDGRID.accepted(),
          broken: SENDGRID.broken(),
          silent: 'hang',
          dropped: 'drop',
        } as const;
        sink.next(answers[what]);
      },
      async recover() {
        sink = await ProviderSink.open(sink.port);
      },
      async close() {
        sender.close();
        await sink.close().catch(() => {});
      },
    };
  },
  turns: {
    'rate-limited': { kind: 'retry-at', afterMs: 42_000, reason: 'sendgrid-429' },
    rejected: { kind: 'rejected', reason: 'sendgrid-400' },
    'bad-address': { kind: 'bad-address', reason: 'sendgrid-400' },
    'opted-out': 'SendGrid tells it by webhook, as a drop',
    broken: { kind: 'unknown', reason: 'sendgrid-500' },
    silent: { kind: 'unknown', reason: 'timeout' },
    dropped: { kind: 'unknown', reason: 'econnreset' },
    down: { kind: 'retry-at', afterMs: 15_000, reason: 'econnrefused', trouble: 'unreachable' },
  },
});

describe('SendGrid', () => {
  const clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
  let sink: ProviderSink;
  let sender: SendGridSender;
  beforeEach(async () => {
    sink = await ProviderSink.open();
    sender = new SendGridSender({ apiKey: 'SG.test', baseUrl: sink.url }, { account: 'acme', clock });
  });
  afterEach(async () => {
    sender.close();
    await sink.close();
  });

  it('is asked for exactly this', async () => {
    const plain = anEnvelope('email');
    const envelope = {
      ...plain,
      stream: 'marketing' as const,
      fromName: 'Wellnesskliniken',
      replyTo: 'svar@wellnesskliniken.se',
      headers: {
        ...plain.headers,
        'List-Unsubscribe': '<https://m.example.se/u/abc>',
        'List-Id': '<nyheter.example.se>',
      },
      content: {
        ...plain.content,
        html: '<p>Hej Anna!</p>',
        attachments: [
          {
            filename: 'tid.ics',
            contentType: 'text/calendar; method=REQUEST; charset=utf-8',
            content: 'BEGIN:VCALENDAR\r\nå',
          },
          { filename: 'villkor.txt', contentType: 'text/plain; charset=utf-8', content: 'Så här' },
        ],
      },
    };
    await sender.send(permitOf(envelope), envelope);
    const [request] = sink.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v3/mail/send' });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer SG.test',
      'content-type': 'application/json',
    });
    // Our mail headers are no HTTP headers.
    expect(request?.headers).not.toHaveProperty('list-unsubscribe');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      from: { email: 'hej@mail.wellnesskliniken.se', name: 'Wellnesskliniken' },
      reply_to: { email: 'svar@wellnesskliniken.se' },
      subject: 'Din tid är bokad',
      personalizations: [
        {
          to: [{ email: 'anna@example.se' }],
          headers: envelope.headers,
          custom_args: { r: envelope.ref, t: 'wellnesskliniken' },
        },
      ],
      content: [
        { type: 'text/plain', value: 'Hej Anna! Välkommen på måndag.' },
        { type: 'text/html', value: '<p>Hej Anna!</p>' },
        { type: 'text/calendar; method=REQUEST', value: 'BEGIN:VCALENDAR\r\nå' },
      ],
      attachments: [
        {
          filename: 'tid.ics',
          type: 'application/ics',
          disposition: 'attachment',
          content: Buffer.from('BEGIN:VCALENDAR\r\nå').toString('base64'),
        },
        {
          filename: 'villkor.txt',
          type: 'text/plain',
          disposition: 'attachment',
          content: Buffer.from('Så här').toString('base64'),
        },
      ],
      tracking_settings: {
        click_tracking: { enable: false, enable_text: false },
        open_tracking: { enable: false },
        subscription_tracking: { enable: false },
        ganalytics: { enable: false },
      },
    });
  });

  it('passes by SendGrid’s own lists for a recall only', async () => {
    const booking = anEnvelope('email');
    const recall = anEnvelope('email', { purpose: 'recall' });
    await sender.send(permitOf(booking), booking);
    await sender.send(permitOf(recall), recall);
    const settings = sink.requests.map((request) => JSON.parse(request.body).mail_settings);
    expect(settings).toEqual([undefined, { bypass_list_management: { enable: true } }]);
  });

  it.each([401, 403, 404, 413])('%d is refused for ever', async (status) => {
    sink.next({ status, body: { errors: [{ message: 'no', field: null }] } });
    const envelope = anEnvelope('email');
    expect(await sender.send(permitOf(envelope), envelope)).toEqual({
      kind: 'rejected',
      reason: `sendgrid-${status}`,
      // Of the key, not of the message.
      ...(status < 404 ? { trouble: 'refused' } : {}),
    });
  });

  it('does not follow a redirect, which would send twice', async () => {
    sink.next({ status: 307, headers: { location: `${sink.url}/v3/mail/send` } });
    const envelope = anEnvelope('email');
    expect(await sender.send(permitOf(envelope), envelope)).toEqual({
      kind: 'rejected',
      reason: 'sendgrid-307',
    });
    expect(sink.requests).toHaveLength(1);
  });

  it('does not brand an address where the 400 complains of more', async () => {
    const fault = (field: string) => ({ message: 'wrong', field });
    sink.next({
      status: 400,
      body: { errors: [fault('personalizations.0.to.0.email'), fault('from.email')] },
    });
    const envelope = anEnvelope('email');
    expect(await sender.send(permitOf(envelope), envelope)).toMatchObject({ kind: 'rejected' });
  });

  it.each([
    ['no reset', {}, 10_000],
    ['a reset in the past', { date: 'Sun, 01 Mar 2026 12:00:00 GMT', 'x-ratelimit-reset': '1' }, 1_000],
    ['a reset next week', { 'retry-after': '604800' }, 3_600_000],
  ])('waits within reason after a 429 with %s', async (_, headers, afterMs) => {
    sink.next({ status: 429, headers, body: {} });
    const envelope = anEnvelope('email');
    expect(await sender.send(permitOf(envelope), envelope)).toMatchObject({ kind: 'retry-at', afterMs });
  });

  it('looks at the permit when it has a slot, not before', async () => {
    sender.close();
    const moving = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
    sender = new SendGridSender(
      { apiKey: 'SG.test', baseUrl: sink.url },
      { account: 'acme', clock: moving, slots: 1 },
    );
    sink.always('hang');
    sink.next('hang');
    const [first, second] = [anEnvelope('email'), anEnvelope('email')];
    const slow = sender.send(permitOf(first), first);
    const queued = sender.send(permitOf(second), second);
    await sink.received(1);
    moving.pass(5_000);
    await sink.close();
    expect(await slow).toMatchObject({ kind: 'unknown' });
    expect(await queued).toEqual({ kind: 'late' });
    expect(sink.requests).toHaveLength(1);
    sink = await ProviderSink.open();
  });

  it('keeps as many calls open as it has slots, no more', async () => {
    sender.close();
    sender = new SendGridSender(
      { apiKey: 'SG.test', baseUrl: sink.url },
      { account: 'acme', clock, slots: 4 },
    );
    sink.always({ ...(SENDGRID.accepted() as object), status: 202, afterMs: 5 });
    const envelopes = Array.from({ length: 20 }, () => anEnvelope('email'));
    await Promise.all(envelopes.map((envelope) => sender.send(permitOf(envelope), envelope)));
    expect(sink.requests).toHaveLength(20);
    expect(sink.widest).toBe(4);
    expect(sink.connections).toBe(4);
  });

  it('writes no call again whose connection was lost, be it one that was used before', async () => {
    sink.next(SENDGRID.accepted(), 'drop');
    const send = () => {
      const envelope = anEnvelope('email');
      return sender.send(permitOf(envelope), envelope);
    };
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(await send()).toEqual({ kind: 'unknown', reason: 'econnreset' });
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(sink.requests).toHaveLength(3);
    expect(sink.connections).toBe(2);
  });

  it('tries again later where no connection came up: nothing was written', async () => {
    // Takes the connection, never shakes hands.
    const mute = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const opened: net.Socket[] = [];
    mute.on('connection', (socket) => opened.push(socket.on('error', () => {})));
    sender.close();
    const { port } = mute.address() as AddressInfo;
    const account = { apiKey: 'SG.test', baseUrl: `https://127.0.0.1:${port}` };
    sender = new SendGridSender(account, { account: 'acme', clock, timeoutMs: 1_000 });
    const envelope = anEnvelope('email');
    const outcome = await sender.send(permitOf(envelope), envelope);
    for (const socket of opened) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
    expect(outcome).toMatchObject({ kind: 'retry-at', reason: 'econnecttimeout' });
    expect(opened).toHaveLength(1);
  });
});
