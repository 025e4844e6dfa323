import type { HashRing } from '#consent/hash-ring';
import type { JournalledSuppression, SuppressionStore } from '#consent/suppression.store';
import { choiceEventId } from '#customers/customer-out';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { ReadSoFar } from '#messaging/topic-reader';
import {
  newestSeq,
  personHashes,
  readRecord,
  type AddressRecord,
  type JournalReader,
  type PersonRecord,
} from './choice-journal.js';
import type { Erase } from './erase.js';
import type { JournalStore } from './journal.store.js';
import type { Withdraw } from './withdraw.js';

/** How many records about people are held while it is looked who they are: each look reads every customer's id. */
const PEOPLE_AT_ONCE = 100_000;
const PAGE = 5_000;

/** What a replay did. */
export interface Restored {
  /** Records of the journal that were read. */
  read: number;
  /** Noes, suppressions and erasures that the ledger did not have. */
  restored: number;
  /** About people whom this ledger does not know (any more): what concerns their addresses is restored all the same. */
  nobody: number;
}

/**
 * `lagom restore-choices` (PROTOCOL F3): replays the journal of choices into a ledger that was restored from a backup.
 * Tightening only: noes, suppressions and erasures that the ledger lacks are put back, a given is never; who opted in
 * since the backup has to do so again. Broken off, it goes on where it was; run again, it changes nothing. The gates
 * open when all that the journal had at the start is in the ledger.
 */
export class RestoreChoices {
  constructor(
    private readonly store: JournalStore,
    private readonly suppressions: SuppressionStore,
    private readonly customers: CustomerStore,
    private readonly withdraw: Withdraw,
    private readonly erase: Erase,
    private readonly ring: HashRing,
    private readonly reader: JournalReader | null,
  ) {}

  /** null: topics in memory, where the ledger is the journal and nothing needs to be replayed. */
  async run(
    tell: (counts: Readonly<Restored>, soFar: ReadSoFar) => void = () => undefined,
  ): Promise<Restored | null> {
    if (this.reader === null) return null;
    // What a process that has not looked yet might send meanwhile, it must not.
    await this.suppressions.closeGates();
    const counts: Restored = { read: 0, restored: 0, nobody: 0 };
    let newest = await newestSeq(this.reader);
    let people: PersonRecord[] = [];
    let heldUntil: Record<string, string> = {};
    await this.reader.read(await this.store.replayed(), async (values, next, soFar) => {
      const records = values.map(readRecord).filter((record) => record !== null);
      counts.read += records.length;
      for (const { seq } of records) newest = Math.max(newest, seq);
      counts.restored += await this.suppressions.restore(
        records.filter((record) => record.subject === 'address').map(suppressionOf),
      );
      people.push(...records.filter((record) => record.subject === 'person'));
      heldUntil = next;
      if (people.length >= PEOPLE_AT_ONCE) {
        await this.restorePeople(people, counts);
        people = [];
        await this.store.noteReplayed(next);
      }
      tell(counts, soFar);
    });
    await this.restorePeople(people, counts);
    await this.store.noteReplayed(heldUntil);
    await this.store.finishReplay(newest);
    await this.suppressions.openGates();
    return counts;
  }

  /** Nobody's id can be read from a hash: everybody's is hashed, and looked up. */
  private async restorePeople(records: readonly PersonRecord[], counts: Restored): Promise<void> {
    const said = new Map<string, PersonRecord[]>();
    for (const record of records) {
      if (record.what === 'choice' && record.state === 'given') continue;
      const name = nameOf(record.tenant, record);
      said.set(name, [...(said.get(name) ?? []), record]);
    }
    for (let after: string | null = null; said.size > 0;) {
      const page: Pick<Customer, '_id' | 'tenant' | 'customer'>[] = await this.customers.pageIds(after, PAGE);
      for (const { tenant, customer } of page) {
        for (const hashed of personHashes(this.ring, tenant, customer)) {
          const name = nameOf(tenant, hashed);
          for (const record of said.get(name) ?? []) counts.restored += await this.restore(customer, record);
          said.delete(name);
        }
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last._id;
    }
    for (const left of said.values()) counts.nobody += left.length;
  }

  private async restore(id: string, record: PersonRecord): Promise<number> {
    const { tenant } = record;
    const known = await this.customers.find(tenant, id);
    const at = new Date(record.at);
    if (known === null || known.erasedAt !== null) return 0;
    if (record.what === 'erased') {
      // Who came back after the erasure is somebody new; what was said before it was gone by then.
      const isAfter = known.createdAt > at || (known.erasedBefore !== null && known.erasedBefore >= at);
      if (isAfter) return 0;
      await this.erase.erase(tenant, id, 'staff', at);
      return 1;
    }
    if (known.erasedBefore !== null && known.erasedBefore >= at) return 0;
    const restoredId = `journal:${record.id}#0`;
    const isKnown = known.choiceLog.some(
      (choice) => choice.id === restoredId || choiceEventId(tenant, id, choice.id) === record.id,
    );
    if (isKnown) return 0;
    const { purpose, channel, state } = record;
    await this.withdraw.hearChoices(
      tenant,
      id,
      [
        {
          ...{ purpose, channel, state, noticeVersion: 'none', language: 'und' },
          ...{ method: 'restored', place: 'journal of choices' },
        },
      ],
      { id: `journal:${record.id}`, at, recordedAt: new Date(record.recordedAt), via: 'import' },
    );
    return 1;
  }
}

function suppressionOf({ record }: AddressRecord): JournalledSuppression {
  return { ...record, at: new Date(record.at), recordedAt: new Date(record.recordedAt) };
}

function nameOf(tenant: string, { keyId, hash }: { keyId: string; hash: string }): string {
  return JSON.stringify([tenant, keyId, hash]);
}
