import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoppedClock } from '#platform/clock';
import type { SendMode } from '#platform/send-mode';
import { Tenants, type Account, type Tenant } from '#tenants/tenant';
import { anEnvelope, permitOf } from './envelope.fixture.js';
import type { CapturedMessage, InboxStore } from './inbox.store.js';
import { ProviderSink } from './provider-sink.fixture.js';
import type { Outcome } from './outcome.js';
import { Senders, type SendersOptions } from './senders.js';
import { aClinic } from './tenant.fixture.js';

describe('senders', () => {
  const clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
  let sink: ProviderSink;
  let opened: Senders[];
  let captured: Omit<CapturedMessage, 'id'>[];
  beforeEach(async () => {
    sink = await ProviderSink.open();
    opened = [];
    captured = [];
  });
  afterEach(async () => {
    for (const senders of opened) senders.close();
    await sink.close();
  });

  const accounts = (): Record<string, Account> => ({
    'clinic-mail': { kind: 'sendgrid', apiKey: 'SG.test', baseUrl: sink.url },
    'clinic-sms': { kind: 'twilio', accountSid: 'AC0', authToken: 'token', baseUrl: sink.url },
  });
  const inbox = {
    keep: (messages: Omit<CapturedMessage, 'id'>[]) => Promise.resolve(void captured.push(...messages)),
  } as unknown as InboxStore;
  const sendersOf = (
    mode: SendMode,
    options: Partial<SendersOptions> = {},
    changes: Partial<Tenant> = {},
  ) => {
    const tenants = new Tenants([aClinic(accounts(), changes)]);
    const senders = new Senders({ tenants, clock, mode, inbox, ...options });
    opened.push(senders);
    return senders;
  };
  const sendMail = async (senders: Senders, changes = {}) => {
    const envelope = anEnvelope('email', changes);
    return senders.send(permitOf(envelope), envelope);
  };

  it('sends mail and SMS by the tenant’s accounts when live', async () => {
    const senders = sendersOf({ mode: 'live' }, { publicUrl: 'https://lagom.example' });
    expect(senders.allowed('email', 'anna@example.se')).toBe(true);
    expect(await sendMail(senders)).toMatchObject({ kind: 'accepted' });
    const sms = anEnvelope('sms');
    expect(await senders.send(permitOf(sms), sms)).toMatchObject({ kind: 'accepted' });
    expect(sink.requests.map(({ path }) => path)).toEqual([
      '/v3/mail/send',
      '/2010-04-01/Accounts/AC0/Messages.json',
    ]);
    expect(sink.requests[1]?.body).toContain(
      encodeURIComponent('https://lagom.example/webhooks/twilio/clinic-sms/status'),
    );
    expect(captured).toEqual([]);
  });

  it('captures, without a request, even where credentials are absent', async () => {
    const bare: Record<string, Account> = {
      'clinic-mail': { kind: 'sendgrid' },
      'clinic-sms': { kind: 'twilio' },
    };
    const senders = sendersOf({ mode: 'capture' }, {}, { accounts: bare });
    expect(senders.allowed('email', 'anna@example.se')).toBe(true);
    expect(await sendMail(senders)).toMatchObject({ kind: 'accepted' });
    expect(captured).toMatchObject([{ to: 'anna@example.se', subject: 'Din tid är bokad' }]);
    expect(sink.requests).toEqual([]);
  });

  it('redirects what fits, by the permit for the true address', async () => {
    const senders = sendersOf({ mode: 'redirect', to: 'dev@example.org' });
    expect(senders.allowed('email', 'anna@example.se')).toBe(true);
    expect(senders.allowed('sms', '+46701740605')).toBe(false);
    expect(await sendMail(senders)).toMatchObject({ kind: 'accepted' });
    const sms = anEnvelope('sms');
    expect(await senders.send(permitOf(sms), sms)).toEqual({ kind: 'rejected', reason: 'not-allowed' });
    expect(sink.requests).toHaveLength(1);
    expect(JSON.parse(sink.requests[0]?.body ?? '').personalizations[0].to).toEqual([
      { email: 'dev@example.org' },
    ]);
    expect(sink.requests[0]?.body).not.toContain('anna@example.se');
  });

  it('redirects SMS to a number, and then no mail', () => {
    const senders = sendersOf({ mode: 'redirect', to: '+46700000000' });
    expect(senders.allowed('sms', '+46701740605')).toBe(true);
    expect(senders.allowed('email', 'anna@example.se')).toBe(false);
  });

  it('allows only those named', async () => {
    const senders = sendersOf({ mode: 'allow', to: ['anna@example.se', '+46701740605'] });
    expect(senders.allowed('email', 'Anna@Example.se')).toBe(true);
    expect(senders.allowed('sms', '+46701740605')).toBe(true);
    expect(senders.allowed('email', 'bo@example.se')).toBe(false);
    expect(senders.allowed('email', 'anna@example.se.evil.example')).toBe(false);
    expect(senders.allowed('email', '')).toBe(false);
    expect(senders.allowed('push', 'anna@example.se')).toBe(false);
    expect(await sendMail(senders)).toMatchObject({ kind: 'accepted' });
    expect(await sendMail(senders, { to: 'bo@example.se' })).toEqual({
      kind: 'rejected',
      reason: 'not-allowed',
    });
    expect(sink.requests).toHaveLength(1);
  });

  it.each([{}, { mode: 'everyone' }, { mode: 'Live' }, { mode: '' }])(
    'lets nothing out in the mode %j',
    async (mode) => {
      const senders = sendersOf(mode as SendMode);
      expect(senders.allowed('email', 'anna@example.se')).toBe(false);
      expect(await sendMail(senders)).toEqual({ kind: 'rejected', reason: 'not-allowed' });
      expect(sink.requests).toEqual([]);
      expect(captured).toEqual([]);
    },
  );

  it('has what the tenant has', () => {
    const senders = sendersOf({ mode: 'live' });
    expect(senders.has('wellnesskliniken', 'service', 'email')).toBe(true);
    expect(senders.has('wellnesskliniken', 'service', 'sms')).toBe(true);
    expect(senders.has('wellnesskliniken', 'marketing', 'email')).toBe(true);
    expect(senders.has('wellnesskliniken', 'marketing', 'sms')).toBe(false);
    expect(senders.has('wellnesskliniken', 'service', 'push')).toBe(false);
    expect(senders.has('nobody', 'service', 'email')).toBe(false);
  });

  it('has no sender without its credentials, of the wrong kind, or whose account is not there', () => {
    const mail = (
      account: Account | undefined,
      mode: SendMode = { mode: 'allow', to: ['anna@example.se'] },
    ) => {
      const named: Record<string, Account> = account ? { 'clinic-mail': account } : {};
      return sendersOf(mode, {}, { accounts: named }).has('wellnesskliniken', 'service', 'email');
    };
    expect(mail({ kind: 'sendgrid', apiKey: 'SG.x' })).toBe(true);
    expect(mail({ kind: 'sendgrid' })).toBe(false);
    expect(mail({ kind: 'smtp', url: 'smtp://127.0.0.1' })).toBe(true);
    expect(mail({ kind: 'smtp' })).toBe(false);
    expect(mail({ kind: 'twilio', accountSid: 'AC0', authToken: 'x' })).toBe(false);
    expect(mail(undefined)).toBe(false);
    expect(mail(undefined, { mode: 'capture' })).toBe(false);
  });

  it('does not boot on an account that cannot work, and says which, but not its password', () => {
    const wrong: Record<string, Account> = { 'clinic-mail': { kind: 'smtp', url: 'https://u:hemligt@mail' } };
    const boot = () => sendersOf({ mode: 'live' }, {}, { accounts: wrong });
    expect(boot).toThrow('clinic-mail');
    expect(boot).not.toThrow('hemligt');
  });

  it('sends many, each told as it ends, and a slow one holds back no other account', async () => {
    const senders = sendersOf({ mode: 'live' }, { slots: 2 });
    sink.always((request) =>
      request.path === '/v3/mail/send' ? { status: 202, afterMs: 20 } : { status: 201, body: { sid: 'SM1' } },
    );
    const mails = [1, 2, 3, 4, 5].map(() => anEnvelope('email'));
    const items = [...mails, anEnvelope('sms')].map((envelope) => ({ envelope, permit: permitOf(envelope) }));
    const told: [string, Outcome['kind']][] = [];
    await senders.sendAll(items, ({ envelope }, outcome) => void told.push([envelope.channel, outcome.kind]));
    expect(told).toHaveLength(6);
    expect(told[0]).toEqual(['sms', 'accepted']);
    expect(told.every(([, kind]) => kind === 'accepted')).toBe(true);
  });

  it('says that there is room once no call waits for a slot any more', async () => {
    const senders = sendersOf({ mode: 'live' }, { slots: 2 });
    const items = [1, 2, 3, 4, 5].map(() => {
      const envelope = anEnvelope('email');
      return { envelope, permit: permitOf(envelope) };
    });
    const order: string[] = [];
    await senders.sendAll(
      items,
      () => void order.push('outcome'),
      () => void order.push('room'),
    );
    // Four have ended, or the fifth would not be the only one that holds a slot.
    expect(order.indexOf('room')).toBeGreaterThanOrEqual(3);
    expect(order.filter((one) => one === 'room')).toHaveLength(1);
  });

  it('ends the others before it throws for one with a wrong permit', async () => {
    const senders = sendersOf({ mode: 'live' });
    const [good, bad] = [anEnvelope('email'), anEnvelope('email')];
    const items = [
      { envelope: bad, permit: permitOf(good) },
      { envelope: good, permit: permitOf(good) },
    ];
    const told: string[] = [];
    await expect(senders.sendAll(items, ({ envelope }) => void told.push(envelope.ref))).rejects.toThrow(
      'another',
    );
    expect(told).toEqual([good.ref]);
  });
});
