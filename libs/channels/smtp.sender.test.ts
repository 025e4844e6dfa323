import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoppedClock } from '#platform/clock';
import { anEnvelope, permitOf } from './envelope.fixture.js';
import { senderContract } from './sender.contract.js';
import { SmtpSink } from './smtp-sink.fixture.js';
import { SmtpSender } from './smtp.sender.js';

senderContract('SMTP', {
  channel: 'email',
  async open(options) {
    let sink = await SmtpSink.open();
    const sender = new SmtpSender({ url: sink.url }, options);
    return {
      sender,
      received: () => sink.mails.length,
      async turn(what) {
        if (what === 'down') return sink.close();
        const answers = {
          'rate-limited': { at: 'rcpt', code: 451, text: '4.7.1 too many to anna@example.se' },
          rejected: { at: 'data', code: 554, text: '5.6.0 no' },
          'bad-address': { at: 'rcpt', code: 550, text: '5.1.1 no anna@example.se here' },
          'opted-out': 'drop',
          broken: 'drop',
          silent: 'hang',
          dropped: 'drop',
        } as const;
        sink.next(answers[what]);
      },
      async recover() {
        sink = await SmtpSink.open(sink.port);
      },
      async close() {
        sender.close();
        await sink.close().catch(() => {});
      },
    };
  },
  turns: {
    'rate-limited': { kind: 'retry-at', afterMs: 60_000, reason: 'smtp-451' },
    rejected: { kind: 'rejected', reason: 'smtp-554' },
    'bad-address': { kind: 'bad-address', reason: 'smtp-550' },
    'opted-out': 'a mail server knows no STOP',
    broken: 'a mail server that fails says 4xx, surely not sent',
    silent: { kind: 'unknown', reason: 'timeout' },
    dropped: { kind: 'unknown', reason: 'econnection' },
    down: { kind: 'retry-at', afterMs: 15_000, reason: 'econnrefused', trouble: 'unreachable' },
  },
});

describe('SMTP', () => {
  const clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
  let sink: SmtpSink;
  let sender: SmtpSender;
  beforeEach(async () => {
    sink = await SmtpSink.open();
    sender = new SmtpSender({ url: sink.url }, { account: 'acme', clock });
  });
  afterEach(async () => {
    sender.close();
    await sink.close();
  });
  const send = async (changes = {}) => {
    const envelope = anEnvelope('email', changes);
    return sender.send(permitOf(envelope), envelope);
  };

  it('hands over exactly this', async () => {
    const url = `https://m.wellnesskliniken.se/u/${'a'.repeat(120)}`;
    const plain = anEnvelope('email');
    const envelope = {
      ...plain,
      fromName: 'Wellnesskliniken i Årsta',
      replyTo: 'svar@wellnesskliniken.se',
      headers: {
        ...plain.headers,
        'List-Unsubscribe': `<${url}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'Auto-Submitted': 'auto-generated',
      },
      content: {
        ...plain.content,
        html: '<p>Hej Anna!</p>',
        attachments: [
          { filename: 'tid.ics', contentType: 'text/calendar; method=CANCEL', content: 'BEGIN:VCALENDAR' },
          { filename: 'villkor.txt', contentType: 'text/plain; charset=utf-8', content: 'Så här' },
        ],
      },
    };
    expect(await sender.send(permitOf(envelope), envelope)).toEqual({
      kind: 'accepted',
      providerId: plain.headers['Message-ID'],
    });
    const [mail] = sink.mails;
    expect(mail).toMatchObject({ from: 'hej@mail.wellnesskliniken.se', to: ['anna@example.se'] });
    const lines = mail?.raw.split('\r\n') ?? [];
    expect(lines).toEqual(
      expect.arrayContaining([
        `Message-ID: ${plain.headers['Message-ID']}`,
        `List-Unsubscribe: <${url}>`,
        'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
        'Auto-Submitted: auto-generated',
        'Reply-To: svar@wellnesskliniken.se',
        'To: anna@example.se',
        'Content-Type: text/calendar; charset=utf-8; method=CANCEL',
        'Content-Type: application/ics; name=tid.ics',
        'Content-Type: text/plain; charset=utf-8; name=villkor.txt',
      ]),
    );
    expect(mail?.raw).toContain(Buffer.from('Så här').toString('base64'));
    expect(mail?.raw).not.toMatch(/^X-Mailer|DKIM/im);
  });

  it.each([
    ['rcpt', 550, '5.7.1 our reputation is poor', 'rejected'],
    ['rcpt', 552, '5.2.2 mailbox full', 'rejected'],
    ['rcpt', 553, '5.1.3 bad syntax', 'bad-address'],
    ['rcpt', 550, '5.2.1 mailbox disabled', 'bad-address'],
    ['rcpt', 550, 'no such user', 'bad-address'],
    ['rcpt', 554, 'no', 'rejected'],
    ['rcpt', 450, '4.2.1 greylisted', 'retry-at'],
    ['data', 550, '5.1.1 said too late to be of one address', 'rejected'],
    ['data', 452, '4.3.1 disk full', 'retry-at'],
  ] as const)('at %s, %d %s: %s', async (at, code, text, kind) => {
    sink.next({ at, code, text });
    expect(await send()).toMatchObject({ kind, reason: `smtp-${code}` });
  });

  it('tries again later where the server hung up before the mail began', async () => {
    sink.next('drop-greeting');
    expect(await send()).toMatchObject({ kind: 'retry-at' });
    expect(sink.mails).toHaveLength(0);
    expect(await send()).toMatchObject({ kind: 'accepted' });
  });

  it('keeps its connection', async () => {
    for (const _ of [1, 2, 3]) await send();
    expect(sink.connections).toBe(1);
  });

  it('loses no mail to a connection that the server closed meanwhile', async () => {
    await send();
    sink.dropAll();
    const outcome = await send();
    expect(['accepted', 'retry-at']).toContain(outcome.kind);
    expect(sink.mails).toHaveLength(outcome.kind === 'accepted' ? 2 : 1);
  });

  it('cannot be given a header by a name or a subject', async () => {
    await send({ fromName: 'A\r\nBcc: bo@example.se' });
    expect(sink.mails[0]?.to).toEqual(['anna@example.se']);
    expect(sink.mails[0]?.raw).not.toMatch(/^Bcc:/im);
  });

  it.each(['https://mail.example.se', 'smtp://mail.example.se?logger=true', 'smtp://u:p@', 'mail'])(
    'refuses the server %s',
    (url) => {
      expect(() => new SmtpSender({ url }, { account: 'acme', clock })).toThrow('SMTP URL');
    },
  );
});
