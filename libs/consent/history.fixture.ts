import fc from 'fast-check';
import type { Channel } from '#purposes/channel';
import type { Choice, ChoiceState, ChoiceVia } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import { choice, optOut } from './choices.fixture.js';
import type { OptOut } from './suppression.js';

/** The n-th hour of a day in which everything is said. */
export const hour = (n: number): Date => new Date(Date.UTC(2026, 8, 1, n));

// A few purposes and channels, so that what is said often meets what is asked.
export const purpose = fc.constantFrom<Purpose>(
  'newsletter',
  'offers',
  'abandoned-booking',
  'survey',
  'measurement',
);
export const channel = fc.constantFrom<Channel>('email', 'sms');
const saidOf = fc.oneof(purpose, fc.constant('marketing' as const));
const saidOn = fc.oneof(channel, fc.constant('all' as const));
export const via = fc.constantFrom<ChoiceVia>(
  'event',
  'page',
  'double-opt-in',
  'staff',
  'inbound',
  'import',
  'merge',
);

/** Histories: the n-th entry is heard in hour n, whenever it was said. */
export const history = fc
  .array(
    fc.record({
      by: fc.constantFrom('anna', 'anna', 'anna', 'bo'),
      ...{ purpose: saidOf, channel: saidOn, via },
      state: fc.constantFrom<ChoiceState>('given', 'given', 'withdrawn', 'objected'),
      saidAt: fc.nat(12),
      version: fc.option(fc.nat(4), { nil: undefined }),
      lifts: fc.option(fc.boolean(), { nil: undefined }),
    }),
    { maxLength: 7 },
  )
  .map((all) => all.map((said, n) => ({ ...said, at: hour(said.saidAt), recordedAt: hour(n) })));
export type Said = (typeof history extends fc.Arbitrary<infer All> ? All : never)[number];

export const choicesOf = (all: readonly Said[]): Choice[] =>
  all.flatMap(({ by, saidAt, ...said }) => (by === 'anna' ? [choice(said)] : []));
export const optOutsOf = (all: readonly Said[]): OptOut[] =>
  all.flatMap(({ by, saidAt, lifts, state, ...said }) =>
    by !== 'anna' && state !== 'given' ? [optOut({ ...said, by, state })] : [],
  );
