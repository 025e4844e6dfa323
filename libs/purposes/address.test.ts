import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressKey, maskAddress, normaliseEmail, normalisePhone } from './address.js';

describe('an email address', () => {
  it.each([
    ['  Anna@Example.SE ', 'anna@example.se'],
    ['A\u030Asa@example.se', 'åsa@example.se'],
    ['anna+newsletter@mail.example.co.uk', 'anna+newsletter@mail.example.co.uk'],
    ['info@bücher.example', 'info@bücher.example'],
    ["o'brien@example.ie", "o'brien@example.ie"],
  ])('has one form: %j', (raw, address) => {
    expect(normaliseEmail(raw)).toEqual({ kind: 'good', address });
  });
  it.each([
    ...['', 'anna', 'anna@', '@example.se', 'anna@@example.se', 'a@b@example.se', 'anna@localhost'],
    ...['an na@example.se', 'anna@exam ple.se', 'anna@example..se', 'anna@-example.se', '.anna@example.se'],
    ...['anna@example.se, bo@example.se', 'Anna <anna@example.se>', 'anna@example.se\r\nBcc: x@example.se'],
    ...['anna\u0000@example.se', `${'a'.repeat(65)}@example.se`, `anna@${'a'.repeat(260)}.se`],
  ])('is refused with a reason that does not repeat it: %j', (raw) => {
    const read = normaliseEmail(raw);
    expect(read).toEqual({ kind: 'bad', reason: expect.not.stringMatching(/anna|example/i) });
  });
  it('stays as it is once it is normalised', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (raw) => {
        const once = normaliseEmail(raw.toUpperCase());
        fc.pre(once.kind === 'good');
        expect(normaliseEmail(once.address)).toEqual(once);
      }),
    );
  });
});

describe('a phone number', () => {
  it.each([
    ['063-10 20 00', 'SE', '+4663102000'],
    ['070-174 06 05', 'se', '+46701740605'],
    ['+46 (0)70 174 06 05', 'SE', '+46701740605'],
    ['0046701740605', 'SE', '+46701740605'],
    ['+36 20 123 4567', 'SE', '+36201234567'],
    [' +46701740605 ', 'HU', '+46701740605'],
  ])('becomes E.164 after the country: %s in %s', (raw, country, address) => {
    expect(normalisePhone(raw, country)).toEqual({ kind: 'good', address });
  });
  it.each(['', '12', '0701', '+46', 'ring 070-174 06 05', '070-174 06 05 ext. 3', 'anna', '+999123456789'])(
    'is refused with a reason: %j',
    (raw) => {
      expect(normalisePhone(raw, 'SE')).toMatchObject({
        kind: 'bad',
        reason: expect.stringMatching(/phone number$/),
      });
    },
  );
});

describe('a masked address', () => {
  it.each([
    ['anna@example.se', 'a•••@example.se'],
    ['å@example.se', 'å•••@example.se'],
    ['+46701740605', '+46•••••05'],
    ['+358401234567', '+358•••••67'],
    ['apns-token-abcdef', '•••'],
    ['Storgatan 1, 831 30 Östersund', '•••'],
  ])('shows little of %s', (address, masked) => {
    expect(maskAddress(address)).toBe(masked);
  });
});

it('keeps addresses of two kinds apart', () => {
  expect(addressKey('device', 'x')).not.toBe(addressKey('post', 'x'));
});
