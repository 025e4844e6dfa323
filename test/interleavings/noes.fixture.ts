import type { Envelope } from '#channels/outcome';
import { booking, event } from '#ingest/hearing.fixture';
import { NOW, said } from '#privacy/ledger.fixture';
import { RULES } from '#purposes/purposes';
import { MAIL, T, type No, type World } from './world.fixture.js';

export const NOES = [
  'page',
  'mail only',
  'text only',
  'about',
  'complaint',
  'event',
  'new address',
  'restricted',
] as const;
export type NoKind = (typeof NOES)[number];

const isMarketing = ({ purpose }: { purpose: Envelope['purpose'] }): boolean =>
  RULES[purpose].stream === 'marketing';
const isAnnas = ({ message }: Envelope): boolean => message.startsWith(`${T}/anna/`);
/** As events name her that do not say where she is reached. */
const ANNA = { id: 'anna' };
const page = { at: NOW, recordedAt: NOW, via: 'page' as const };

/** What may not begin once it was answered: said here in other words than the code's own. */
const CONCERNS: Record<NoKind, (call: Envelope) => boolean> = {
  page: (call) => isMarketing(call) && (isAnnas(call) || call.to === MAIL),
  'mail only': (call) => isMarketing(call) && call.channel === 'email' && call.to === MAIL,
  'text only': (call) => isMarketing(call) && call.channel === 'sms' && isAnnas(call),
  about: (call) => isMarketing(call) && call.to === MAIL,
  complaint: (call) => isMarketing(call) && call.channel === 'email' && call.to === MAIL,
  event: (call) => isMarketing(call) && (isAnnas(call) || call.to === MAIL),
  'new address': (call) => isAnnas(call) && call.to === MAIL,
  restricted: isAnnas,
};

/** A no that nobody has said yet, and how it is said. */
export function noOf(kind: NoKind, world: World): { no: No; say: () => Promise<unknown> } {
  const no: No = {
    isAnswered: false,
    concerns: CONCERNS[kind],
    ends: (row) =>
      kind === 'restricted'
        ? row.customer === 'anna'
        : // What she agreed to for the old address, she did not for the new one.
          row.stream === 'marketing' && (kind !== 'new address' || row.reason === 'no-consent'),
  };
  const say = (): Promise<unknown> => {
    switch (kind) {
      case 'page':
        return world.withdraw.hearChoices(T, 'anna', [said()], { ...page, id: 'no' });
      case 'mail only':
        return world.withdraw.hearChoices(T, 'anna', [said({ channel: 'email' })], { ...page, id: 'no' });
      case 'text only':
        return world.withdraw.hearChoices(T, 'anna', [said({ channel: 'sms' })], { ...page, id: 'no' });
      case 'about':
        return world.withdraw.hearAbout(T, { kind: 'email', address: MAIL }, [said()], { ...page, by: '' });
      case 'complaint':
        return world.withdraw.suppressAddress(T, {
          ...{ kind: 'email', address: MAIL, channel: 'email', scope: 'marketing', cause: 'complaint' },
        });
      case 'event':
        return world.one(
          event('customer.consent-changed.v1', { choices: [said()], customer: ANNA }, { id: 'no' }),
        );
      case 'new address': {
        const customer = { ...ANNA, email: 'new@example.se' };
        return world.one(event('customer.updated.v1', { customer }, { id: 'no' }));
      }
      case 'restricted':
        return world.restrict.restrict(T, 'anna');
    }
  };
  return {
    no,
    say: async () => {
      await say();
      no.isAnswered = true;
    },
  };
}

/** What a booking system may tell meanwhile. */
export const NEWS = ['confirmed', 'moved', 'cancelled'] as const;
export type News = (typeof NEWS)[number];

/** The events of a booking up to this one. */
export function newsOf(kind: News, n: number): Parameters<World['one']>[0][] {
  const id = `n${n}`;
  const data = { customer: ANNA };
  const confirmed = booking('booking.confirmed.v1', 1, { id }, { id: `${id}-1`, data });
  const later =
    kind === 'moved'
      ? [
          booking(
            'booking.rescheduled.v1',
            2,
            { id, startsAt: '2026-05-09T09:00:00Z' },
            { id: `${id}-2`, data },
          ),
        ]
      : kind === 'cancelled'
        ? [booking('booking.cancelled.v1', 2, { id }, { id: `${id}-2`, data })]
        : [];
  return [confirmed, ...later];
}
