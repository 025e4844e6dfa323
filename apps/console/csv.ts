import { stringify } from 'csv-stringify/sync';

/**
 * Rows as RFC 4180, with a header line; the columns are those that are named, in their order, then what rows have beside: pages
 * of a list that has them named can be put one under another, and an empty one has its header.
 */
export function toCsv(rows: readonly object[], named: readonly string[] = []): string {
  return stringify([...rows], {
    header: true,
    columns: [...new Set([...named, ...rows.flatMap((row) => Object.keys(row))])],
    record_delimiter: 'windows',
    // A spreadsheet would run what begins like a formula.
    escape_formulas: true,
    cast: { date: (value) => value.toISOString() },
  });
}
