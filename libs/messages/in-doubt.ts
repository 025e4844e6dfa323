import { createHash } from 'node:crypto';
import type { Attempt } from './message.types.js';

/** Whether the provider may have taken it without our knowing. */
export function isInDoubt({ outcome }: Pick<Attempt, 'outcome'>): boolean {
  return outcome === null || outcome === 'unknown';
}

/** Tells whether a text is the one that was sent, and nothing of whom it was sent to or what it says. */
export function digestOf(ref: string, text: string): string {
  return createHash('sha256')
    .update(JSON.stringify([ref, text]))
    .digest('base64url')
    .slice(0, 22);
}
