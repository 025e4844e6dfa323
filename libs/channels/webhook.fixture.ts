import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

/** SendGrid's side of an account: a key of its own, and what it signs. */
export class SigningSendGrid {
  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  /** As SendGrid shows it. */
  get publicKey(): string {
    return this.keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  }

  /** The headers of a call. */
  headers(body: string | Buffer, at: Date): Record<string, string> {
    const timestamp = String(Math.floor(at.getTime() / 1_000));
    const bytes = Buffer.concat([Buffer.from(timestamp), Buffer.from(body)]);
    return {
      'content-type': 'application/json',
      'x-twilio-email-event-webhook-signature': sign('sha256', bytes, this.keys.privateKey).toString(
        'base64',
      ),
      'x-twilio-email-event-webhook-timestamp': timestamp,
    };
  }
}

/** Twilio's signature, by the steps that it publishes: the URL, then each field in order of its name. */
export function signAsTwilio(authToken: string, url: string, form: Record<string, string>): string {
  const fields = Object.keys(form)
    .sort()
    .map((name) => name + (form[name] ?? ''));
  return createHmac('sha1', authToken)
    .update(url + fields.join(''))
    .digest('base64');
}
