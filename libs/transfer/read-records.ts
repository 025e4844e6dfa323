import { parse } from 'csv-parse';
import { pipeline, Readable } from 'node:stream';
import { ColumnNames, fieldsOf, readHeader, rowOf, shown, type Header } from './columns.js';
import { decodeText, type Encoding } from './decode-text.js';
import { FileFault, isFileFault } from './file-fault.js';
import { MOST_RECORD_BYTES, type Format, type ImportKind, type SpooledRow } from './import.types.js';
import { splitJson, type JsonHead } from './split-json.js';
import type { Tenant } from '#tenants/tenant';

/** A file as it is read. `columns`, `encoding` and `separator` are there from the first record on. */
export interface RecordFile {
  columns: Record<string, string>;
  encoding: Encoding['name'] | null;
  separator: string | null;
  /** How many records each of these was left out of; what is true of the whole file has 0. */
  warnings: Map<string, number>;
  /** What a JSON file says around its list. */
  head: JsonHead;
}

export interface ReadOptions {
  kind: ImportKind;
  format: Format;
  /** As the content type told it, or null. */
  charset: string | null;
  tenant: Pick<Tenant, 'attributes'>;
}

/** The separators that are told apart. */
const SEPARATORS = [',', ';', '\t'] as const;

/**
 * The records of a file, one after another: what cannot be read of one is its own fault, what makes the whole file
 * unreadable throws a `FileFault`. Never holds more of it than a piece.
 */
export async function* readRecords(
  bytes: AsyncIterable<Buffer>,
  options: ReadOptions,
  file: RecordFile,
): AsyncGenerator<SpooledRow> {
  const names = new ColumnNames(options.kind, options.tenant);
  if (options.format === 'csv') {
    const text = decodeText(bytes, options.charset, ({ name, guessed }) => {
      file.encoding = name;
      if (name === 'windows-1252' && guessed) file.warnings.set('read as Windows-1252: it is no UTF-8', 0);
    });
    yield* readCsv(text, options.kind, names, file);
    return;
  }
  // JSON is UTF-8 (RFC 8259).
  const text = decodeText(bytes, options.charset ?? 'utf-8', () => undefined);
  const pieces = options.format === 'json' ? splitJson(text, (head) => (file.head = head)) : splitLines(text);
  yield* readJson(pieces, options, names, file);
}

export const newRecordFile = (): RecordFile => ({
  columns: {},
  encoding: null,
  separator: null,
  warnings: new Map(),
  head: {},
});

async function* readCsv(
  text: AsyncGenerator<string>,
  kind: ImportKind,
  names: ColumnNames,
  file: RecordFile,
): AsyncGenerator<SpooledRow> {
  const { separator, skip, all } = await sniff(text);
  file.separator = separator;
  const parser = parse({
    delimiter: separator,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    max_record_size: MOST_RECORD_BYTES,
  });
  // Whatever goes wrong in the source comes out of the parser's own iteration.
  pipeline(Readable.from(all()), parser, () => undefined);
  let header: Header | null = null;
  let row = skip;
  let index = -1;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      row += 1;
      if (cells.length === 1 && cells[0]?.trim() === '') continue;
      if (header === null) {
        header = readHeader(kind, cells, names);
        file.columns = header.names;
        for (const warning of header.warnings) file.warnings.set(warning, 0);
        continue;
      }
      index += 1;
      if (cells.length === header.width || cells.slice(header.width).every((cell) => cell.trim() === '')) {
        yield { row, index, data: rowOf(header, cells) };
      } else {
        const detail = `expected ${header.width} cells, as the first line has, got ${cells.length}`;
        yield { row, index, faults: [{ field: '', detail }] };
      }
    }
  } catch (error) {
    if (isFileFault(error)) throw error;
    throw csvFault(error);
  }
  if (header === null) readHeader(kind, [], names);
}

/** The separator of a file, told from its first line (or from Excel's own `sep=;`). */
async function sniff(
  text: AsyncGenerator<string>,
): Promise<{ separator: string; skip: number; all: () => AsyncGenerator<string> }> {
  let begin = '';
  let ended = false;
  while (!/[\r\n]/.test(begin) && begin.length < MOST_RECORD_BYTES) {
    const next = await text.next();
    if (next.done === true) {
      ended = true;
      break;
    }
    begin += next.value;
  }
  const told = /^sep=([,;\t])\r?\n?/i.exec(begin);
  const rest = told === null ? begin : begin.slice(told[0].length);
  const all = async function* (): AsyncGenerator<string> {
    if (rest !== '') yield rest;
    if (!ended) yield* text;
  };
  return { separator: told?.[1] ?? mostIn(rest), skip: told === null ? 0 : 1, all };
}

function mostIn(begin: string): string {
  const first = (/^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(begin)?.[0] ?? '').replaceAll(/"(?:[^"]|"")*"/g, '');
  const counts = SEPARATORS.map((separator) => first.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ',';
}

const CSV_FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'expected a quotation mark that closes a cell, got the end of the file',
  CSV_INVALID_CLOSING_QUOTE:
    'expected a separator after a closing quotation mark (inside a cell it is written twice)',
  INVALID_OPENING_QUOTE: 'expected a cell with a quotation mark in it to stand between quotation marks',
  CSV_MAX_RECORD_SIZE: `expected records of at most ${MOST_RECORD_BYTES} characters (is a quotation mark never closed?)`,
};

/** The parser's own message quotes the file: only its code and line are passed on. */
function csvFault(error: unknown): unknown {
  const { code, lines } = error as { code?: string; lines?: number };
  const detail = CSV_FAULTS[code ?? ''];
  if (detail === undefined) return error;
  return new FileFault(422, `${detail} (line ${lines ?? 1})`, [{ pointer: '#', detail }]);
}

async function* readJson(
  pieces: AsyncIterable<string>,
  { kind, format }: ReadOptions,
  names: ColumnNames,
  file: RecordFile,
): AsyncGenerator<SpooledRow> {
  const known = new Set<string>();
  let row = 0;
  let index = -1;
  for await (const piece of pieces) {
    row += 1;
    // An empty line says nothing.
    if (format === 'jsonl' && piece.trim() === '') continue;
    index += 1;
    const record = parseRecord(piece);
    if (record === null) {
      yield { row, index, faults: [{ field: '', detail: 'expected a JSON object, got another' }] };
      continue;
    }
    const data = fieldsOf(record, names, (name) => {
      const warning = `the member ${shown(name)} is not known here; kept out`;
      if (known.has(warning) || known.size < 100) {
        known.add(warning);
        file.warnings.set(warning, (file.warnings.get(warning) ?? 0) + 1);
      }
    });
    yield { row, index, data };
  }
  if (index < 0) {
    const detail = `expected at least one record of ${kind}, got none`;
    throw new FileFault(422, detail, [{ pointer: '#', detail }]);
  }
}

function parseRecord(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

async function* splitLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of text) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MOST_RECORD_BYTES) {
      const detail = `expected lines of at most ${MOST_RECORD_BYTES} characters`;
      throw new FileFault(422, detail, [{ pointer: '#', detail }]);
    }
    yield* lines;
  }
  if (rest !== '') yield rest;
}
