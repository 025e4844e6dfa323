import { describe, expect, it } from '@jest/globals';
import { readSendGridEvents } from './read-sendgrid-events.js';
import type { Receipt } from './receipt.js';

const REF = 'a'.repeat(32);
const event = (more: object): object => ({
  email: 'anna@example.se',
  timestamp: 1_777_878_000,
  sg_event_id: 'e-1',
  r: REF,
  t: 'wellnesskliniken',
  ...more,
});
const read = (...events: unknown[]) => readSendGridEvents(Buffer.from(JSON.stringify(events)), 'marketing');

describe('what an event means', () => {
  it.each<[object, Receipt['kind'], Receipt['mark'], string]>([
    [{ event: 'processed' }, 'accepted', undefined, 'processed'],
    [{ event: 'deferred', reason: '450 try later' }, 'accepted', undefined, 'deferred'],
    [{ event: 'delivered' }, 'delivered', undefined, 'delivered'],
    [{ event: 'bounce', type: 'bounce', reason: '550 no anna@example.se' }, 'bounced', undefined, 'bounce'],
    [{ event: 'bounce' }, 'bounced', undefined, 'bounce'],
    [{ event: 'bounce', type: 'blocked' }, 'failed', undefined, 'blocked'],
    [{ event: 'dropped', reason: 'Bounced Address' }, 'bounced', undefined, 'dropped: bounced before'],
    [{ event: 'dropped', reason: 'Invalid' }, 'bounced', 'bad-address', 'dropped: no such address'],
    [
      { event: 'dropped', reason: 'Spam Reporting Address' },
      'failed',
      'complaint',
      'dropped: complained before',
    ],
    [
      { event: 'dropped', reason: 'Unsubscribed Address' },
      'failed',
      'unsubscribed',
      'dropped: unsubscribed before',
    ],
    [{ event: 'dropped', reason: 'Invalid SMTPAPI header' }, 'failed', undefined, 'dropped'],
    [{ event: 'dropped', reason: 'Recipient List over Package Quota' }, 'failed', undefined, 'dropped'],
    [{ event: 'dropped' }, 'failed', undefined, 'dropped'],
    [{ event: 'spamreport' }, 'complained', undefined, 'complaint'],
    [{ event: 'unsubscribe' }, 'stopped', 'unsubscribed', 'unsubscribed'],
    [{ event: 'group_unsubscribe', asm_group_id: 7 }, 'stopped', 'unsubscribed', 'unsubscribed'],
  ])('%j', (what, kind, mark, why) => {
    expect(read(event(what))?.told).toEqual([
      {
        id: 'e-1',
        tenant: 'wellnesskliniken',
        receipt: {
          ...{ kind, why, ref: REF, address: 'anna@example.se', channel: 'email', stream: 'marketing' },
          ...(mark === undefined ? {} : { mark }),
          told: { id: 'e-1', at: new Date(1_777_878_000_000) },
        },
      },
    ]);
  });

  it.each(['open', 'click', 'group_resubscribe', 'something-new'])('%s decides nothing', (kind) => {
    expect(read(event({ event: kind }))).toEqual({
      told: [{ id: 'e-1', tenant: 'wellnesskliniken', receipt: null }],
      unreadable: 0,
    });
  });
});

describe('what is odd', () => {
  it('a category of one or of many, and members that nobody knows', () => {
    const odd = [{ category: 'x' }, { category: ['x', 'y'] }, { new_member: { deep: [1] } }];
    expect(read(...odd.map((more) => event({ event: 'delivered', ...more })))?.told).toHaveLength(3);
  });

  it('without our args, or with another system’s by their names, it is still about the address', () => {
    const told = read(
      event({ event: 'bounce', r: undefined, t: undefined, sg_event_id: undefined }),
      event({ event: 'bounce', r: 7, t: { $ne: null }, sg_event_id: 8 }),
    )?.told;
    for (const one of told ?? []) {
      expect(one).toMatchObject({ id: null, tenant: null, receipt: { ref: '', address: 'anna@example.se' } });
    }
    expect(told).toHaveLength(2);
  });

  it('what cannot be read is counted, and the rest is taken', () => {
    const said = read(
      null,
      'delivered',
      {},
      event({}),
      event({ event: 'delivered', email: '' }),
      event({ event: 'delivered' }),
    );
    expect(said).toMatchObject({ unreadable: 5, told: [{ receipt: { kind: 'delivered' } }] });
  });

  it.each(['', '{}', 'null', '"delivered"', '[{'])('a body that is no list: %s', (body) => {
    expect(readSendGridEvents(Buffer.from(body), 'service')).toBeNull();
  });
});
