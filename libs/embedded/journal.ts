import { closeSync, openSync, writeSync } from 'node:fs';
import { Refusal } from './refusal.js';
import { frame, framePut, type StoreRecord } from './record.js';

/** One write takes less than 2 GiB, and what is joined for it is a copy. */
const MOST_AT_ONCE = 64 * 1024 * 1024;

/** Records joined, no more of them than one write shall take. One that is larger by itself stays as it is. */
function* batches(records: readonly Buffer[]): Generator<Buffer> {
  let batch: Buffer[] = [];
  let size = 0;
  const joined = (): Buffer => (batch.length === 1 ? batch[0]! : Buffer.concat(batch, size));
  for (const record of records) {
    if (batch.length > 0 && size + record.length > MOST_AT_ONCE) {
      yield joined();
      batch = [];
      size = 0;
    }
    batch.push(record);
    size += record.length;
  }
  if (batch.length > 0) yield joined();
}

/** Writes all of it, in order. `write` may take less than it is given, and says how much it took. */
export function writeAll(
  records: readonly Buffer[],
  write: (bytes: Buffer, from: number, count: number) => number,
): void {
  for (const batch of batches(records)) {
    for (let at = 0; at < batch.length;) at += write(batch, at, Math.min(batch.length - at, MOST_AT_ONCE));
  }
}

/** A file that only grows. Records gather in memory until `settle`, which writes them all at once. */
export class Journal {
  private readonly file: number;
  private waiting: Buffer[] = [];
  private failure: Error | undefined;

  constructor(
    path: string,
    /** How much of it is written already. */
    public bytes: number,
  ) {
    this.file = openSync(path, 'a', 0o600);
  }

  get failed(): boolean {
    return this.failure !== undefined;
  }

  append(record: StoreRecord): void {
    this.waiting.push(frame(record));
  }

  /** As `append`, of a document that was put. */
  appendPut(namespace: string, bytes: Buffer, at: number): void {
    this.waiting.push(framePut(namespace, bytes, at));
  }

  /**
   * When it returns, what was appended is with the kernel: it survives this process. If it cannot be written, memory
   * knows more than the disk: from then on nothing is promised any more, not even a read.
   */
  settle(): void {
    if (this.failure) throw stopped(this.failure);
    if (this.waiting.length === 0) return;
    const records = this.waiting;
    this.waiting = [];
    try {
      writeAll(records, (bytes, from, count) => writeSync(this.file, bytes, from, count));
    } catch (error) {
      this.failure = error as Error;
      throw stopped(this.failure);
    }
    for (const { length } of records) this.bytes += length;
  }

  close(): void {
    closeSync(this.file);
  }
}

function stopped(cause: Error): Refusal {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  return new Refusal(
    full ? 14031 : 1,
    `the journal could not be written (${cause.message}): the store answers nothing until it is opened again`,
  );
}
