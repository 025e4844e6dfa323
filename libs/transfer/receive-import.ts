import { randomUUID } from 'node:crypto';
import { maskCardsDeep } from '#platform/masking';
import type { Clock } from '#platform/clock';
import type { Tenant } from '#tenants/tenant';
import { FileFault } from './file-fault.js';
import type { ImportStore } from './import.store.js';
import {
  BATCH_ROWS,
  importKey,
  IMPORT_KINDS,
  MOST_IMPORT_BYTES,
  MOST_WARNINGS,
  NO_ROWS,
  type Format,
  type Import,
  type ImportKind,
  type ImportWarning,
  type SpooledRow,
  type SuppressionDefaults,
} from './import.types.js';
import { newRecordFile, readRecords } from './read-records.js';

/** What is asked for beside the file itself. */
export interface ImportAsked {
  kind: ImportKind;
  dryRun: boolean;
  defaults: SuppressionDefaults;
  by: string;
  format: Format;
  charset: string | null;
}

/** How many chunks arrive between two signs of life. */
const SIGN_EVERY = 20;

/**
 * Takes a file as it arrives: records are read, card numbers masked, and put aside in packed chunks, a batch at a time. It
 * is all of the file or nothing: what cannot be read to its end, or is cut off, leaves no import. Throws a `FileFault`.
 */
export class ReceiveImport {
  constructor(
    private readonly imports: ImportStore,
    private readonly clock: Clock,
    private readonly onMasked: (cards: number) => void = () => undefined,
    /** The largest file in bytes, and the rows of a batch: smaller in tests. */
    private readonly sizes = { most: MOST_IMPORT_BYTES, batch: BATCH_ROWS },
  ) {}

  async receive(tenant: Tenant, asked: ImportAsked, body: AsyncIterable<Buffer>): Promise<Import> {
    const id = randomUUID();
    const { kind, dryRun, defaults, by, format, charset } = asked;
    let one = await this.imports.create({
      ...{ _id: importKey(tenant.id, id), tenant: tenant.id, import: id, kind, dryRun, by, format, defaults },
      ...{ status: 'receiving', encoding: null, separator: null, columns: {}, worker: null, why: null },
      ...{ rows: 0, chunks: 0, bytes: 0, next: 0, done: 0, counts: { ...NO_ROWS }, errors: 0, warnings: [] },
      ...{ createdAt: this.clock.now(), queuedAt: null, startedAt: null, endedAt: null },
    });
    try {
      const size = { bytes: 0 };
      const file = newRecordFile();
      let [rows, chunks]: [number, number] = [0, 0];
      let batch: SpooledRow[] = [];
      for await (const read of readRecords(
        this.counted(body, size),
        { kind, format, charset, tenant },
        file,
      )) {
        refuseOtherKind(file.head['kind'], kind);
        const { value, count } = maskCardsDeep(read);
        if (count > 0) this.onMasked(count);
        batch.push(value);
        rows += 1;
        if (batch.length < this.sizes.batch) continue;
        await this.imports.addChunk(one, chunks, batch);
        batch = [];
        chunks += 1;
        if (chunks % SIGN_EVERY === 0) {
          one = await this.moved(one, { rows, chunks, bytes: size.bytes });
        }
      }
      if (batch.length > 0) {
        await this.imports.addChunk(one, chunks, batch);
        chunks += 1;
      }
      if (rows === 0) throw empty(kind);
      const { columns, encoding, separator } = file;
      return await this.moved(one, {
        ...{ rows, chunks, bytes: size.bytes, columns, encoding, separator },
        ...{ warnings: warningsOf(file.warnings), status: 'waiting', queuedAt: this.clock.now() },
      });
    } catch (error) {
      await this.imports.dropChunks(one);
      await this.imports.drop(one);
      throw error;
    }
  }

  private async moved(one: Import, change: Partial<Import>): Promise<Import> {
    const after = await this.imports.advance(one, change);
    if (after !== null) return after;
    throw new FileFault(400, 'the import was given up while its file was arriving; send the file again');
  }

  private async *counted(body: AsyncIterable<Buffer>, size: { bytes: number }): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      size.bytes += chunk.length;
      if (size.bytes > this.sizes.most) {
        throw new FileFault(413, `the file is larger than ${this.sizes.most} bytes; import it in parts`);
      }
      yield chunk;
    }
  }
}

function empty(kind: ImportKind): FileFault {
  const detail = `expected at least one record of ${kind}, got none`;
  return new FileFault(422, detail, [{ pointer: '#', detail }]);
}

function refuseOtherKind(told: unknown, kind: ImportKind): void {
  if (told === undefined || told === kind) return;
  const detail = `expected ${kind}, as was asked for (one of ${IMPORT_KINDS.join(', ')}), got another`;
  throw new FileFault(422, detail, [{ pointer: '#/kind', detail }]);
}

function warningsOf(found: ReadonlyMap<string, number>): ImportWarning[] {
  return [...found].slice(0, MOST_WARNINGS).map(([detail, rows]) => ({ detail, rows }));
}
