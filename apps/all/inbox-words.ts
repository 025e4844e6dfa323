import type { Status } from '#messages/moves';
import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import type { Reason } from '#purposes/reason';

/** What a stranger reads in place of the ledger's words. */
export const STATUS_WORDS: Record<Status, string> = {
  planned: 'Planned',
  released: 'On its way',
  sending: 'Being sent',
  accepted: 'Sent',
  delivered: 'Delivered',
  bounced: 'Bounced',
  complained: 'Reported as spam',
  refused: 'Not sent',
  cancelled: 'Called off',
  failed: 'Failed',
  expired: 'Expired',
  unknown: 'Outcome unknown',
};

export const REASON_WORDS: Record<Reason, string> = {
  'unknown-customer': 'Nobody is known by this customer id.',
  erased: 'This person asked to be forgotten, and was.',
  restricted: 'This person’s data is restricted: it is kept, and nothing is sent.',
  minor: 'Under 18, and no guardian has consented.',
  'no-address': 'There is no address it could go to.',
  suppressed: 'The address may not be used: it bounced, or was answered with a complaint or STOP.',
  objected: 'The person objected to messages of this kind.',
  withdrawn: 'The person said no to messages of this kind.',
  'channel-off': 'Not wanted on this channel, or the tenant has no sender for it.',
  'no-consent': 'It needs a yes that the person has not given.',
  duplicate: 'The same thing was said before.',
  'too-late': 'Its time had gone by.',
  expired: 'It was not worth saying any more.',
  capped: 'The person has had as many marketing messages as the tenant allows for now.',
  'invalid-template': 'There is no text for it, or a fact the text needs is missing.',
  'not-allowed': 'LAGOM_SEND does not let it out.',
  paused: 'Sending is paused.',
  'quiet-hours': 'It waits for the morning: marketing does not buzz at night.',
};

const CALLED_OFF: Record<string, string> = {
  'booking.confirmed.v1': 'The booking was made after all.',
  'booking.rescheduled.v1': 'The booking was moved; what is planned for the new time takes its place.',
  'booking.cancelled.v1': 'The booking was cancelled.',
  'booking.completed.v1': 'The visit is over.',
  'booking.no-show.v1': 'The person did not come.',
};

/** Why a message did not go, or waits: one sentence. */
export function whyNot(row: { status: Status; reason: Reason | null }, why: string | undefined): string {
  if (row.reason !== null) return REASON_WORDS[row.reason];
  switch (row.status) {
    case 'cancelled':
      return CALLED_OFF[why ?? ''] ?? `Called off${why === undefined ? '' : `: ${why}`}.`;
    case 'failed':
      return `The provider refused it for good${why === undefined ? '' : `: ${why}`}.`;
    case 'expired':
      return REASON_WORDS.expired;
    case 'unknown':
      return 'It may have been sent: nobody answered, and it is not tried again blindly.';
    case 'planned':
      return why?.startsWith('try again') === true ? `It is tried again (${why.slice(11)}).` : '';
    case 'refused':
    case 'released':
    case 'sending':
    case 'accepted':
    case 'delivered':
    case 'bounced':
    case 'complained':
      return '';
  }
}

/** What each check of the gate looks at: what it saw stands beside it. */
const CHECK_WORDS: Record<string, string> = {
  known: 'Person',
  'not-erased': 'Erasure',
  'not-restricted': 'Restriction',
  'of-age': 'Age',
  'has-address': 'Address',
  'not-suppressed': 'Suppression',
  'not-objected': 'Objection',
  'not-withdrawn': 'Withdrawal',
  'channel-on': 'Channel',
  consented: 'Consent',
  'not-duplicate': 'Repetition',
  'in-time': 'Timing',
  'not-expired': 'Expiry',
  'under-cap': 'Cap',
  'valid-template': 'Text',
  allowed: 'Way out',
  'not-paused': 'Stop button',
  'not-quiet': 'Hours',
};
export const checkWords = (check: string): string => CHECK_WORDS[check] ?? check;

const JOURNEY_WORDS: Record<string, string> = {
  confirmation: 'Confirmation of a booking',
  change: 'Change of a booking',
  cancellation: 'Cancellation of a booking',
  reminder: 'Reminder before the visit',
  'abandoned-booking': 'An unfinished booking',
  survey: 'Question after the visit',
};

/** What a message without a subject is about. */
export const aboutWords = (journey: string | null, purpose: Purpose): string =>
  JOURNEY_WORDS[journey ?? ''] ?? sentence(purpose.replaceAll('-', ' '));

const HISTORY_WORDS: Record<string, string> = {
  bounce: 'the provider told of a lasting bounce',
  complaint: 'the person reported it as spam',
  stopped: 'the person answered STOP',
  unsubscribed: 'the person unsubscribed with one click',
  replied: 'the person answered',
};
export const historyWords = (why: string): string => HISTORY_WORDS[why] ?? why;

const CHANNEL_WORDS: Partial<Record<Channel, string>> = { email: 'email', sms: 'SMS' };
export const channelWords = (channel: Channel): string => CHANNEL_WORDS[channel] ?? channel;

/** What is said above the message once a button has done its work. */
export const DID_WORDS: Record<string, string> = {
  bounce: 'It bounced for good. Nothing more goes to this address on this channel.',
  complain: 'It was reported as spam. Nothing more of this stream goes to this address.',
  stop: 'The person said stop. It holds from now on, also for what was already planned.',
  reply: 'The answer is noted. An opt-out word in answer to an SMS counts as STOP.',
};

const sentence = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
