import { permitFor } from '#consent/permit.fixture';
import type { Permit } from '#consent/may-send';
import type { Channel } from '#purposes/channel';
import type { Envelope } from './outcome.js';

const ADDRESS: Partial<Record<Channel, string>> = { email: 'anna@example.se', sms: '+46701740605' };

let count = 0;

/** A booking message to Anna, each with its own row and ref. */
export function anEnvelope(channel: 'email' | 'sms', changes: Partial<Envelope> = {}): Envelope {
  count += 1;
  const ref = count.toString(16).padStart(32, '0');
  return {
    tenant: 'wellnesskliniken',
    message: `wellnesskliniken/anna/confirmation/email/b${count}/1`,
    ref,
    channel,
    stream: 'service',
    purpose: 'booking',
    from: channel === 'email' ? 'hej@mail.wellnesskliniken.se' : 'Kliniken',
    to: ADDRESS[channel] ?? '',
    headers: channel === 'email' ? { 'Message-ID': `<${ref}@m.wellnesskliniken.se>` } : {},
    content: {
      ...(channel === 'email' ? { subject: 'Din tid är bokad' } : {}),
      text: 'Hej Anna! Välkommen på måndag.',
      attachments: [],
      template: 'confirmation',
      version: '0123456789ab',
      locale: 'sv',
    },
    ...changes,
  };
}

/** The gate's yes to exactly this envelope. */
export function permitOf(envelope: Envelope, changes: { startedMono?: number } = {}): Permit {
  const { tenant, message, ref, channel, to, purpose } = envelope;
  return permitFor({ tenant, message, ref, channel, address: to, purpose, ...changes });
}
