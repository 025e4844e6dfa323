import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Databases } from './databases.js';
import { lockFolder } from './folder-lock.js';
import { Journal } from './journal.js';
import { indexRecord, readRecords, replay, type StoreRecord } from './record.js';
import { capture, writeSnapshot } from './snapshot.js';
import type { Storage } from './storage.js';

/**
 * Generations. `journal-N` holds what happened after `snapshot-N` (after nothing, for 0) and before `snapshot-N+1`.
 * A new one begins so: the journal N settled and journal N+1 made, in one turn; then, while commands go on, snapshot
 * N+1 written beside its name and renamed; then all older files removed. Killed between any two of these, the newest
 * snapshot and the journals from its number on, in order, are everything that was ever acknowledged.
 */
const FILE = /^(snapshot|journal)-(\d+)$/;
const SMALLEST_LARGE_JOURNAL = 32 * 1024 * 1024;

const nameOf = (kind: 'snapshot' | 'journal', generation: number): string => `${kind}-${generation}`;

class FolderStorage implements Storage {
  private generation = 0;
  private journal!: Journal;
  private databases!: Databases;
  private loading = true;
  private rolling: Promise<void> | undefined;
  private readonly closing = new AbortController();
  /** A journal larger than this is worth a snapshot. */
  private large = SMALLEST_LARGE_JOURNAL;

  constructor(
    private readonly folder: string,
    private readonly unlock: () => void,
  ) {}

  readonly listener = {
    put: (ns: string, bytes: Buffer, at: number): void => {
      if (!this.loading) this.journal.appendPut(ns, bytes, at);
    },
    removed: (ns: string, id: unknown): void => this.note({ o: 'del', ns, id }),
    created: (ns: string): void => this.note({ o: 'create', ns }),
    dropped: (ns: string): void => this.note({ o: 'drop', ns }),
    indexed: (ns: string, index: Parameters<typeof indexRecord>[1]): void =>
      this.note(indexRecord(ns, index)),
    unindexed: (ns: string, name: string): void => this.note({ o: 'unindex', ns, name }),
  };

  private note(record: StoreRecord): void {
    if (!this.loading) this.journal.append(record);
  }

  load(databases: Databases): void {
    this.databases = databases;
    const files = this.generations();
    const newest = Math.max(0, ...files.snapshot);
    if (newest > 0) this.read(nameOf('snapshot', newest), false);
    const journals = files.journal.filter((generation) => generation >= newest);
    let bytes = 0;
    for (const [at, generation] of journals.entries()) {
      if (generation !== newest + at) throw this.damage(nameOf('journal', newest + at), 'is missing');
      bytes = this.read(nameOf('journal', generation), at === journals.length - 1);
    }
    if (newest > 0 && journals.length === 0) throw this.damage(nameOf('journal', newest), 'is missing');
    this.generation = journals.at(-1) ?? 0;
    for (const old of this.namesBefore(newest)) rmSync(this.path(old), { force: true });
    this.journal = new Journal(this.path(nameOf('journal', this.generation)), bytes);
    this.loading = false;
    if (bytes > 0 || journals.length > 1) void this.roll();
  }

  settle(): void {
    this.journal.settle();
    if (this.journal.bytes > this.large) void this.roll();
  }

  async close(): Promise<void> {
    try {
      if (this.loading) return; // it was never opened
      this.closing.abort();
      await this.rolling;
      try {
        if (!this.journal.failed) this.journal.settle();
        if (!this.journal.failed && this.journal.bytes > 0) await this.roll();
      } finally {
        this.journal.close();
      }
    } finally {
      this.unlock();
    }
  }

  /** Begins a generation. One that fails loses nothing: the journals stay, and the next try comes later. */
  private roll(): Promise<void> {
    return (this.rolling ??= this.nextGeneration()
      .catch(() => void (this.large *= 2))
      .finally(() => (this.rolling = undefined)));
  }

  private async nextGeneration(): Promise<void> {
    this.journal.settle();
    const generation = this.generation + 1;
    const next = new Journal(this.path(nameOf('journal', generation)), 0);
    this.journal.close();
    this.journal = next;
    this.generation = generation;
    const moments = capture(this.databases);
    const path = this.path(nameOf('snapshot', generation));
    const bytes = await writeSnapshot(path, moments, (ms) => this.rest(ms)).finally(() => {
      for (const moment of moments) moment.letGo();
    });
    this.large = Math.max(SMALLEST_LARGE_JOURNAL, bytes);
    await this.removeBefore(generation);
  }

  private rest(ms: number): Promise<unknown> {
    return setTimeout(ms, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }

  /** Reads one file into the databases. Only the last journal may have a torn tail, which is cut off. */
  private read(name: string, tornAllowed: boolean): number {
    const path = this.path(name);
    let last: string | undefined;
    const { at, how, size, cause } = readRecords(path, (record) => {
      last = record.o;
      replay(this.databases, record);
    });
    if (cause) throw this.damage(name, `cannot be read at byte ${at} of ${size} (${cause.message})`, cause);
    if (how === 'damaged' || (how === 'torn' && !tornAllowed)) {
      throw this.damage(name, `is damaged at byte ${at} of ${size}`);
    }
    if (name.startsWith('snapshot') && last !== 'end') throw this.damage(name, 'has no end');
    if (how === 'torn') truncateSync(path, at);
    return at;
  }

  private generations(): Record<'snapshot' | 'journal', number[]> {
    const found: Record<'snapshot' | 'journal', number[]> = { snapshot: [], journal: [] };
    for (const name of readdirSync(this.folder)) {
      if (name.endsWith('.tmp')) rmSync(this.path(name), { force: true });
      const [, kind, generation] = FILE.exec(name) ?? [];
      if (kind !== undefined) found[kind as 'snapshot' | 'journal'].push(Number(generation));
    }
    found.journal.sort((one, other) => one - other);
    return found;
  }

  /** Away from the thread: a large file's blocks take their time. */
  private async removeBefore(generation: number): Promise<void> {
    for (const old of this.namesBefore(generation)) await rm(this.path(old), { force: true });
  }

  private namesBefore(generation: number): string[] {
    const files = this.generations();
    return (['snapshot', 'journal'] as const).flatMap((kind) =>
      files[kind].filter((old) => old < generation).map((old) => nameOf(kind, old)),
    );
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  private damage(name: string, what: string, cause?: Error): Error {
    return new Error(
      `${this.path(name)} ${what}: restore the folder from a copy, or move it away to start empty`,
      { cause },
    );
  }
}

/** Keeps everything in a folder, which it locks. */
export function folderStorage(folder: string): Storage {
  return new FolderStorage(folder, lockFolder(folder));
}
