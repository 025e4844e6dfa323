import type { LinkPayload } from '#consent/link-payload';
import type { ChoiceStatement } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';

/** How much a person stops: what the link is about, everything on its channel, all marketing on every channel. */
export const SCOPES = ['purpose', 'channel', 'marketing'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether a link is about something that a person can stop: links are made for nothing else. */
export function mayStop({ purpose }: Pick<LinkPayload, 'purpose'>): boolean {
  return purpose === 'marketing' || RULES[purpose].stoppedByChoice;
}

/** What the page of a link offers, from the narrowest. More than the link's own is offered for marketing only. */
export function scopesOf({ purpose, channel }: Pick<LinkPayload, 'purpose' | 'channel'>): readonly Scope[] {
  if (purpose !== 'marketing' && RULES[purpose].stream !== 'marketing') return ['purpose'];
  if (channel !== 'all') return SCOPES;
  return purpose === 'marketing' ? ['purpose'] : ['purpose', 'marketing'];
}

/** A scope in the words of the log. `channel` is all that can be objected to on it: a contract's messages are not. */
export function noesFor(
  { purpose, channel }: Pick<LinkPayload, 'purpose' | 'channel'>,
  scope: Scope,
  proof: Pick<ChoiceStatement, 'noticeVersion' | 'language' | 'method' | 'place'>,
): ChoiceStatement[] {
  const no = (what: ChoiceStatement['purpose'], on: ChoiceStatement['channel']): ChoiceStatement => ({
    ...{ purpose: what, channel: on, state: 'withdrawn' as const },
    ...proof,
  });
  switch (scope) {
    case 'purpose':
      return [no(purpose, channel)];
    case 'channel':
      return [no('marketing', channel), ...OBJECTIONABLE.map((what) => no(what, channel))];
    case 'marketing':
      return [no('marketing', 'all')];
  }
}

const OBJECTIONABLE = PURPOSES.filter(
  (purpose) => RULES[purpose].stream === 'service' && RULES[purpose].stoppedByChoice,
);
