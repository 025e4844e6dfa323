import { expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { extractCsv } from './extract-csv.js';
import type { PersonExtract } from './extract.types.js';

it('has every fact in a row of its own, and nothing that a spreadsheet would run', () => {
  const extract = {
    format: 'lagom-extract/1',
    person: { id: 'c-1', name: '=HYPERLINK("x")', email: null, attributes: { member: true } },
    bookings: [
      { service: 'Massage', startsAt: new Date('2026-03-02T10:00:00Z') },
      { service: 'Fotvård', price: { amount: '850', currency: 'SEK' } },
    ],
    purchases: [],
  } as unknown as PersonExtract;
  const rows: unknown = parse(extractCsv(extract), { bom: true });
  expect(rows).toEqual([
    ['part', 'number', 'field', 'value'],
    ['format', '', '', 'lagom-extract/1'],
    ['person', '', 'id', 'c-1'],
    ['person', '', 'name', '\'=HYPERLINK("x")'],
    ['person', '', 'email', ''],
    ['person', '', 'attributes.member', 'true'],
    ['bookings', '1', 'service', 'Massage'],
    ['bookings', '1', 'startsAt', '2026-03-02T10:00:00.000Z'],
    ['bookings', '2', 'service', 'Fotvård'],
    ['bookings', '2', 'price.amount', '850'],
    ['bookings', '2', 'price.currency', 'SEK'],
  ]);
});
