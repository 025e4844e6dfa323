import { stringify } from 'csv-stringify/sync';
import type { Import, ImportError } from '#transfer/import.types';

/** An import in a list. */
export interface ListedImport {
  id: string;
  kind: Import['kind'];
  status: Import['status'];
  dryRun: boolean;
  by: string;
  format: Import['format'];
  /** Rows of the file; while it arrives, those that have. */
  rows: number;
  /** Rows that are done. */
  done: number;
  counts: Import['counts'];
  /** Faults of rows, of which the first are shown. */
  errorCount: number;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  /** Why it failed. */
  why?: string;
}

export interface WholeImport extends ListedImport {
  encoding?: string;
  separator?: string;
  columns: Import['columns'];
  warnings: Import['warnings'];
  errors: ErrorView[];
}

interface ErrorView {
  row: number;
  column: string;
  pointer: string;
  detail: string;
}

export function listedImport(one: Import): ListedImport {
  const { kind, status, dryRun, by, format, rows, done, counts, createdAt, startedAt, endedAt, why } = one;
  return {
    ...{ id: one.import, kind, status, dryRun, by, format, rows, done, counts, errorCount: one.errors },
    ...{ createdAt, startedAt, endedAt },
    ...(why === null ? {} : { why }),
  };
}

export function wholeImport(one: Import, errors: readonly ImportError[]): WholeImport {
  return {
    ...listedImport(one),
    ...(one.encoding === null ? {} : { encoding: one.encoding }),
    ...(one.separator === null ? {} : { separator: one.separator }),
    columns: one.columns,
    warnings: one.warnings,
    errors: errors.map(errorView),
  };
}

export const errorView = ({ row, column, pointer, detail }: ImportError): ErrorView => ({
  ...{ row, column, pointer, detail },
});

const COLUMNS = ['row', 'column', 'expected', 'got', 'pointer'];

/** Faults as lines of a CSV: what would be right, and what was there, each in a cell of its own. */
export function errorLines(errors: readonly ImportError[], header: boolean): string {
  const rows = errors.map(({ row, column, pointer, detail }) => {
    const [, expected, got] = /^expected (.*?)(?:, got (.*))?$/s.exec(detail) ?? [];
    return { row, column, expected: expected ?? detail, got: got ?? '', pointer };
  });
  return stringify(rows, { header, columns: COLUMNS, record_delimiter: 'windows', escape_formulas: true });
}
