import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHANNELS } from '#purposes/channel';
import { PURPOSES } from '#purposes/purpose';
import { packMeasure, unpackMeasure } from './measure-payload.js';
import { CHANNEL_CODE, type LinkPayload, packLink, PURPOSE_CODE, unpackLink } from './link-payload.js';
import { LINK_USES, LinkTokens } from './link-token.js';

const now = new Date('2026-10-05T10:00:00Z');
const tokens = new LinkTokens(['a secret of the house']);
const payload: LinkPayload = {
  tenant: 'wellnesskliniken',
  customer: '7d0f6f0e-3c1f-4b8e-9a55-0d9a4c1f2b3a',
  purpose: 'newsletter',
  channel: 'email',
  keyId: 'k1',
  hash: 'AAECAwQFBgcICQoLDA0ODw',
};

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const anyPayload: fc.Arbitrary<LinkPayload> = fc
  .record({
    ...{ tenant: text, customer: fc.oneof(text, fc.uuid()), keyId: text },
    purpose: fc.constantFrom(...PURPOSES, 'marketing' as const),
    channel: fc.constantFrom(...CHANNELS, 'all' as const),
    hash: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('base64url')),
    subject: fc.option(fc.oneof(text, fc.uuid()), { nil: undefined }),
    expiresAt: fc.option(fc.integer({ min: 1_900_000_000, max: 2_100_000_000 }), { nil: undefined }),
  })
  .map(({ subject, expiresAt, ...rest }) => ({
    ...rest,
    ...(subject ? { subject } : {}),
    ...(expiresAt ? { expiresAt: new Date(expiresAt * 1000) } : {}),
  }));

describe('a link token', () => {
  it('says what was sealed', () => {
    fc.assert(
      fc.property(anyPayload, (sealed) => {
        expect(tokens.open('survey', tokens.seal('survey', sealed), now)).toEqual(sealed);
      }),
    );
  });
  it('is short', () => {
    for (const customer of [payload.customer, 'customer-12345', 'anna.andersson.1980']) {
      const token = tokens.seal('unsubscribe', { ...payload, customer });
      expect(token.length).toBeLessThanOrEqual(160);
      expect(token).toMatch(/^[\w-]+$/);
    }
    expect(tokens.seal('unsubscribe', payload).length).toBeLessThan(130);
  });
  it('is the same for the same payload, and shares nothing with another', () => {
    const one = tokens.seal('unsubscribe', payload);
    expect(tokens.seal('unsubscribe', { ...payload })).toBe(one);
    const other = tokens.seal('unsubscribe', { ...payload, purpose: 'offers' });
    expect(other.slice(0, 16)).not.toBe(one.slice(0, 16));
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('wellnesskliniken');
  });
  it('is refused with any bit changed', () => {
    const bytes = Buffer.from(tokens.seal('unsubscribe', payload), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(tokens.open('unsubscribe', flipped.toString('base64url'), now)).toBe('forged');
    }
  });
  it('is refused with any character changed, cut or added', () => {
    const token = tokens.seal('unsubscribe', payload);
    fc.assert(
      fc.property(
        fc.nat(token.length),
        fc.constantFrom('A', 'B', 'z', '_', '-', '=', '.', ' ', '%', ''),
        (n, character) => {
          const changed = token.slice(0, n) + character + token.slice(n + 1);
          fc.pre(changed !== token);
          expect(tokens.open('unsubscribe', changed, now)).toBe('forged');
        },
      ),
      { numRuns: 500 },
    );
    for (const wrong of [
      '',
      'x',
      token.slice(1),
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      token + token,
    ]) {
      expect(tokens.open('unsubscribe', wrong, now)).toBe('forged');
    }
  });
  it('opens in one spelling only', () => {
    // The last character of this one has spare bits, which Node ignores.
    const token = tokens.seal('unsubscribe', { ...payload, customer: 'anna' });
    const lengths = ['anna', 'anna1', 'anna12'].map((customer) =>
      tokens.seal('unsubscribe', { ...payload, customer }),
    );
    for (const one of [token, ...lengths]) {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const open = [...alphabet].filter(
        (last) => typeof tokens.open('unsubscribe', one.slice(0, -1) + last, now) === 'object',
      );
      expect(open).toEqual([one.at(-1)]);
    }
  });
  it('opens for its own use only', () => {
    for (const use of LINK_USES) {
      const token = tokens.seal(use, payload);
      for (const other of LINK_USES) {
        expect(tokens.open(other, token, now)).toEqual(other === use ? payload : 'forged');
      }
    }
  });
  it('opens under an older secret, never under a stranger', () => {
    const token = tokens.seal('unsubscribe', payload);
    const renewed = new LinkTokens(['a newer secret', 'a secret of the house']);
    expect(renewed.open('unsubscribe', token, now)).toEqual(payload);
    expect(renewed.seal('unsubscribe', payload)).not.toBe(token);
    expect(new LinkTokens(['a newer secret']).open('unsubscribe', token, now)).toBe('forged');
    expect(() => new LinkTokens([])).toThrow('need a secret');
  });
  it('runs out where it says so', () => {
    const expiresAt = new Date('2026-10-05T10:30:00Z');
    const token = tokens.seal('me', { ...payload, expiresAt });
    expect(tokens.open('me', token, new Date(expiresAt.getTime() - 1))).toEqual({ ...payload, expiresAt });
    expect(tokens.open('me', token, expiresAt)).toBe('expired');
  });
  it('never runs out where it says no', () => {
    const far = new Date('2199-01-01T00:00:00Z');
    expect(tokens.open('unsubscribe', tokens.seal('unsubscribe', payload), far)).toEqual(payload);
    for (const use of ['unsubscribe', 'preferences'] as const) {
      expect(() => tokens.seal(use, { ...payload, expiresAt: now })).toThrow('never runs out');
    }
  });
});

