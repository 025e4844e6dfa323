import { describe, expect, it } from '@jest/globals';
import type { Purpose } from '#purposes/purpose';
import { PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import { anEnvelope } from './envelope.fixture.js';
import { envelopeFor } from './envelope.js';
import { aClinic } from './tenant.fixture.js';

const tenant = aClinic({});
const ref = 'a'.repeat(32);
const unsubscribe = 'https://m.wellnesskliniken.se/u/token';
const rendered = anEnvelope('email').content;
const envelopeOf = (
  purpose: Purpose,
  channel: 'email' | 'sms' | 'call' = 'email',
  link: string | undefined = unsubscribe,
) =>
  envelopeFor({
    tenant,
    row: { id: 'row', ref, purpose, channel },
    rendered,
    links: { unsubscribe: link },
    to: channel === 'email' ? 'anna@example.se' : '+46701740605',
  });

describe('envelope', () => {
  it('addresses a confirmation from the service stream, without a way out of what cannot be objected to', () => {
    expect(envelopeOf('booking')).toEqual({
      tenant: 'wellnesskliniken',
      message: 'row',
      ref,
      channel: 'email',
      stream: 'service',
      purpose: 'booking',
      from: 'hej@mail.wellnesskliniken.se',
      fromName: 'Wellnesskliniken',
      replyTo: 'svar@wellnesskliniken.se',
      to: 'anna@example.se',
      headers: {
        'Message-ID': `<${ref}@m.wellnesskliniken.se>`,
        'Auto-Submitted': 'auto-generated',
        'Feedback-ID': 'booking:service:wellnesskliniken:lagom',
      },
      content: rendered,
    });
  });

  it('gives a newsletter its one-click and its list', () => {
    expect(envelopeOf('newsletter')).toMatchObject({
      from: 'nyheter@news.wellnesskliniken.se',
      fromName: 'Nytt från kliniken',
      headers: {
        'List-Unsubscribe': `<${unsubscribe}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'List-Id': '<nyheter.wellnesskliniken.se>',
        'Feedback-ID': 'newsletter:marketing:wellnesskliniken:lagom',
      },
    });
  });

  it('names the address for mail beside the link where there is one, with the same token, and hears replies there', () => {
    const heard = { ...tenant, inbound: { email: 'svar@in.wellnesskliniken.se' } };
    const parts = {
      row: { id: 'row', ref, purpose: 'survey', channel: 'email' },
      rendered,
      to: 'a@b.se',
    } as const;
    const { headers } = envelopeFor({ ...parts, tenant: heard, links: { unsubscribe } });
    expect(headers['List-Unsubscribe']).toBe(
      `<${unsubscribe}>, <mailto:svar@in.wellnesskliniken.se?subject=unsubscribe%20token>`,
    );
    expect(headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    const silent = {
      ...heard,
      senders: { ...heard.senders, service: { email: { from: 'a@b.se', account: 'x' } } },
    };
    expect(envelopeFor({ ...parts, tenant: silent, links: { unsubscribe } }).replyTo).toBe(
      'svar@in.wellnesskliniken.se',
    );
  });

  it('gives a list of the service stream its id only where the tenant names one, and a booking none', () => {
    const service = { email: { from: 'a@b.se', account: 'x', listId: 'fragor.b.se' } };
    const named = { ...tenant, senders: { ...tenant.senders, service } };
    const of = (purpose: Purpose) =>
      envelopeFor({
        ...{ tenant: named, row: { id: 'row', ref, purpose, channel: 'email' as const }, rendered },
        ...{ links: { unsubscribe }, to: 'a@b.se' },
      }).headers['List-Id'];
    expect([of('survey'), of('booking')]).toEqual(['<fragor.b.se>', undefined]);
    expect(envelopeOf('survey').headers).not.toHaveProperty('List-Id');
  });

  it('offers one-click on each purpose that a choice stops, and on no other', () => {
    const offered = PURPOSES.filter((purpose) => 'List-Unsubscribe' in envelopeOf(purpose).headers);
    expect(offered).toEqual(PURPOSES.filter((purpose) => RULES[purpose].stoppedByChoice));
    expect(offered).toContain('survey');
    expect(offered).not.toContain('booking');
  });

  it.each([undefined, '', 'mailto:x@example.se', 'https://a.se/u/1>, <https://b.se', 'https://a.se/u/1 2'])(
    'lets no newsletter go with the way out %p',
    (link) => {
      expect(() =>
        envelopeFor({
          tenant,
          row: { id: 'row', ref, purpose: 'newsletter', channel: 'email' },
          rendered,
          links: { unsubscribe: link },
          to: 'anna@example.se',
        }),
      ).toThrow('unsubscribe link');
    },
  );

  it('says nothing of the person in a header', () => {
    const headers = JSON.stringify(envelopeOf('survey').headers);
    expect(headers).not.toMatch(/anna|row/);
  });

  it('keeps within what Gmail takes for a feedback id', () => {
    for (const purpose of PURPOSES) {
      const parts = envelopeOf(purpose).headers['Feedback-ID']?.split(':') ?? [];
      expect(parts).toHaveLength(4);
      expect(parts[3]).toMatch(/^.{5,15}$/);
    }
  });

  it('gives an SMS its sender and no headers', () => {
    expect(envelopeOf('booking', 'sms')).toMatchObject({ from: 'Kliniken', to: '+46701740605', headers: {} });
  });

  it('addresses nothing that the tenant has no sender for', () => {
    expect(() => envelopeOf('newsletter', 'sms')).toThrow('no sender');
    expect(() => envelopeOf('offer-call', 'call')).toThrow('no sender');
  });
});
