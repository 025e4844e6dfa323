import { SUPPRESSION_CAUSES, type SuppressionCause } from '#consent/suppression';
import type { Address } from '#privacy/withdraw';
import { ADDRESS_KIND, CHANNELS } from '#purposes/channel';
import { STREAMS, type Stream } from '#purposes/stream';
import { plainName } from './columns.js';
import type { SuppressionChannel, SuppressionDefaults } from './import.types.js';
import {
  addressesIn,
  faultOf,
  pastTimeOf,
  refusedRow,
  textOf,
  type RowContext,
  type RowRead,
} from './row-values.js';

/** An address that must not be used, why, and for what. */
export interface SuppressionRow {
  suppressions: {
    kind: Address['kind'];
    address: string;
    channel: SuppressionChannel;
    scope: 'all' | Stream;
    cause: SuppressionCause;
    /** null: when it happened is not known; it counts from the import. */
    at: Date | null;
  }[];
}

/** An erasure is asked for by itself: it takes away more than an address. */
export const IMPORTABLE_CAUSES = SUPPRESSION_CAUSES.filter((cause) => cause !== 'erasure');
export const SCOPES = ['all', ...STREAMS] as const;

/** As providers' own lists call them. */
const CAUSE_WORDS: Readonly<Record<string, SuppressionCause>> = {
  bounced: 'bounce',
  hardbounce: 'bounce',
  invalid: 'bad-address',
  invalidemail: 'bad-address',
  badaddress: 'bad-address',
  spam: 'complaint',
  spamreport: 'complaint',
  complained: 'complaint',
  unsubscribe: 'stop',
  unsubscribed: 'stop',
  groupunsubscribe: 'stop',
  avregistrerad: 'stop',
};

/** Reads a row of suppressions; what it does not say, the import's own defaults say, then what its cause means. */
export function readSuppressionRow(
  row: Readonly<Record<string, unknown>>,
  context: RowContext,
  defaults: SuppressionDefaults,
): RowRead<SuppressionRow> {
  const { addresses, faults } = addressesIn(row, context);
  if (addresses.length === 0 && faults.length === 0) {
    faults.push(faultOf('email', 'an email address or a phone number', undefined));
  }
  const cause = causeOf(row['cause']) ?? defaults.cause ?? 'import';
  const scope = wordOf(row['scope']) ?? defaults.scope ?? (isHard(cause) ? 'all' : 'marketing');
  if (!isOneOf(IMPORTABLE_CAUSES, cause)) {
    faults.push(faultOf('cause', `one of ${IMPORTABLE_CAUSES.join(', ')}`, row['cause'], true));
  }
  if (!isOneOf(SCOPES, scope)) {
    faults.push(faultOf('scope', `one of ${SCOPES.join(', ')}`, row['scope'], true));
  }
  const channel = wordOf(row['channel']) ?? defaults.channel;
  if (channel !== undefined && !isOneOf([...CHANNELS, 'all'] as const, channel)) {
    faults.push(faultOf('channel', `one of ${[...CHANNELS, 'all'].join(', ')}`, row['channel'], true));
  }
  const at = row['at'] == null ? null : pastTimeOf('at', row['at'], context);
  if (at !== null && 'fault' in at) faults.push(at.fault);
  const misplaced = addresses.find(({ kind }) => isOf(channel, kind) === false);
  if (misplaced !== undefined && faults.length === 0) {
    faults.push(faultOf('channel', `a channel that is reached by ${misplaced.kind}, or all`, channel, true));
  }
  if (faults.length > 0) return refusedRow(...faults);
  return {
    kind: 'row',
    warnings: [],
    value: {
      suppressions: addresses.map(({ kind, address }) => ({
        kind,
        address,
        channel: (channel as SuppressionChannel | undefined) ?? channelOf(kind, cause as SuppressionCause),
        scope: scope as 'all' | Stream,
        cause: cause as SuppressionCause,
        at: at !== null && 'at' in at ? at.at : null,
      })),
    },
  };
}

/** A mailbox or number that does not exist is of no use for anything; other noes are about advertising. */
const isHard = (cause: string): boolean => cause === 'bounce' || cause === 'bad-address';

/** What could not be delivered was a mail or an SMS; a person's no to an address is about all that is reached by it. */
function channelOf(kind: Address['kind'], cause: SuppressionCause): SuppressionChannel {
  if (!isHard(cause)) return 'all';
  return kind === 'email' ? 'email' : 'sms';
}

function isOf(channel: string | undefined, kind: Address['kind']): boolean | null {
  if (channel === undefined || channel === 'all' || !isOneOf(CHANNELS, channel)) return null;
  return ADDRESS_KIND[channel] === kind;
}

function wordOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined || text === null || text === '') return undefined;
  return typeof text === 'string' ? text.toLowerCase() : '(not text)';
}

function causeOf(value: unknown): string | undefined {
  const word = wordOf(value);
  return word === undefined ? undefined : (CAUSE_WORDS[plainName(word)] ?? word);
}

function isOneOf<const T extends readonly string[]>(values: T, value: string): value is T[number] {
  return values.includes(value);
}