describe('the payload', () => {
  it('has the codes that old links have', () => {
    // Links live for ever: these lines only grow.
    expect(Object.entries(PURPOSE_CODE).map(([word, code]) => `${code} ${word}`)).toEqual([
      ...['0 marketing', '1 booking', '2 receipt', '3 delivery', '4 support', '5 recall', '6 legal-notice'],
      ...['7 handoff', '8 enquiry-follow-up', '9 survey', '10 offer-call', '11 abandoned-booking'],
      ...['12 newsletter', '13 offers', '14 news', '15 inspiration', '16 benefits', '17 recommendations'],
      ...['18 audience', '19 market-research', '20 measurement'],
    ]);
    expect(Object.entries(CHANNEL_CODE).map(([word, code]) => `${code} ${word}`)).toEqual([
      ...['0 all', '1 email', '2 sms', '3 push', '4 call', '5 whatsapp', '6 audience', '7 letter'],
    ]);
  });
  it('is nothing where bytes say nothing', () => {
    const bytes = packLink(payload);
    expect(unpackLink(bytes)).toEqual(payload);
    for (let cut = 0; cut < bytes.length; cut += 1) expect(unpackLink(bytes.subarray(0, cut))).toBeNull();
    expect(unpackLink(Buffer.concat([bytes, Buffer.from([9, 1])]))).toBeNull();
    expect(unpackLink(Buffer.from([2, ...bytes.subarray(1)]))).toBeNull();
  });
  it('is refused where it is too long or its hash is none', () => {
    expect(() => packLink({ ...payload, customer: 'x'.repeat(255) })).toThrow('too long for a link');
    expect(() => packLink({ ...payload, hash: 'not a hash' })).toThrow('not base64url');
  });
});

describe('a measured link', () => {
  const payload = {
    tenant: 'wellnesskliniken',
    ref: 'ab'.repeat(16),
    block: 3,
    target: 'https://a.se/ö?b=1#c',
  };

  it('says where it leads, the same each time, and nothing that a reader could use', () => {
    const token = tokens.sealMeasure('click', payload);
    expect(tokens.sealMeasure('click', payload)).toBe(token);
    expect(tokens.openMeasure('click', token)).toEqual(payload);
    const open = { ...payload, block: null, target: '' };
    expect(tokens.openMeasure('open', tokens.sealMeasure('open', open))).toEqual(open);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/wellness|a\.se/);
  });

  it('opens for its own use only, and under an older secret; changed or cut it leads nowhere', () => {
    const token = tokens.sealMeasure('click', payload);
    expect(tokens.openMeasure('open', token)).toBeNull();
    expect(tokens.open('unsubscribe', token, now)).toBe('forged');
    const renewed = new LinkTokens(['a newer secret', 'a secret of the house']);
    expect(renewed.openMeasure('click', token)).toEqual(payload);
    for (let cut = 0; cut < token.length; cut += 1) {
      expect(tokens.openMeasure('click', token.slice(0, cut))).toBeNull();
      const other = token[cut] === 'A' ? 'B' : 'A';
      expect(tokens.openMeasure('click', token.slice(0, cut) + other + token.slice(cut + 1))).toBeNull();
    }
  });

  it('is nothing where its bytes say nothing', () => {
    const bytes = packMeasure(payload);
    expect(unpackMeasure(bytes)).toEqual(payload);
    expect(unpackMeasure(bytes.subarray(0, 20))).toBeNull();
    expect(unpackMeasure(Buffer.from([2, ...bytes.subarray(1)]))).toBeNull();
    expect(unpackMeasure(Buffer.from([1, 255, ...bytes.subarray(2)]))).toBeNull();
    expect(() => packMeasure({ ...payload, ref: 'anna' })).toThrow('cannot be packed');
  });
});
