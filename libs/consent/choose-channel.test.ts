import { describe, expect, it } from '@jest/globals';
import type { Channel } from '#purposes/channel';
import type { Choice } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import { choice, suppressed } from './choices.fixture.js';
import { channelsFor, isUsable } from './choose-channel.js';

const asked = (
  purpose: Purpose,
  choices: Choice[] = [],
  available: Channel[] = ['email', 'sms'],
): Channel[] => channelsFor(purpose, { choices }, available).map((one) => one.channel);
const sms = (differing: Partial<Choice> = {}): Choice =>
  choice({ channel: 'sms', purpose: 'booking', ...differing });

describe('the channels to ask for', () => {
  it.each<[string, Purpose, Choice[], Channel[]]>([
    ['email first', 'booking', [], ['email', 'sms']],
    ['SMS where it was chosen for this', 'booking', [sms()], ['sms', 'email']],
    [
      'not where it was chosen for something else',
      'booking',
      [sms({ purpose: 'receipt' })],
      ['email', 'sms'],
    ],
    ['SMS where both were chosen', 'booking', [sms(), sms({ channel: 'email' })], ['sms', 'email']],
    ['not where every channel was', 'booking', [sms({ channel: 'all' })], ['email', 'sms']],
    ['not where that was withdrawn', 'booking', [sms(), sms({ state: 'withdrawn' })], ['email', 'sms']],
    [
      'SMS where it was chosen for marketing',
      'newsletter',
      [sms({ purpose: 'marketing' })],
      ['sms', 'email'],
    ],
    [
      'not where marketing chose it for a service',
      'survey',
      [sms({ purpose: 'marketing' })],
      ['email', 'sms'],
    ],
    ['a chosen one that the table lacks', 'booking', [sms({ channel: 'whatsapp' })], ['email', 'sms']],
    ['the provider by email, whatever the person chose', 'handoff', [sms({ purpose: 'handoff' })], ['email']],
    ['a recall by what there is', 'recall', [], ['email', 'sms']],
  ])('are %s (%s)', (_story, purpose, choices, channels) => {
    expect(asked(purpose, choices)).toEqual(channels);
  });
  it('take in a chosen one beyond the table where there is a sender', () => {
    expect(asked('booking', [sms({ channel: 'whatsapp' })], ['email', 'whatsapp'])).toEqual([
      'whatsapp',
      'email',
    ]);
  });
  it('try every way for a recall, a call and a letter last', () => {
    const all: Channel[] = ['letter', 'call', 'push', 'sms', 'email', 'whatsapp', 'audience'];
    expect(asked('recall', [], all)).toEqual(['email', 'sms', 'push', 'whatsapp', 'call', 'letter']);
  });
  it('keep the first without a sender, so that the gate says why', () => {
    expect(asked('booking', [], ['sms'])).toEqual(['email', 'sms']);
    expect(asked('booking', [], [])).toEqual(['email']);
    expect(asked('offer-call', [], [])).toEqual(['call']);
  });
  it('fall on from a contract for whatever is wrong with the channel', () => {
    expect(channelsFor('booking', { choices: [] }, ['email', 'sms'])).toEqual([
      { channel: 'email', onlyAfter: 'any' },
      { channel: 'sms', onlyAfter: ['no-address', 'suppressed', 'channel-off', 'invalid-template'] },
    ]);
  });
  it('never fall on after a no of the person', () => {
    for (const purpose of ['newsletter', 'survey', 'abandoned-booking', 'market-research'] as const) {
      expect(channelsFor(purpose, { choices: [] }, ['email', 'sms'])[1]?.onlyAfter).toEqual([
        'no-address',
        'channel-off',
      ]);
    }
  });
});

describe('a channel', () => {
  const usable = { customer: { choices: [] }, address: '+46701740605', suppressions: [], hasSender: true };
  it('is usable, which each case below spoils', () => {
    expect(isUsable('booking', 'sms', usable)).toBe(true);
  });
  it.each([
    ['a sender', { hasSender: false }],
    ['an address', { address: null }],
    ['its suppressions', { suppressions: undefined }],
    ['a place to arrive', { suppressions: [suppressed({ channel: 'sms' })] }],
    ['being wanted', { customer: { choices: [sms({ state: 'withdrawn' })] } }],
  ])('is not usable without %s', (_what, spoilt) => {
    expect(isUsable('booking', 'sms', { ...usable, ...spoilt })).toBe(false);
  });
  it('is usable for a booking after a STOP to marketing', () => {
    const suppressions = [suppressed({ channel: 'sms', cause: 'stop', scope: 'marketing' })];
    expect(isUsable('booking', 'sms', { ...usable, suppressions })).toBe(true);
    expect(isUsable('newsletter', 'sms', { ...usable, suppressions })).toBe(false);
  });
});
