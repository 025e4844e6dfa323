import { gunzip, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import mongoose from 'mongoose';
import { casMany, nonce } from '#platform/mongo';
import { insertMissing } from '#platform/versioned';
import {
  importKey,
  type Import,
  type ImportError,
  type ImportStatus,
  type SpooledRow,
} from './import.types.js';

const schema = new mongoose.Schema(
  {
    _id: String,
    tenant: String,
    import: String,
    rev: String,
    status: String,
    createdAt: Date,
    endedAt: Date,
  },
  { collection: 'imports', versionKey: false, autoIndex: false, strict: false, _id: false },
);
schema.index({ tenant: 1, createdAt: -1, _id: -1 });
schema.index({ status: 1, queuedAt: 1 });
schema.index({ endedAt: 1 });

/** Rows of a file that are not in the ledger yet, packed: a million of them take some twenty megabytes. */
interface Chunk {
  _id: string;
  tenant: string;
  import: string;
  seq: number;
  body: Buffer;
}

const packed = promisify<Buffer, Buffer>(gzip);
const unpacked = promisify<Buffer, Buffer>(gunzip);

/** Where a page of a list ends: newest first by `createdAt`, then `_id`. */
export interface ImportCursor {
  createdAt: Date;
  id: string;
}

const OPEN: readonly ImportStatus[] = ['receiving', 'waiting', 'running'];

/**
 * Imports, the rows that wait (in chunks, gone once the import has ended) and the faults of rows. A chunk is read by its
 * number, so any process takes an import up where another left it.
 */
export class ImportStore {
  private readonly imports;
  private readonly chunks: mongoose.Collection;
  private readonly errors: mongoose.Collection;

  constructor(connection: mongoose.Connection) {
    this.imports = connection.model<Import>('Import', schema as unknown as mongoose.Schema<Import>);
    this.chunks = connection.collection('import_chunks');
    this.errors = connection.collection('import_errors');
  }

  async createIndexes(): Promise<void> {
    await this.imports.createIndexes();
    await this.chunks.createIndexes([{ key: { tenant: 1, import: 1 } }]);
    await this.errors.createIndexes([{ key: { tenant: 1, import: 1 } }]);
  }

  async create(fresh: Omit<Import, 'rev'>): Promise<Import> {
    const kept = { ...fresh, rev: nonce() };
    await this.imports.collection.insertOne(kept as never);
    return kept;
  }

  async find(tenant: string, id: string): Promise<Import | null> {
    return this.imports.findOne({ _id: importKey(tenant, id), tenant }).lean<Import>();
  }

  /** One page, newest first. */
  async list(tenant: string, page: { after: ImportCursor | null; limit: number }): Promise<Import[]> {
    const { after, limit } = page;
    const older =
      after === null
        ? {}
        : {
            $or: [
              { createdAt: { $lt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $lt: after.id } },
            ],
          };
    return this.imports
      .find({ tenant, ...older })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .lean<Import[]>();
  }

  /** Of every tenant: those that have not ended, in the order in which their files had arrived. */
  async findOpen(limit: number): Promise<Import[]> {
    return this.imports
      .find({ status: { $in: OPEN } })
      .sort({ queuedAt: 1, _id: 1 })
      .limit(limit)
      .lean<Import[]>();
  }

  /** Moves an import on, if nobody has since it was read; it as it now stands, or null. */
  async advance(before: Import, change: Partial<Import>): Promise<Import | null> {
    const rev = nonce();
    const won = await casMany(this.imports.collection, [
      {
        nonce: rev,
        filter: { _id: before._id, tenant: before.tenant, rev: before.rev },
        update: { $set: change },
      },
    ]);
    return won.size === 0 ? null : { ...before, ...change, rev };
  }

  async drop(one: Import): Promise<void> {
    await this.imports.deleteOne({ _id: one._id, tenant: one.tenant });
  }

  async addChunk(of: Import, seq: number, rows: readonly SpooledRow[]): Promise<void> {
    const { tenant, import: id } = of;
    const body = await packed(Buffer.from(JSON.stringify(rows)));
    await this.chunks.insertOne({ _id: chunkKey(of, seq), tenant, import: id, seq, body } as never);
  }

  async readChunk(of: Import, seq: number): Promise<SpooledRow[]> {
    const chunk = (await this.chunks.findOne(
      { _id: chunkKey(of, seq) as never, tenant: of.tenant },
      { promoteBuffers: true },
    )) as Chunk | null;
    if (chunk === null) throw new Error('a chunk of an import is gone before its rows were taken');
    return JSON.parse((await unpacked(chunk.body)).toString('utf8')) as SpooledRow[];
  }

  /** Takes away what the file said: nothing of it is needed any more. */
  async dropChunks({ tenant, import: id }: Pick<Import, 'tenant' | 'import'>): Promise<void> {
    await this.chunks.deleteMany({ tenant, import: id });
  }

  /** Chunks of imports that have ended, which a crash left; how many imports they were of. */
  async dropLeftChunks(): Promise<number> {
    const ids = (await this.chunks.distinct('import')) as string[];
    if (ids.length === 0) return 0;
    const open = await this.imports
      .find({ status: { $in: OPEN } }, { import: 1 })
      .lean<Pick<Import, 'import'>[]>();
    const kept = new Set(open.map((one) => one.import));
    const left = ids.filter((id) => !kept.has(id));
    if (left.length > 0) await this.chunks.deleteMany({ import: { $in: left } });
    return left.length;
  }

  /** Faults of rows; told again they stand once. */
  async addErrors(errors: readonly ImportError[]): Promise<void> {
    await insertMissing(this.errors, errors);
  }

  /** One page, in the order of the rows. */
  async pageErrors(of: Import, after: string | null, limit: number): Promise<ImportError[]> {
    const begin = `${of._id}/`;
    return this.errors
      .find({ _id: { $gt: after ?? begin, $lt: `${of._id}0` } as never, tenant: of.tenant })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray() as unknown as Promise<ImportError[]>;
  }

  /** Forgets imports that ended before `at`, with their errors; how many. */
  async deleteEndedBefore(at: Date, limit = 100): Promise<number> {
    const old = await this.imports
      .find({ endedAt: { $lt: at } })
      .limit(limit)
      .lean<Import[]>();
    for (const { _id, tenant, import: id } of old) {
      await this.errors.deleteMany({ tenant, import: id });
      await this.imports.deleteOne({ _id, tenant });
    }
    return old.length;
  }
}

const chunkKey = ({ _id }: Import, seq: number): string => `${_id}/${String(seq).padStart(7, '0')}`;

/** `_id` of a fault: in the order of the rows, and the same however often the row is looked at. */
export const errorKey = ({ _id }: Import, row: number, at: number): string =>
  `${_id}/${String(row).padStart(9, '0')}/${at}`;
