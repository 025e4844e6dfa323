import type { SuppressionDefaults, Import, ImportKind, Format } from './import.types.js';
import { ImportStore } from './import.store.js';
import { ReceiveImport } from './receive-import.js';
import { RunImports } from './run-imports.js';
import { TakeChoices } from './take-choices.js';
import { TakeCustomers } from './take-customers.js';
import { TakeSuppressions } from './take-suppressions.js';
import { CLINIC, type Ledger } from '#privacy/ledger.fixture';

/** What a file is imported with, where a test says nothing else. */
export interface FileSaid {
  kind?: ImportKind;
  format?: Format;
  dryRun?: boolean;
  charset?: string | null;
  defaults?: SuppressionDefaults;
}

/** The imports of one process on a ledger, wired by hand. */
export class Imports {
  readonly store;
  readonly receive;
  masked = 0;

  private constructor(
    readonly ledger: Ledger,
    batch: number,
  ) {
    this.store = new ImportStore(ledger.connection);
    const sizes = { most: 1_000_000, batch };
    this.receive = new ReceiveImport(this.store, ledger.clock, (cards) => (this.masked += cards), sizes);
  }

  static async open(ledger: Ledger, { batch = 500 }: { batch?: number } = {}): Promise<Imports> {
    const imports = new Imports(ledger, batch);
    await imports.store.createIndexes();
    // The ledger's own are before its faults already.
    const { collections } = ledger.connection;
    const own = ['imports', 'import_chunks', 'import_errors'].map((name) => [name, collections[name]]);
    ledger.faults.attach({ collections: Object.fromEntries(own) } as never);
    return imports;
  }

  /** A process that works on what waits. */
  worker({ isAlone = true }: { isAlone?: boolean } = {}): RunImports {
    const { customers, suppressions, withdraw, tenants, clock } = this.ledger;
    return new RunImports(
      this.store,
      new TakeCustomers(customers, suppressions, withdraw),
      new TakeChoices(customers, suppressions, withdraw),
      new TakeSuppressions(suppressions, withdraw),
      tenants,
      clock,
      { isAlone },
    );
  }

  async send(file: string | Buffer, said: FileSaid = {}): Promise<Import> {
    const { kind = 'customers', format = 'csv', dryRun = false, charset = null, defaults = {} } = said;
    return this.receive.receive(
      CLINIC,
      { kind, format, dryRun, charset, defaults, by: 'a test' },
      inPieces(Buffer.from(file)),
    );
  }

  /** Sends a file and puts it into the ledger; what became of it, with the faults of its rows. */
  async import(file: string | Buffer, said: FileSaid = {}) {
    const sent = await this.send(file, said);
    await this.worker().runOnce();
    const done = await this.store.find(sent.tenant, sent.import);
    if (done === null) throw new Error('the import is gone');
    const errors = await this.store.pageErrors(done, null, 100);
    return {
      ...done,
      faults: errors.map(({ row, column, pointer, detail }) => ({ row, column, pointer, detail })),
    };
  }
}

/** Bytes as they come over a wire: cut anywhere. */
export async function* inPieces(bytes: Buffer, size = 7): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
