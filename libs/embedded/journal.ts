import { closeSync, openSync, writeSync } from 'node:fs';
import { Refusal } from './refusal.js';
import { frame, framePut, type StoreRecord } from './record.js';

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
    const batch = this.waiting.length === 1 ? this.waiting[0]! : Buffer.concat(this.waiting);
    this.waiting = [];
    try {
      for (let at = 0; at < batch.length;) at += writeSync(this.file, batch, at);
    } catch (error) {
      this.failure = error as Error;
      throw stopped(this.failure);
    }
    this.bytes += batch.length;
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
