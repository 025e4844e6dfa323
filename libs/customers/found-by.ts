import { choiceCodes } from '#purposes/choice-codes';
import type { Channel } from '#purposes/channel';
import type { Choice, ChoiceState } from '#purposes/choice';
import { foldCity, foldPostalCode, languageOf } from '#purposes/fold-place';
import type { Purpose } from '#purposes/purpose';
import type { Customer } from './customer.types.js';

/**
 * By what a customer is found beside their own fields: derived with each write of the customer, in the same write, so
 * that it never says anything else than the customer does. Not part of what is read: only queries look at it.
 */
export interface FoundBy {
  /** As `fold-place.ts` folds them. */
  language: string | null;
  postalCode: string | null;
  city: string | null;
  country: string | null;
  /** What stands of the person's own choices (`choiceCodes`). */
  choices: string[];
}

/** What stands for a purpose on a channel, folded from a log. */
export type StateOf = (log: readonly Choice[], purpose: Purpose, channel: Channel) => ChoiceState | 'none';

export function foundBy(customer: Customer, stateOf: StateOf): FoundBy {
  const { address, locale, choiceLog } = customer;
  return {
    language: locale === null ? null : languageOf(locale),
    postalCode: address ? foldPostalCode(address.postalCode) : null,
    city: address ? foldCity(address.city) : null,
    country: address ? address.country.toUpperCase() : null,
    choices:
      choiceLog.length === 0 ? [] : choiceCodes((purpose, channel) => stateOf(choiceLog, purpose, channel)),
  };
}
