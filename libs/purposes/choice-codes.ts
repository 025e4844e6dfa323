import { CHANNELS, type Channel } from './channel.js';
import type { ChoiceState } from './choice.js';
import { PURPOSES, type Purpose } from './purpose.js';
import { RULES } from './purposes.js';

/** Purposes of which a person may have said something that decides, so that people can be looked for by it. */
export const CHOOSABLE: readonly Purpose[] = PURPOSES.filter((purpose) => RULES[purpose].stoppedByChoice);
/** Those that a yes or no to `marketing` as a whole covers: usually all of them stand alike. */
const TOGETHER: readonly Purpose[] = CHOOSABLE.filter(
  (purpose) => RULES[purpose].stream === 'marketing' && RULES[purpose].needs !== 'own-consent',
);

type Said = Purpose | 'marketing';
const code = (purpose: Said, channel: Channel | 'all', state: ChoiceState): string =>
  `${purpose}/${channel}/${state}`;

/**
 * What stands of a person's choices as few words that an index can find: `newsletter/email/given`. Where all marketing
 * stands alike on a channel it is one word (`marketing/email/given`), where all channels do, too (`marketing/all/given`).
 * Of what nobody said anything there is none.
 */
export function choiceCodes(stateOf: (purpose: Purpose, channel: Channel) => ChoiceState | 'none'): string[] {
  const channelsOf = new Map<string, Channel[]>();
  const note = (purpose: Said, channel: Channel, state: ChoiceState | 'none'): void => {
    if (state === 'none') return;
    const key = `${purpose} ${state}`;
    channelsOf.set(key, [...(channelsOf.get(key) ?? []), channel]);
  };
  for (const channel of CHANNELS) {
    const together = TOGETHER.map((purpose) => stateOf(purpose, channel));
    const [alike] = together;
    const areAlike = alike !== undefined && together.every((state) => state === alike);
    if (areAlike) note('marketing', channel, alike);
    for (const purpose of CHOOSABLE) {
      if (!TOGETHER.includes(purpose)) note(purpose, channel, stateOf(purpose, channel));
      else if (!areAlike) note(purpose, channel, together[TOGETHER.indexOf(purpose)] ?? 'none');
    }
  }
  return [...channelsOf].flatMap(([key, channels]) => {
    const [purpose, state] = key.split(' ') as [Said, ChoiceState];
    return channels.length === CHANNELS.length
      ? [code(purpose, 'all', state)]
      : channels.map((channel) => code(purpose, channel, state));
  });
}

/** The words of which a person has one if that state stands for this purpose on this channel. */
export function codesNaming(purpose: Purpose, channel: Channel, state: ChoiceState): string[] {
  const named: Said[] = TOGETHER.includes(purpose) ? [purpose, 'marketing'] : [purpose];
  return named.flatMap((one) => [code(one, channel, state), code(one, 'all', state)]);
}
