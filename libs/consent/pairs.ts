import { CHANNELS, type Channel } from '#purposes/channel';
import { PURPOSES, type Purpose } from '#purposes/purpose';
import { CHANNEL_CODE, PURPOSE_CODE } from './link-payload.js';

/** One purpose on one channel: the least that a choice can be about. */
export interface Pair {
  purpose: Purpose | 'marketing';
  channel: Channel | 'all';
}

/** What fits beside the rest in a link (link-payload.ts). */
const MOST_CHARS = 220;

const PURPOSE_OF = new Map([...PURPOSES, 'marketing' as const].map((one) => [PURPOSE_CODE[one], one]));
const CHANNEL_OF = new Map([...CHANNELS, 'all' as const].map((one) => [CHANNEL_CODE[one], one]));

/** Pairs in a few characters for a link or a form (`12.1,13.1`); null where they are too many for one. */
export function packPairs(pairs: readonly Pair[]): string | null {
  const text = pairs
    .map(({ purpose, channel }) => `${PURPOSE_CODE[purpose]}.${CHANNEL_CODE[channel]}`)
    .join(',');
  return text.length > MOST_CHARS ? null : text;
}

/** What was packed, or null: it says something else. Nothing packs to no pairs. */
export function unpackPairs(text: string): Pair[] | null {
  if (text === '') return [];
  const pairs = text.split(',').map((one): Pair | null => {
    const [, what = '', how = ''] = /^(\d{1,3})\.(\d{1,3})$/.exec(one) ?? [];
    const [purpose, channel] = [PURPOSE_OF.get(Number(what)), CHANNEL_OF.get(Number(how))];
    return what === '' || purpose === undefined || channel === undefined ? null : { purpose, channel };
  });
  return pairs.every((pair) => pair !== null) ? pairs : null;
}
