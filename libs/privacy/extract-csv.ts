import { stringify } from 'csv-stringify/sync';
import type { PersonExtract } from './extract.types.js';

/** One fact of an extract as a row: which list, which of its entries, which member, what it says. */
interface Fact {
  part: string;
  number: number | '';
  field: string;
  value: string;
}

/**
 * The same extract as one table (RFC 4180), for a spreadsheet: `part, number, field, value`. Nested members have dotted
 * names; times are RFC 3339; what is not known has an empty value.
 */
export function extractCsv(extract: PersonExtract): string {
  const rows = Object.entries(extract).flatMap(([part, content]: [string, unknown]): Fact[] =>
    Array.isArray(content)
      ? content.flatMap((entry, index) => facts(part, index + 1, '', entry))
      : facts(part, '', '', content),
  );
  return stringify(rows, {
    header: true,
    columns: ['part', 'number', 'field', 'value'],
    record_delimiter: 'windows',
    // A spreadsheet would run what begins like a formula.
    escape_formulas: true,
    bom: true,
  });
}

function facts(part: string, number: Fact['number'], field: string, value: unknown): Fact[] {
  if (value instanceof Date) return [{ part, number, field, value: value.toISOString() }];
  if (value === null || value === undefined) return [{ part, number, field, value: '' }];
  if (typeof value !== 'object') {
    const said = typeof value === 'string' ? value : JSON.stringify(value);
    return [{ part, number, field, value: said }];
  }
  return Object.entries(value).flatMap(([name, inner]) =>
    facts(part, number, field === '' ? name : `${field}.${name}`, inner),
  );
}
