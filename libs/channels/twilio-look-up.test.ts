import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoppedClock } from '#platform/clock';
import { ProviderSink, type SinkAnswer } from './provider-sink.fixture.js';
import { TwilioSender } from './twilio.sender.js';

const AT = new Date('2026-03-01T12:00:00Z');
const TEXT = 'Hej! Din tid är bokad.';
let sink: ProviderSink;
let sender: TwilioSender;
const open = (messagingServiceSid?: string, timeoutMs = 30_000) => {
  sender = new TwilioSender(
    { accountSid: 'AC0123', authToken: 'token', baseUrl: sink.url, messagingServiceSid },
    { account: 'acme', clock: new StoppedClock(AT), timeoutMs },
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

interface Listed {
  sid?: string;
  minutes?: number;
  [member: string]: unknown;
}
/** As Twilio lists messages: the newest first, times in the form of RFC 2822. */
function listed(...messages: Listed[]): SinkAnswer {
  return {
    status: 200,
    body: {
      page: 0,
      page_size: 50,
      next_page_uri: null,
      messages: messages.map(({ minutes = 0, ...more }, at) => ({
        ...{ sid: `SM${at}`, to: '+46701740605', from: 'Kliniken', body: TEXT, direction: 'outbound-api' },
        ...{ status: 'delivered', error_code: null, messaging_service_sid: null, date_sent: null },
        date_created: new Date(AT.getTime() + minutes * 60_000).toUTCString().replace('GMT', '+0000'),
        ...more,
      })),
    },
  };
}
const look = () =>
  sender.lookUp({ to: '+46701740605', from: 'Kliniken', at: AT, isIt: (text) => text === TEXT });

describe('Twilio’s list', () => {
  it('has the message, with what became of it', async () => {
    sink.next(listed({ body: 'something else', minutes: 1 }, { sid: 'SM9' }));
    expect(await look()).toEqual({
      kind: 'found',
      providerId: 'SM9',
      meaning: { kind: 'delivered', why: 'delivered' },
    });
    const [request] = sink.requests;
    expect(request).toMatchObject({ method: 'GET', path: '/2010-04-01/Accounts/AC0123/Messages.json' });
    expect(request?.query.get('To')).toBe('+46701740605');
  });

  it('says what was wrong with it', async () => {
    sink.next(listed({ status: 'undelivered', error_code: 30006 }));
    expect(await look()).toMatchObject({ meaning: { kind: 'bounced', mark: 'bad-address' } });
  });

  it.each<[string, Listed[]]>([
    ['is empty', []],
    ['has it from another sender', [{ from: 'Wellbe' }]],
    ['has it from the person', [{ direction: 'inbound' }]],
    ['has it from long before', [{ minutes: -6 }]],
    ['has it from long after', [{ minutes: 11 }]],
  ])('that %s: it was never taken', async (_, messages) => {
    sink.next(listed(...messages));
    expect(await look()).toEqual({ kind: 'absent' });
  });

  it('that has another text of ours from that time: who knows', async () => {
    sink.next(listed({ body: `${TEXT} Svara STOPP` }));
    expect(await look()).toEqual({ kind: 'unsure' });
  });

  it('that is longer than one looks: who knows', async () => {
    sink.next(listed(...Array.from({ length: 50 }, () => ({ minutes: 20 }))));
    expect(await look()).toEqual({ kind: 'unsure' });
  });

  it('of a messaging service, which picks the number', async () => {
    sender.close();
    open('MG1');
    sink.next(listed({ sid: 'SM9', from: '+46700000001', messaging_service_sid: 'MG1' }));
    expect(await look()).toMatchObject({ kind: 'found', providerId: 'SM9' });
  });

  it.each<[string, SinkAnswer]>([
    ['refuses', { status: 401, body: { code: 20003, message: 'no', status: 401 } }],
    ['is broken', { status: 500 }],
    ['says nothing', 'hang'],
    ['hangs up', 'drop'],
  ])('of a provider that %s: another time', async (_, answer) => {
    if (answer === 'hang') {
      sender.close();
      open(undefined, 300);
    }
    sink.next(answer);
    expect(await look()).toEqual({ kind: 'cannot' });
  });
});
