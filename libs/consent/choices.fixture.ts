import type { Choice } from '#purposes/choice';
import type { OptOut, SuppressedAddress } from './suppression.js';

let count = 0;

/** Something a person said: yes to the newsletter by email in an event, unless said otherwise. */
export function choice(differing: Partial<Choice> = {}): Choice {
  count += 1;
  const at = differing.at ?? new Date('2026-09-01T10:00:00Z');
  return {
    id: `choice-${count}`,
    purpose: 'newsletter',
    channel: 'email',
    state: 'given',
    noticeVersion: '2026-01',
    language: 'sv',
    method: 'checkbox',
    place: '/booking/step-3',
    at,
    recordedAt: at,
    via: 'event',
    ...differing,
  };
}

/** Somebody's no about an address: bo's to all marketing by email, unless said otherwise. */
export function optOut(differing: Partial<OptOut> = {}): OptOut {
  const at = differing.at ?? new Date('2026-09-01T10:00:00Z');
  return {
    kind: 'opt-out',
    tenant: 'wellnesskliniken',
    keyId: 'k1',
    hash: 'hash',
    channel: 'email',
    purpose: 'marketing',
    state: 'withdrawn',
    by: 'bo',
    via: 'page',
    at,
    recordedAt: at,
    ...differing,
  };
}

/** An address that must not be used: a hard bounce on email, unless said otherwise. */
export function suppressed(differing: Partial<SuppressedAddress> = {}): SuppressedAddress {
  const at = differing.at ?? new Date('2026-09-01T10:00:00Z');
  return {
    kind: 'suppressed',
    tenant: 'wellnesskliniken',
    keyId: 'k1',
    hash: 'hash',
    channel: 'email',
    scope: 'all',
    cause: 'bounce',
    at,
    recordedAt: at,
    ...differing,
  };
}
