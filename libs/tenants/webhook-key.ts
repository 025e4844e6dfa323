import { createPublicKey, type KeyObject } from 'node:crypto';

/** The key that SendGrid signs its webhooks with, as it shows it: base64 of a P-256 SPKI DER, on one line or armoured. */
export function readWebhookKey(text: string): KeyObject | null {
  const der = Buffer.from(text.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null;
  } catch {
    return null;
  }
}
