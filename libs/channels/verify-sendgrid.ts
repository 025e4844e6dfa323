import { verify } from 'node:crypto';
import { readWebhookKey } from '#tenants/webhook-key';

/** What SendGrid signed: the header's timestamp and the body's bytes as they came. */
export interface SignedBySendGrid {
  signature: string | undefined;
  timestamp: string | undefined;
  body: Buffer;
}

/** `no-key`: the account has none, or one that is no P-256 key, so nothing can be believed. */
export type Verdict = 'genuine' | 'no-key' | 'unsigned' | 'forged' | 'stale';

/**
 * Older than this it may be a replay. Wide enough for two clocks that are five minutes apart. SendGrid names no tolerance
 * and does not say whether a retry (it tries for 24 hours) is signed anew; its published example is signed ten seconds
 * after its event, as it was posted. Others take five minutes (Symfony, https://github.com/symfony/symfony/pull/65700).
 * What is refused is counted as `stale`: after an outage that count should stay 0.
 */
export const FRESH_MS = 8 * 60_000;

/**
 * Whether SendGrid said this: ECDSA P-256 over SHA-256 of timestamp and raw body. `clocks` are the times that count as
 * now: a moved clock of ours moves no provider's. A timestamp that lies ahead is signed too: then ours is behind.
 */
export function verifySendGrid(
  publicKey: string | undefined,
  { signature, timestamp, body }: SignedBySendGrid,
  clocks: readonly Date[],
): Verdict {
  const key = publicKey === undefined ? null : readWebhookKey(publicKey);
  if (key === null) return 'no-key';
  if (!signature || !timestamp) return 'unsigned';
  const bytes = Buffer.from(signature, 'base64');
  // Decoding is lenient: only the one true way to write a signature is taken.
  if (bytes.toString('base64') !== signature || !/^\d{1,12}$/.test(timestamp)) return 'forged';
  if (!verify('sha256', Buffer.concat([Buffer.from(timestamp, 'ascii'), body]), key, bytes)) return 'forged';
  const at = Number(timestamp) * 1_000;
  return clocks.some((now) => now.getTime() - at < FRESH_MS) ? 'genuine' : 'stale';
}
