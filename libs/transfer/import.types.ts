import type { Suppression, SuppressionCause } from '#consent/suppression';
import type { Channel } from '#purposes/channel';
import type { Stream } from '#purposes/stream';

export const IMPORT_KINDS = ['customers', 'choices', 'suppressions'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

export const FORMATS = ['csv', 'json', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];

/**
 * `receiving` (its file arrives) → `waiting` → `running` → `done`; `cancelled` by whoever asks, `failed` where it cannot
 * go on. What the file says is refused before `waiting`, and then there is no import.
 */
export const IMPORT_STATUSES = ['receiving', 'waiting', 'running', 'done', 'failed', 'cancelled'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

/** What became of one row. `older`: what is known is newer, and was left alone. */
export const ROW_OUTCOMES = ['created', 'updated', 'unchanged', 'older', 'refused'] as const;
export type RowOutcome = (typeof ROW_OUTCOMES)[number];
export type RowCounts = Record<RowOutcome, number>;

export const NO_ROWS: RowCounts = { created: 0, updated: 0, unchanged: 0, older: 0, refused: 0 };

/** What rows of suppressions are taken to say where they say nothing. */
export interface SuppressionDefaults {
  cause?: SuppressionCause | undefined;
  scope?: 'all' | Stream | undefined;
  channel?: Suppression['channel'] | undefined;
}

/** One file on its way into the ledger. Holds nothing personal: what the file says lies in its chunks until it is done. */
export interface Import {
  _id: string;
  tenant: string;
  import: string;
  rev: string;
  kind: ImportKind;
  dryRun: boolean;
  status: ImportStatus;
  /** Who asked: a key's name. */
  by: string;
  format: Format;
  /** Of `csv` only: `utf-8` or `windows-1252`. */
  encoding: string | null;
  separator: string | null;
  defaults: SuppressionDefaults;
  /** What each column is called in the file, by the field that it fills: errors name it as its writer does. */
  columns: Record<string, string>;
  /** Rows that were received, in so many chunks, of so many bytes. */
  rows: number;
  chunks: number;
  bytes: number;
  /** The checkpoint: the first chunk that is not in the ledger yet; moved after the work, by compare-and-set. */
  next: number;
  /** Rows that are done, by what became of them. */
  done: number;
  counts: RowCounts;
  /** Faults of rows, of which `MOST_ERRORS` are kept. */
  errors: number;
  warnings: ImportWarning[];
  /** The process that works on it, by a nonce. */
  worker: string | null;
  createdAt: Date;
  queuedAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  /** Why it failed. */
  why: string | null;
}

/** Something that was left out without refusing a row, and of how many rows. */
export interface ImportWarning {
  detail: string;
  rows: number;
}

/** One thing that is wrong with a row. Says nothing personal. */
export interface RowFault {
  /** `email`, `address.city`; empty: the row as a whole. */
  field: string;
  /** `expected a date YYYY-MM-DD, got text of 8 characters` */
  detail: string;
}

/** A row as it waits in a chunk: its number (of a CSV the header is 1), and what it says or why that cannot be read. */
export type SpooledRow =
  | { row: number; index: number; data: Record<string, unknown> }
  | { row: number; index: number; faults: RowFault[] };

/** A row's fault as it is kept and shown. */
export interface ImportError {
  _id: string;
  tenant: string;
  import: string;
  row: number;
  /** As the file calls it. */
  column: string;
  /** `#/41/email`: the row's place among the records, and the field. */
  pointer: string;
  detail: string;
}

/** What a batch of rows came to. */
export interface Taken {
  row: SpooledRow;
  outcome: RowOutcome;
  faults?: RowFault[];
  warnings?: string[];
}

/** How many rows are put into the ledger in one go. */
export const BATCH_ROWS = 500;
/** The largest file, in bytes once it is uncompressed, and the longest record of it. */
export const MOST_IMPORT_BYTES = 1024 * 1024 * 1024;
export const MOST_RECORD_BYTES = 64 * 1024;
/** How many faults of rows are kept with their words; all are counted. */
export const MOST_ERRORS = 10_000;
/** How many different warnings are kept. */
export const MOST_WARNINGS = 100;

/** `_id` of an import. */
export const importKey = (tenant: string, id: string): string =>
  `${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`;

/** Whether nothing more becomes of it. */
export const isEnded = ({ status }: Pick<Import, 'status'>): boolean =>
  status === 'done' || status === 'failed' || status === 'cancelled';

/** The channels that a suppression may name. */
export type SuppressionChannel = Channel | 'all';
