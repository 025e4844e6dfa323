import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { FRESH_MS, verifySendGrid } from './verify-sendgrid.js';
import { SigningSendGrid } from './webhook.fixture.js';

const NOW = new Date('2026-05-04T07:00:00Z');
const sendgrid = new SigningSendGrid();
/** With the trailing line break that is signed as well. */
const BODY = Buffer.from('[{"event":"delivered","email":"anna@example.se"}]\r\n');

function signed(body: Buffer = BODY, at = NOW, by = sendgrid) {
  const headers = by.headers(body, at);
  return {
    signature: headers['x-twilio-email-event-webhook-signature'],
    timestamp: headers['x-twilio-email-event-webhook-timestamp'],
    body,
  };
}
const look = (said: ReturnType<typeof signed>, key: string | undefined = sendgrid.publicKey, now = NOW) =>
  verifySendGrid(key, said, [now]);

/** What SendGrid publishes with its own libraries: https://github.com/sendgrid/sendgrid-python, test_eventwebhook.py. */
const PUBLISHED = {
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==',
  signature:
    'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
  timestamp: '1600112502',
  body: Buffer.from(
    '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
  ),
};
/** Its libraries' older example: https://github.com/sendgrid/sendgrid-nodejs, eventwebhook.spec.js. */
const OLDER = {
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==',
  signature:
    'MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=',
  timestamp: '1588788367',
  body: Buffer.from('{"category":"example_payload","event":"test_event","message_id":"message_id"}'),
};

describe('what SendGrid publishes', () => {
  it.each([PUBLISHED, OLDER])(
    'is believed at its time, is stale a day later, and is forged by one byte',
    ({ key, ...said }) => {
      const then = new Date(Number(said.timestamp) * 1_000);
      expect(verifySendGrid(key, said, [then])).toBe('genuine');
      expect(verifySendGrid(key, said, [new Date(then.getTime() + 86_400_000)])).toBe('stale');
      expect(verifySendGrid(key, { ...said, body: said.body.subarray(0, -1) }, [then])).toBe('forged');
      const other = Buffer.from(said.body);
      other[7] = (other[7] ?? 0) ^ 1;
      expect(verifySendGrid(key, { ...said, body: other }, [then])).toBe('forged');
    },
  );

  it('is forged under the other key, and with the signature that its library refuses', () => {
    const then = [new Date(Number(OLDER.timestamp) * 1_000)];
    const { key, ...said } = OLDER;
    expect(verifySendGrid(PUBLISHED.key, said, then)).toBe('forged');
    const signature = said.signature.replace('YNH2j', 'YNH3j');
    expect(verifySendGrid(key, { ...said, signature }, then)).toBe('forged');
  });
});

describe('SendGrid’s signature', () => {
  it('is believed, whether the key is on one line or armoured', () => {
    expect(look(signed())).toBe('genuine');
    expect(
      look(signed(), `-----BEGIN PUBLIC KEY-----\n${sendgrid.publicKey}\n-----END PUBLIC KEY-----\n`),
    ).toBe('genuine');
  });

  it('is of the bytes: every single one that is wrong is seen', () => {
    for (let at = 0; at < BODY.length; at += 1) {
      const body = Buffer.from(BODY);
      body[at] = (body[at] ?? 0) ^ 1;
      expect(look({ ...signed(), body })).toBe('forged');
    }
    expect(look({ ...signed(), body: BODY.subarray(0, -2) })).toBe('forged');
  });

  it('is of the time: another time is seen', () => {
    expect(look({ ...signed(), timestamp: String(NOW.getTime() / 1_000 + 1) })).toBe('forged');
    expect(look({ ...signed(), timestamp: 'now' })).toBe('forged');
  });

  it('is seen to be changed in any of its characters', () => {
    const { signature = '' } = signed();
    for (let at = 0; at < signature.length; at += 1) {
      const other = signature[at] === 'A' ? 'B' : 'A';
      expect(look({ ...signed(), signature: signature.slice(0, at) + other + signature.slice(at + 1) })).toBe(
        'forged',
      );
    }
    for (const extra of [' ', '=', 'A', '!']) {
      expect(look({ ...signed(), signature: signature + extra })).toBe('forged');
    }
  });

  it.each([['signature'], ['timestamp']])('is missing without its %s', (header) => {
    expect(look({ ...signed(), [header]: undefined })).toBe('unsigned');
    expect(look({ ...signed(), [header]: '' })).toBe('unsigned');
  });

  it('of another account’s key is none', () => {
    expect(look(signed(BODY, NOW, new SigningSendGrid()))).toBe('forged');
  });

  it('is not believed where the account has no key of the right kind', () => {
    const other = (kind: 'P-384' | 'secp256k1') =>
      generateKeyPairSync('ec', { namedCurve: kind })
        .publicKey.export({ format: 'der', type: 'spki' })
        .toString('base64');
    for (const key of ['', 'no key', other('P-384'), other('secp256k1')]) {
      expect(look(signed(), key)).toBe('no-key');
    }
    expect(verifySendGrid(undefined, signed(), [NOW])).toBe('no-key');
  });

  it('is stale after a few minutes, by the clock that is nearest to it', () => {
    const after = (ms: number) => new Date(NOW.getTime() + ms);
    expect(look(signed(), undefined, after(FRESH_MS - 1))).toBe('genuine');
    expect(look(signed(), undefined, after(FRESH_MS))).toBe('stale');
    expect(look(signed(), undefined, after(-86_400_000))).toBe('genuine');
    expect(verifySendGrid(sendgrid.publicKey, signed(), [after(86_400_000), NOW])).toBe('genuine');
  });
});
