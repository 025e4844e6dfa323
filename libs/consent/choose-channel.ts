import type { Channel } from '#purposes/channel';
import type { SaidChoice } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Refusal } from '#purposes/reason';
import { isNo, standing } from './choices.js';
import { suppressedOnly, type Suppression } from './suppression.js';
import { stopping } from './taken-back.js';

/** A channel to ask the gate for; all but the first only after one of these refusals of the one before. */
export interface ChannelToAsk {
  channel: Channel;
  onlyAfter: readonly Refusal[] | 'any';
}

/** What a contract or a legal duty falls on from: whatever is wrong with a channel, nothing that is wrong with the person. */
const WHERE_IT_MUST_ARRIVE: readonly Refusal[] = [
  'no-address',
  'suppressed',
  'channel-off',
  'invalid-template',
];
/** Elsewhere only what was no answer at all: after a person's no, or a complaint, no other channel is tried. */
const WHERE_IT_MAY_ARRIVE: readonly Refusal[] = ['no-address', 'channel-off'];

/**
 * The order in which to ask the gate. What the person chose by name for this purpose (or for marketing) goes before
 * email; then the order of the table. `available` are the channels with a sender; the first choice is asked even
 * without one, so that the gate can say why it is not used. What answers the person goes first by the channel that they
 * wrote on, `answersOn`.
 */
export function channelsFor(
  purpose: Purpose,
  customer: { choices: readonly SaidChoice[] },
  available: readonly Channel[],
  answersOn?: Channel,
): ChannelToAsk[] {
  const rules = RULES[purpose];
  // The table comes first, so that two chosen channels keep its order.
  const possible = [...new Set([...rules.channels, ...available])];
  const chosen =
    rules.recipient === 'provider'
      ? []
      : possible.filter((channel) => channel !== 'email' && isChosen(customer.choices, purpose, channel));
  const answering = answersOn === undefined ? [] : [answersOn];
  const [first, ...others] = [...new Set([...answering, ...chosen, ...rules.channels])];
  if (!first) return [];
  const mustArrive = rules.basis === 'contract' || rules.basis === 'legal-duty';
  const onlyAfter = mustArrive ? WHERE_IT_MUST_ARRIVE : WHERE_IT_MAY_ARRIVE;
  return [
    { channel: first, onlyAfter: 'any' },
    ...others.filter((channel) => available.includes(channel)).map((channel) => ({ channel, onlyAfter })),
  ];
}

/** What is known of one channel of a person. */
export interface ChannelFacts {
  customer: { choices: readonly SaidChoice[] };
  address: string | null;
  suppressions: readonly Suppression[] | undefined;
  hasSender: boolean;
}

/** Whether a channel could carry a contract message: a sender, an address, no suppression, no choice against it. */
export function isUsable(purpose: Purpose, channel: Channel, facts: ChannelFacts): boolean {
  if (!facts.hasSender || !facts.address || facts.suppressions === undefined) return false;
  if (stopping(suppressedOnly(facts.suppressions), facts.customer.choices, purpose, channel)) return false;
  return !isNo(standing(facts.customer.choices, purpose, channel));
}

/** Chosen by name: a given for all channels chooses none of them. */
function isChosen(choices: readonly SaidChoice[], purpose: Purpose, channel: Channel): boolean {
  const { state } = standing(choices, purpose, channel);
  if (state !== 'given') return false;
  return choices.some(
    (choice) =>
      choice.state === 'given' &&
      choice.channel === channel &&
      (choice.purpose === purpose ||
        (choice.purpose === 'marketing' && RULES[purpose].stream === 'marketing')),
  );
}
