import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoppedClock } from '#platform/clock';
import { anEnvelope, permitOf } from './envelope.fixture.js';
import { ProviderSink, TWILIO } from './provider-sink.fixture.js';
import { senderContract } from './sender.contract.js';
import { TwilioSender, type TwilioAccount, type TwilioOptions } from './twilio.sender.js';

const account: TwilioAccount = { accountSid: 'AC0123', authToken: 'token' };

senderContract('Twilio', {
  channel: 'sms',
  async open(options) {
    let sink = await ProviderSink.open();
    const sender = new TwilioSender({ ...account, baseUrl: sink.url }, options);
    return {
      sender,
      received: () => sink.requests.length,
      async turn(what) {
        if (what === 'down') return sink.close();
        const answers = {
          'rate-limited': TWILIO.rateLimited(42),
          rejected: TWILIO.refusal(21408),
          'bad-address': TWILIO.refusal(21211),
          'opted-out': TWILIO.refusal(21610),
          broken: TWILIO.refusal(20500, 500),
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
    'rate-limited': { kind: 'retry-at', afterMs: 42_000, reason: 'twilio-20429' },
    rejected: { kind: 'rejected', reason: 'twilio-21408' },
    'bad-address': { kind: 'bad-address', reason: 'twilio-21211' },
    'opted-out': { kind: 'opted-out', reason: 'twilio-21610' },
    broken: { kind: 'unknown', reason: 'twilio-20500' },
    silent: { kind: 'unknown', reason: 'timeout' },
    dropped: { kind: 'unknown', reason: 'econnreset' },
    down: { kind: 'retry-at', afterMs: 15_000, reason: 'econnrefused', trouble: 'unreachable' },
  },
});

describe('Twilio', () => {
  const clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
  let sink: ProviderSink;
  let sender: TwilioSender;
  const open = (more: Partial<TwilioAccount> = {}, options: Partial<TwilioOptions> = {}) => {
    sender = new TwilioSender(
      { ...account, baseUrl: sink.url, ...more },
      { account: 'acme', clock, ...options },
    );
  };
  beforeEach(async () => {
    sink = await ProviderSink.open();
    open();
  });
  afterEach(async () => {
    sender.close();
    await sink.close();
  });
  const asked = () => sink.requests.map((request) => Object.fromEntries(new URLSearchParams(request.body)));

  it('is asked for exactly this', async () => {
    open({ messagingServiceSid: 'MG1' }, { account: 'acme sms', publicUrl: 'https://lagom.example/' });
    const envelope = anEnvelope('sms');
    await sender.send(permitOf(envelope), envelope);
    expect(sink.requests[0]).toMatchObject({
      method: 'POST',
      path: '/2010-04-01/Accounts/AC0123/Messages.json',
      headers: {
        authorization: `Basic ${Buffer.from('AC0123:token').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
    expect(asked()).toEqual([
      {
        To: '+46701740605',
        From: 'Kliniken',
        Body: 'Hej Anna! Välkommen på måndag.',
        MessagingServiceSid: 'MG1',
        StatusCallback: `https://lagom.example/webhooks/twilio/acme%20sms/status?r=${envelope.ref}`,
        ValidityPeriod: '14400',
      },
    ]);
  });

  it('asks for no callback where nobody could reach us, and lets no marketing wait for a quiet hour', async () => {
    const envelope = anEnvelope('sms', { purpose: 'offers', stream: 'marketing' });
    await sender.send(permitOf({ ...envelope, purpose: 'booking' }), envelope);
    expect(asked()).toEqual([
      { To: '+46701740605', From: 'Kliniken', Body: 'Hej Anna! Välkommen på måndag.', ValidityPeriod: '900' },
    ]);
  });

  it.each([
    [20429, 429, 'retry-at'],
    [21611, 400, 'retry-at'],
    [21610, 400, 'opted-out'],
    [21211, 400, 'bad-address'],
    [21614, 400, 'bad-address'],
    [21635, 400, 'bad-address'],
    [21612, 400, 'rejected'],
    [21408, 403, 'rejected'],
    [20003, 401, 'rejected'],
    [99999, 400, 'rejected'],
    [20500, 500, 'unknown'],
    [20503, 503, 'unknown'],
  ])('code %d with %d is %s', async (code, status, kind) => {
    sink.next(TWILIO.refusal(code, status));
    const envelope = anEnvelope('sms');
    expect(await sender.send(permitOf(envelope), envelope)).toMatchObject({ kind, reason: `twilio-${code}` });
    expect(sink.requests).toHaveLength(1);
  });

  it('is unknown where the answer cannot be read', async () => {
    sink.next({ status: 503, body: '<html>Bad gateway' }, { status: 201, body: 'not json' });
    for (const _ of [1, 2]) {
      const envelope = anEnvelope('sms');
      expect(await sender.send(permitOf(envelope), envelope)).toMatchObject({ kind: 'unknown' });
    }
  });

  it('gives each of many calls its own deadline', async () => {
    open({}, { timeoutMs: 3_000 });
    sink.next('hang');
    const [slow, quick] = [anEnvelope('sms'), anEnvelope('sms')];
    const outcomes = [sender.send(permitOf(slow), slow)];
    await sink.received(1);
    outcomes.push(sender.send(permitOf(quick), quick));
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(['unknown', 'accepted']);
  });

  it('keeps its connection', async () => {
    for (const _ of [1, 2, 3]) {
      const envelope = anEnvelope('sms');
      await sender.send(permitOf(envelope), envelope);
    }
    expect(sink.connections).toBe(1);
  });
});
