import { maySend, type Ask, type Facts } from '#consent/may-send';
import type { Choice } from '#purposes/choice';
import type { Policy } from '#purposes/policy';
import { median, times } from './measure.js';

const NOW = new Date('2026-05-04T10:00:00Z');
const BEFORE = new Date('2026-03-01T10:00:00Z');

const policy: Policy = {
  quietHours: { from: '21:00', to: '08:00' },
  serviceHours: { from: '08:00', to: '20:00' },
  caps: { marketing: { max: 5, withinMs: 7 * 86_400_000 } },
  softOptIn: true,
  legitimateInterest: {},
  showServiceNames: false,
  unknownAge: 'adult',
  timeZone: 'Europe/Stockholm',
  maxEventAgeMs: 72 * 3_600_000,
  retentionMonths: 36,
  minors: { deleteAfterMs: 30 * 86_400_000 },
};

const choice = (purpose: Choice['purpose'], index: number): Choice =>
  ({
    purpose,
    channel: 'email',
    state: 'given',
    at: BEFORE,
    source: 'event',
    event: `e${index}`,
    noticeVersion: '2026-01',
    language: 'sv',
    method: 'checkbox',
    place: '/booking/step-3',
    evidence: null,
  }) as unknown as Choice;

/** Somebody with a history: twenty choices, eight messages, and nothing that forbids the newsletter. */
const facts: Facts = {
  customer: {
    id: 'anna',
    erasedAt: null,
    restrictedAt: null,
    birthDate: '1980-02-03',
    guardianConsentAt: null,
    timeZone: 'Europe/Stockholm',
    choices: Array.from({ length: 20 }, (_, index) => choice(index % 2 ? 'newsletter' : 'offers', index)),
    softOptIns: [{ channel: 'email', address: 'anna@example.se', at: BEFORE }],
    sends: Array.from({ length: 8 }, (_, index) => ({ id: `r${index}`, at: BEFORE, group: null })),
  },
  address: 'anna@example.se',
  suppressions: [],
  hasSender: true,
  otherChannelUsable: true,
  duplicateOf: null,
  tooLate: null,
  contentProblem: null,
  allowed: true,
  paused: null,
};

/** Microseconds of one decision on a newsletter, from the question to the permit with its trace. */
export async function gateMicroseconds(runs: number, decisions: number): Promise<number> {
  const ask: Ask = {
    tenant: 'bench',
    customer: 'anna',
    message: 'row-1',
    ref: 'a1b2',
    purpose: 'newsletter',
    channel: 'email',
    startedMono: 0,
    expiresAt: new Date('2026-05-05T10:00:00Z'),
  };
  const run = async (): Promise<number> => {
    const began = performance.now();
    for (let turn = 0; turn < decisions; turn += 1) {
      const decision = maySend(ask, facts, policy, NOW);
      if (decision.kind !== 'permit') throw new Error('the gate did not permit what it measures');
    }
    return ((performance.now() - began) / decisions) * 1_000;
  };
  await run();
  return median(await times(runs, run));
}
