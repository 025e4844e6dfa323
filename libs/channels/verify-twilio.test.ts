import { describe, expect, it } from '@jest/globals';
import { verifyTwilio } from './verify-twilio.js';
import { signAsTwilio } from './webhook.fixture.js';

/** The example that Twilio publishes, with the signature that it says comes out. */
const PUBLISHED = {
  token: '12345',
  url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
  form: {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  },
  signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
};
const { token, url, form: fields, signature } = PUBLISHED;
const form = new URLSearchParams(fields);

describe('Twilio’s signature', () => {
  it('of its published example is believed, and made alike by the fixture', () => {
    expect(verifyTwilio(token, { signature, url, form })).toBe('genuine');
    expect(signAsTwilio(token, url, fields)).toBe(signature);
  });

  it.each<[string, Partial<Parameters<typeof verifyTwilio>[1]>]>([
    ['path', { url: url.replace('myapp', 'yourapp') }],
    ['query', { url: url.replace('bar=2', 'bar=3') }],
    ['query that is gone', { url: url.replace('&bar=2', '') }],
    ['host', { url: url.replace('mycompany', 'yourcompany') }],
    ['field', { form: new URLSearchParams({ ...fields, Digits: '1235' }) }],
    ['field too many', { form: new URLSearchParams({ ...fields, More: '' }) }],
    ['field said twice', { form: new URLSearchParams([...form, ['Digits', '5678']]) }],
    ['field too few', { form: new URLSearchParams({ To: fields.To }) }],
    ['signature', { signature: signature.replace('R', 'S') }],
    ['signature with something behind it', { signature: `${signature}=` }],
  ])('is forged with another %s', (_, change) => {
    expect(verifyTwilio(token, { signature, url, form, ...change })).toBe('forged');
  });

  it('of another account’s token is none', () => {
    expect(verifyTwilio('54321', { signature, url, form })).toBe('forged');
  });

  it('is missing, or not to be checked', () => {
    expect(verifyTwilio(token, { signature: undefined, url, form })).toBe('unsigned');
    expect(verifyTwilio(token, { signature: '', url, form })).toBe('unsigned');
    expect(verifyTwilio(undefined, { signature, url, form })).toBe('no-key');
    expect(verifyTwilio('', { signature: signAsTwilio('', url, fields), url, form })).toBe('no-key');
  });
});
