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

  // https://github.com/twilio/twilio-node, spec/validation.spec.js: what its own library holds itself to.
  it.each<[string, string, string, Record<string, string | string[]>]>([
    ['a port that was said', 'https://mycompany.com:1234/myapp.php?foo=1&bar=2', signature, fields],
    [
      'a port over http',
      'http://mycompany.com:1234/myapp.php?foo=1&bar=2',
      'Zmvh+3yNM1Phv2jhDCwEM3q5ebU=',
      fields,
    ],
    ['a port that was not said', url, 'kvajT1Ptam85bY51eRf/AJRuM3w=', fields],
    [
      'credentials',
      'https://user:pass@mycompany.com/myapp.php?foo=1&bar=2',
      'CukzLTc1tT5dXEDIHm/tKBanW10=',
      fields,
    ],
    ['a plus in the query', `${url}&Body=It's+amazing`, 'dsq4Ehbj6cs+KdTkpF5sSSplOWw=', fields],
    [
      'a field said several times',
      url,
      'IK+Dwps556ElfBT0I3Rgjkr1wJU=',
      { Sid: 'CA123', SidAccount: 'AC123', Digits: ['5678', '1234', '1234'] },
    ],
  ])('of its library’s example with %s is believed', (_, to, signed, said) => {
    const pairs = Object.entries(said).flatMap(([name, values]) =>
      [values].flat().map((value): [string, string] => [name, value]),
    );
    const given = { signature: signed, url: to, form: new URLSearchParams(pairs) };
    expect(verifyTwilio(token, given)).toBe('genuine');
    expect(verifyTwilio(token, { ...given, signature: signed.replace(/./, '_') })).toBe('forged');
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
