import { createHash, randomUUID } from 'node:crypto';
import type { LinkPayload } from '#consent/link-payload';
import type { ShortCodeStore } from '#consent/short-code.store';
import type { EventSink } from '#messaging/event-sink';
import type { Clock } from '#platform/clock';
import { maskPersonal } from '#platform/masking';
import type { ChoiceStatement } from '#purposes/choice';
import { mayStop, noesFor, scopesOf, type Scope } from './noes.js';
import type { Withdraw } from './withdraw.js';
import type { WithdrawByLink } from './withdraw-by-link.js';

/** Noes that were said while the ledger could not be reached (PROTOCOL B5). */
export const CHOICES_PENDING = 'choices.pending';

/** Who says no: by a link's token, by an SMS's code (which only the ledger can read), by staff for a customer. */
export type PendingFrom =
  | { kind: 'link'; link: LinkPayload }
  | { kind: 'code'; code: string; scope: Scope }
  | { kind: 'customer'; tenant: string; customer: string };

/** A record of the topic: ids, a keyed hash of the address, words of ours; nothing of a person in clear. */
interface Pending {
  v: 1;
  id: string;
  /** RFC 3339. */
  at: string;
  from: PendingFrom;
  /** Of a code: what the page adds to each no, since which it is is not known yet. */
  noes: ChoiceStatement[];
}

/** What was appended cannot be read: never tried again. */
export type Applied = 'applied' | 'unreadable';

/**
 * While the ledger is away a no goes to a topic that is safe on all replicas, and the person hears "received", never
 * "done"; ingest takes it through PROTOCOL B as soon as the ledger is back. Only noes: what gives or lifts has to be
 * weighed against facts.
 */
export class PendingChoices {
  constructor(
    private readonly sink: EventSink,
    /** False where topics live in memory: nothing there outlives the process, so nothing is received. */
    private readonly durable: boolean,
    private readonly clock: Clock,
  ) {}

  /** True once it is safe; false: there is nowhere to keep it. Throws where the brokers do not take it. */
  async append(from: PendingFrom, noes: readonly ChoiceStatement[]): Promise<boolean> {
    if (!this.durable || noes.some(({ state }) => state === 'given')) return false;
    const pending: Pending = {
      ...{ v: 1, id: randomUUID(), at: this.clock.now().toISOString() },
      ...{ from, noes: noes.map(withoutEvidence) },
    };
    await this.sink.produce(CHOICES_PENDING, [{ key: keyOf(from), value: JSON.stringify(pending) }]);
    return true;
  }
}

/** Takes what was appended through PROTOCOL B; the same record again changes nothing. */
export class TakePending {
  constructor(
    private readonly byLink: WithdrawByLink,
    private readonly withdraw: Withdraw,
    private readonly codes: ShortCodeStore,
    private readonly clock: Clock,
  ) {}

  async take(value: Buffer): Promise<Applied> {
    const pending = readPending(value);
    if (pending === null) return 'unreadable';
    const { id, from, noes } = pending;
    const at = new Date(pending.at);
    const act = `pending:${id}`;
    switch (from.kind) {
      case 'link':
        await this.byLink.hear(from.link, noes, act, at);
        return 'applied';
      case 'code': {
        const found = await this.codes.find('unsubscribe', from.code);
        const [proof] = noes;
        // A code that nobody was ever given says nothing about anybody.
        if (found === null || proof === undefined) return 'applied';
        const link = { ...found.payload, tenant: found.tenant };
        if (!mayStop(link)) return 'applied';
        const scope = scopesOf(link).find((one) => one === from.scope) ?? 'purpose';
        const { noticeVersion, language, method, place } = proof;
        const told = noesFor(link, scope, { noticeVersion, language, method, place });
        await this.byLink.hear(link, told, act, at);
        return 'applied';
      }
      case 'customer': {
        const how = { id: act, at, recordedAt: this.clock.now(), via: 'staff' as const };
        // What was told of them may still be on its way: it was received, so it holds.
        await this.withdraw.hearChoices(from.tenant, from.customer, noes, how, { beforeAll: true });
        return 'applied';
      }
    }
  }
}

function readPending(value: Buffer): Pending | null {
  try {
    const read = JSON.parse(value.toString('utf8')) as Pending | null;
    const isWhole =
      read?.v === 1 && Array.isArray(read.noes) && !Number.isNaN(Date.parse(read.at)) && read.from !== null;
    if (!isWhole) return null;
    if (read.from.kind === 'link' && read.from.link.expiresAt !== undefined) {
      return { ...read, from: { kind: 'link', link: { ...read.from.link, expiresAt: undefined } } };
    }
    return read;
  } catch {
    return null;
  }
}

/** One person's words in their order. */
function keyOf(from: PendingFrom): string {
  switch (from.kind) {
    case 'link':
      return `${from.link.tenant}/${from.link.customer}`;
    case 'code':
      return createHash('sha256').update(from.code).digest('base64url');
    case 'customer':
      return `${from.tenant}/${from.customer}`;
  }
}

/** What staff wrote as evidence may name a person; how and where a no was said are words of a form. */
function withoutEvidence({ evidence: _, ...said }: ChoiceStatement): ChoiceStatement {
  return { ...said, method: maskPersonal(said.method), place: maskPersonal(said.place) };
}
