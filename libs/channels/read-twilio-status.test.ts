import { describe, expect, it } from '@jest/globals';
import { readTwilioStatus } from './read-twilio-status.js';
import { streamOfAccount, type Receipt } from './receipt.js';
import { aClinic } from './tenant.fixture.js';

const form = (more: Record<string, string>) =>
  new URLSearchParams({
    ...{ AccountSid: 'AC1', ApiVersion: '2010-04-01', MessageSid: 'SM1', SmsSid: 'SM1' },
    ...{ To: '+46701740605', From: 'Kliniken', ...more },
  });
const read = (more: Record<string, string>) => readTwilioStatus(form(more), 'ref-1', () => 'service');

describe('what a status means', () => {
  it.each<[string, string | undefined, Receipt['kind'], Receipt['mark']]>([
    ['accepted', undefined, 'accepted', undefined],
    ['scheduled', undefined, 'accepted', undefined],
    ['queued', undefined, 'accepted', undefined],
    ['sending', undefined, 'accepted', undefined],
    ['sent', undefined, 'accepted', undefined],
    ['delivered', undefined, 'delivered', undefined],
    ['read', undefined, 'delivered', undefined],
    ['canceled', undefined, 'failed', undefined],
    ['failed', undefined, 'failed', undefined],
    ['failed', '21610', 'failed', 'stop'],
    ['failed', '21211', 'bounced', 'bad-address'],
    ['failed', '21614', 'bounced', 'bad-address'],
    ['failed', '21635', 'bounced', 'bad-address'],
    ['undelivered', '30003', 'failed', undefined],
    ['undelivered', '30005', 'bounced', 'bad-address'],
    ['undelivered', '30006', 'bounced', 'bad-address'],
    ['undelivered', '30007', 'failed', undefined],
    ['undelivered', '30008', 'failed', undefined],
    ['undelivered', '39999', 'failed', undefined],
  ])('%s %s: %s', (status, code, kind, mark) => {
    const told = read({ MessageStatus: status, ...(code === undefined ? {} : { ErrorCode: code }) });
    expect(told).toMatchObject({
      id: `SM1/${status}/${code ?? ''}`,
      tenant: null,
      receipt: { kind, ref: 'ref-1', address: '+46701740605', channel: 'sms', stream: 'service' },
    });
    expect(told?.receipt?.mark).toBe(mark);
    if (code !== undefined) expect(told?.receipt?.why).toBe(`twilio ${status} ${code}`);
  });

  it('is for somebody to look at only where a carrier took it for spam', () => {
    const alarmOf = (ErrorCode: string) => read({ MessageStatus: 'undelivered', ErrorCode })?.receipt?.alarm;
    expect(['30007', '30003', '30008', '39999'].map(alarmOf)).toEqual([
      'filtered',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each(['receiving', 'received', 'partially_delivered'])('%s decides nothing', (status) => {
    expect(read({ MessageStatus: status })).toMatchObject({ receipt: null });
  });

  it('no status, no message or no number: none', () => {
    expect(read({})).toBeNull();
    expect(read({ MessageStatus: 'sent', To: '' })).toBeNull();
    expect(readTwilioStatus(new URLSearchParams({ MessageStatus: 'sent' }), 'r', () => 'service')).toBeNull();
  });
});

it('the stream is the sender’s, or the only one of the account, or marketing', () => {
  const sms = (from: string) => ({ sms: { from, account: 'sms' } });
  const both = aClinic({}, { senders: { service: sms('Kliniken'), marketing: sms('Nytt') } });
  expect(streamOfAccount(both, 'sms', 'Kliniken')).toBe('service');
  expect(streamOfAccount(both, 'sms', 'Nytt')).toBe('marketing');
  expect(streamOfAccount(both, 'sms', '+4670')).toBe('marketing');
  expect(streamOfAccount(both, 'sms')).toBe('marketing');
  expect(streamOfAccount(aClinic({}), 'clinic-sms')).toBe('service');
});
