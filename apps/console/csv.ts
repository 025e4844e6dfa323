import { stringify } from 'csv-stringify/sync';

/** Rows as RFC 4180, with a header line; the columns are those of the first row and whatever others add. */
export function toCsv(rows: readonly object[]): string {
  return stringify([...rows], {
    header: true,
    columns: [...new Set(rows.flatMap((row) => Object.keys(row)))],
    record_delimiter: 'windows',
    // A spreadsheet would run what begins like a formula.
    escape_formulas: true,
    cast: { date: (value) => value.toISOString() },
  });
}
