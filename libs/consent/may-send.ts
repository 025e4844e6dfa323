import { hash, randomBytes } from 'node:crypto';
import type { Channel } from '#purposes/channel';
import type { Policy } from '#purposes/policy';
import type { Hold, Refusal } from '#purposes/reason';
import type { Trace, TraceStep } from '#purposes/trace';
import { CHECKS } from './checks.js';
import type { Ask, Facts } from './facts.js';
import { question } from './question.js';

export type { Ask, CustomerFacts, Facts } from './facts.js';

export type Decision =
  | { kind: 'permit'; permit: Permit; trace: Trace }
  | { kind: 'refuse'; reason: Refusal; trace: Trace }
  | { kind: 'hold'; reason: Hold; until: Date; trace: Trace };

/** A provider call begins within this of the reading of its facts (PROTOCOL, W). */
export const PERMIT_MS = 5_000;

/**
 * Proof that the gate said yes to this message, on this channel, to this address, just now. The class stays in this
 * file and its protected member makes any other object fail to compile; at run time only
 * the very objects that the gate made count.
 */
class Permit {
  // Protected, so that no other shape is taken for one; never there at run time.
  declare protected readonly fromGate: true;
  readonly tenant: string;
  readonly message: string;
  readonly ref: string;
  readonly channel: Channel;
  /** Keyed with a key of this process: means nothing elsewhere, and tells nobody the address. */
  readonly addressHash: string;
  readonly startedMono: number;

  constructor(ask: Ask, address: string) {
    this.tenant = ask.tenant;
    this.message = ask.message;
    this.ref = ask.ref;
    this.channel = ask.channel;
    this.addressHash = hashAddress(address);
    this.startedMono = ask.startedMono;
    Object.freeze(this);
  }
}
export type { Permit };

const PERMIT_KEY = randomBytes(32).toString('base64url');
/** The very objects that the gate handed out: neither copies nor the class reached through `constructor` count. */
const MADE = new WeakSet<Permit>();
const SPENT = new WeakSet<Permit>();

/**
 * The gate: may this message go to this person on this channel now? Pure. The checks are asked in the order of the
 * published reasons, refusals before holds, and the first that fails decides; the trace tells what each of them saw.
 */
export function maySend(ask: Ask, facts: Facts, policy: Policy, now: Date): Decision {
  const asked = question(ask, facts, policy, now);
  const trace: TraceStep[] = [];
  for (const { check, look } of CHECKS) {
    const { saw, stop } = look(asked);
    trace.push({ check, saw, passed: stop === undefined });
    if (stop?.until) return { kind: 'hold', reason: stop.reason, until: stop.until, trace };
    if (stop) return { kind: 'refuse', reason: stop.reason, trace };
  }
  // The check has-address has seen it; without one there is nothing to permit.
  if (!facts.address) throw new Error('the gate let a message without an address through');
  const permit = new Permit(ask, facts.address);
  MADE.add(permit);
  return { kind: 'permit', permit, trace };
}

/** What the gate would say, without a permit and without its trace. */
export type Verdict =
  { kind: 'permit' } | { kind: 'refuse'; reason: Refusal } | { kind: 'hold'; reason: Hold; until: Date };

/**
 * The same gate, asked about many at once, as the reach of a campaign does: the same checks on the same facts, but no
 * permit and no trace, which cost more than all the checks together.
 */
export function wouldSend(ask: Ask, facts: Facts, policy: Policy, now: Date): Verdict {
  const asked = question(ask, facts, policy, now, untold);
  for (const { look } of CHECKS) {
    const { stop } = look(asked);
    if (stop === undefined) continue;
    return stop.until
      ? { kind: 'hold', reason: stop.reason, until: stop.until }
      : { kind: 'refuse', reason: stop.reason };
  }
  return { kind: 'permit' };
}

/** In place of a date that nobody reads. */
const untold = (): string => '';

/** What a sender is about to do with a permit. */
export interface PermitUse {
  message: string;
  ref: string;
  channel: Channel;
  address: string;
  mono: number;
}

/**
 * The last statement before a provider is called. `late`: too long has passed since the facts were read, give the row
 * back. A permit that is forged, spent or meant for something else is a bug of ours and throws. Works once.
 */
export function usePermit(permit: Permit, use: PermitUse): 'ok' | 'late' {
  if (!MADE.has(permit)) throw new Error('a permit that the gate did not make');
  if (SPENT.has(permit)) throw new Error(`permit already used: ref ${permit.ref}`);
  const wrong = (['message', 'ref', 'channel'] as const).find((field) => permit[field] !== use[field]);
  if (wrong) throw new Error(`permit is for another ${wrong}: ref ${permit.ref}`);
  if (permit.addressHash !== hashAddress(use.address)) {
    throw new Error(`permit is for another address: ref ${permit.ref}`);
  }
  if (!isInTime(permit, use.mono)) return 'late';
  SPENT.add(permit);
  return 'ok';
}

/**
 * Whether a call that the provider refused as a whole, and surely did not carry out, may be made again in parts: the same
 * permits, for as long as their time runs. A permit that no call was made with is a bug and throws.
 */
export function usePermitAgain(permit: Permit, mono: number): 'ok' | 'late' {
  if (!SPENT.has(permit)) throw new Error(`no call was made yet: ref ${permit.ref}`);
  return isInTime(permit, mono) ? 'ok' : 'late';
}

function isInTime(permit: Permit, mono: number): boolean {
  const elapsed = mono - permit.startedMono;
  // Written so that NaN, and a start that lies ahead, are late too.
  return elapsed >= 0 && elapsed < PERMIT_MS;
}

/** In one step, which takes a third of an HMAC's time: it only has to be equal here and hide the address. */
function hashAddress(address: string): string {
  return hash('sha256', PERMIT_KEY + address, 'base64url');
}
