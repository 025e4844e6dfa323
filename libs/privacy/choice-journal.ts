import { createHash } from 'node:crypto';
import type { HashRing } from '#consent/hash-ring';
import type { JournalledSuppression, SuppressionStore } from '#consent/suppression.store';
import type { EventSink, OutRecord } from '#messaging/event-sink';
import type { ReadSoFar } from '#messaging/topic-reader';
import type { Outgoing, OutEntry } from '#messaging/outbox';
import type { ChoiceStatement } from '#purposes/choice';
import type { JournalStore } from './journal.store.js';

/** Compacted, kept for ever: what each person and address has said no to, hashed (PROTOCOL F3). */
export const CHOICES = 'choices';

/** What every record says. */
interface Numbered {
  v: 1;
  /** Rises through the journal: by it a ledger tells that it is older. */
  seq: number;
  /** Of what it tells: in a ledger that knows it, there is something of this id. */
  id: string;
  tenant: string;
}

/** A person, as a keyed hash of their id: an erased one stays in the journal. `given` only takes a no's place. */
export type PersonRecord = Numbered & {
  subject: 'person';
  keyId: string;
  hash: string;
  /** RFC 3339: when it was said, and heard. */
  at: string;
} & (
    | { what: 'erased' }
    | ({ what: 'choice'; recordedAt: string } & Pick<ChoiceStatement, 'purpose' | 'channel' | 'state'>)
  );

/** An address, as the suppressions name it. */
export type AddressRecord = Numbered & { subject: 'address'; record: JournalledSuppression };

export type JournalRecord = PersonRecord | AddressRecord;

/** How the journal is read: null where it is the ledger itself (topics in memory). */
export interface JournalReader {
  /** The last record of each partition. */
  newest(): Promise<Buffer[]>;
  /** All that is there now, in batches in the order of each partition, from the next offsets that are given. */
  read(
    from: Readonly<Record<string, string>>,
    take: (values: Buffer[], next: Record<string, string>, soFar: ReadSoFar) => Promise<void>,
  ): Promise<void>;
}

/** Writes the journal, and finds out at a start whether the ledger is older than it. */
export class ChoiceJournal {
  constructor(
    private readonly store: JournalStore,
    private readonly suppressions: SuppressionStore,
    private readonly ring: HashRing,
    private readonly sink: EventSink,
    private readonly reader: JournalReader | null,
  ) {}

  /**
   * Resolves once what these documents have for the journal is in it; false: nothing was written, as an older ledger's
   * words wait for the replay.
   */
  async append(page: readonly Outgoing[]): Promise<boolean> {
    if (this.reader === null) return true;
    const told = page.flatMap((from) =>
      from.out.flatMap((entry) => (entry.journal === undefined ? [] : this.tell(from, entry))),
    );
    if (told.length === 0) return true;
    if (await this.suppressions.areGatesClosed()) return false;
    const first = await this.store.claim(told.length);
    await this.sink.produce(
      CHOICES,
      told.map(({ key, record }, index): OutRecord => ({
        key,
        value: JSON.stringify({ ...record, seq: first + index }),
      })),
    );
    return true;
  }

  /**
   * At a start: closes every gate where the journal has a later record than this ledger has ever written. The newest is
   * read first: the mark is raised before a record goes out, so nothing of our own looks later.
   */
  async check(): Promise<'open' | 'closed'> {
    if (this.reader === null) return 'open';
    if ((await newestSeq(this.reader)) > (await this.store.mark())) await this.suppressions.closeGates();
    return (await this.suppressions.areGatesClosed()) ? 'closed' : 'open';
  }

  private tell(
    { tenant, customer, about }: Outgoing,
    { id, at, journal = {} }: OutEntry,
  ): { key: string; record: Omit<PersonRecord, 'seq'> | Omit<AddressRecord, 'seq'> }[] {
    const whose = { v: 1 as const, id, tenant: tenant ?? '' };
    if (customer === null) {
      const record = about as unknown as JournalledSuppression;
      const { keyId, hash, channel } = record;
      const what =
        record.kind === 'opt-out' ? record.purpose : `${record.kind}:${record.scope}:${record.cause}`;
      return [
        {
          key: keyOf([whose.tenant, 'address', keyId, hash, what, channel]),
          record: { ...whose, subject: 'address', record },
        },
      ];
    }
    const said = journal as Omit<PersonRecord, keyof Numbered | 'subject' | 'keyId' | 'hash' | 'at'>;
    const { purpose = 'erased', channel = 'all', state } = said as Partial<ChoiceStatement>;
    const everyName = personHashes(this.ring, whose.tenant, customer);
    // A given takes the place of a no that was written under an older key, too.
    const names = state === 'given' ? everyName : everyName.slice(0, 1);
    return names.map(({ keyId, hash }) => ({
      key: keyOf([whose.tenant, 'person', keyId, hash, purpose, channel]),
      record: {
        ...{ ...whose, subject: 'person', keyId, hash, at: at.toISOString() },
        ...said,
      },
    }));
  }
}

/** Under which names the journal may know a person; the current key's first. */
export function personHashes(
  ring: HashRing,
  tenant: string,
  customer: string,
): ReturnType<HashRing['every']> {
  return ring.every('person', customer, tenant);
}

/** The highest number that the journal has given; 0: none. */
export async function newestSeq(reader: JournalReader): Promise<number> {
  return Math.max(0, ...(await reader.newest()).map((value) => readRecord(value)?.seq ?? 0));
}

/** null: bytes that are no record of ours. */
export function readRecord(value: Buffer): JournalRecord | null {
  try {
    const read = JSON.parse(value.toString('utf8')) as JournalRecord | null;
    return read?.v === 1 && Number.isSafeInteger(read.seq) ? read : null;
  } catch {
    return null;
  }
}

function keyOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
