import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHANNELS, type Channel } from './channel.js';
import { CHOICE_STATES, type ChoiceState } from './choice.js';
import { CHOOSABLE, choiceCodes, codesNaming } from './choice-codes.js';
import type { Purpose } from './purpose.js';

type State = ChoiceState | 'none';
const states = fc.constantFrom<State>('none', ...CHOICE_STATES);

it('says in few words what a person usually says', () => {
  expect(choiceCodes(() => 'none')).toEqual([]);
  const yes = choiceCodes((purpose, channel) =>
    channel === 'email' && !['survey', 'measurement', 'enquiry-follow-up', 'offer-call'].includes(purpose)
      ? 'given'
      : 'none',
  );
  expect(yes).toEqual(['marketing/email/given']);
});

it('finds exactly those for whom a state stands, whatever was said', () => {
  fc.assert(
    fc.property(
      // What is said of all, then what is said of one by name: so that words are shared and broken up.
      states,
      fc.array(fc.tuple(fc.constantFrom(...CHOOSABLE), fc.constantFrom(...CHANNELS), states), {
        maxLength: 12,
      }),
      (all, some) => {
        const said = new Map(some.map(([purpose, channel, state]) => [`${purpose} ${channel}`, state]));
        const stateOf = (purpose: Purpose, channel: Channel): State =>
          said.get(`${purpose} ${channel}`) ?? all;
        const codes = choiceCodes(stateOf);
        expect(new Set(codes).size).toBe(codes.length);
        for (const purpose of CHOOSABLE)
          for (const channel of CHANNELS) {
            const found = CHOICE_STATES.filter((state) =>
              codesNaming(purpose, channel, state).some((code) => codes.includes(code)),
            );
            const state = stateOf(purpose, channel);
            expect(found).toEqual(state === 'none' ? [] : [state]);
          }
      },
    ),
    { numRuns: 60 },
  );
});
