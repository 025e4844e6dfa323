import type { Command } from 'commander';
import { Option } from 'commander';
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { CliFault, EXIT } from './cli-fault.js';
import type { House } from './house.js';
import { note, say } from './print.js';
import { Progress } from './progress.js';

const KINDS = ['customers', 'choices', 'suppressions'] as const;
const FORMATS = ['csv', 'json', 'jsonl'] as const;
const TYPES = { csv: 'text/csv', json: 'application/json', jsonl: 'application/x-ndjson' } as const;
const ENDINGS: Readonly<Record<string, (typeof FORMATS)[number]>> = {
  ...{ '.csv': 'csv', '.tsv': 'csv', '.txt': 'csv' },
  ...{ '.json': 'json', '.jsonl': 'jsonl', '.ndjson': 'jsonl' },
};
const POLL_MS = 500;

interface Asked {
  dryRun?: true;
  format?: (typeof FORMATS)[number];
  charset?: string;
  cause?: string;
  scope?: string;
  channel?: string;
  errors?: string;
  json?: true;
}

/** As `GET /v1/imports/:id` answers. */
interface ImportView {
  id: string;
  status: string;
  dryRun: boolean;
  rows: number;
  done: number;
  counts: Record<string, number>;
  errorCount: number;
  errors: { row: number; column: string; pointer: string; detail: string }[];
  warnings: { detail: string; rows: number }[];
  why?: string;
}

/** `lagom import`: a file goes up as it is read, then its progress is watched. */
export function addImport(program: Command, houseOf: (command: Command) => House): void {
  program
    .command('import')
    .description(
      'Imports a file of customers, choices or suppressions (docs/imports.md). It tightens and never loosens; the same ' +
        'file again changes nothing. Broken off here, it goes on in the house.',
    )
    .argument('<kind>', KINDS.join(', '))
    .argument('<file>', 'CSV, JSON or JSON lines; - reads the standard input')
    .option('--dry-run', 'look at every row and write nothing')
    .addOption(
      new Option('--format <format>', 'what the file is, where its ending does not say').choices(FORMATS),
    )
    .option('--charset <charset>', 'of a CSV, where it is not to be found out: utf-8, windows-1252')
    .option('--cause <cause>', 'of suppressions: what rows say that say no cause')
    .option('--scope <scope>', 'of suppressions: all, service or marketing, where rows say none')
    .option('--channel <channel>', 'of suppressions: where rows say none')
    .option('--errors <file>', 'writes what is wrong with rows to this file, as CSV')
    .option('--json', 'print the import as JSON')
    .action(async (kind: string, file: string, asked: Asked, command: Command) => {
      if (!(KINDS as readonly string[]).includes(kind)) {
        throw new CliFault(`there are imports of ${KINDS.join(', ')}; not of "${kind}"`, EXIT.usage);
      }
      const done = await send(houseOf(command), kind, file, asked);
      if (asked.json === true) say(JSON.stringify(done, null, 2));
      else report(kind, done);
      if (done.status !== 'done')
        throw new CliFault(`the import is ${done.status}: ${done.why ?? 'no reason is known'}`);
      if (done.counts['refused'] !== 0) process.exitCode = EXIT.partly;
    });
}

async function send(house: House, kind: string, file: string, asked: Asked): Promise<ImportView> {
  const format = asked.format ?? ENDINGS[extname(file).toLowerCase()];
  if (format === undefined) {
    throw new CliFault(
      `what "${file}" is cannot be told from its ending: say --format ${FORMATS.join('|')}`,
      EXIT.usage,
    );
  }
  const query = new URLSearchParams({ kind, format, ...(asked.dryRun === true ? { dryRun: 'true' } : {}) });
  for (const name of ['cause', 'scope', 'channel'] as const) {
    const value = asked[name];
    if (value !== undefined) query.set(name, value);
  }
  const { stream, size } = await open(file);
  const uploading = new Progress('sending', 'bytes', size);
  const begun = await house
    .ask<ImportView>('POST', `/v1/imports?${query.toString()}`, {
      stream: stream.pipe(counting((bytes) => uploading.update(bytes))),
      headers: {
        'content-type': TYPES[format] + (asked.charset === undefined ? '' : `; charset=${asked.charset}`),
        ...(size === null ? {} : { 'content-length': String(size) }),
        // A small file has ended by then; a large one is watched.
        prefer: 'wait=1',
      },
    })
    .finally(() => uploading.stop());
  const done = await watch(house, begun);
  if (asked.errors !== undefined) {
    const answer = await house.open('GET', `/v1/imports/${done.id}/errors`, {
      headers: { accept: 'text/csv' },
    });
    await writeFile(asked.errors, await text(answer));
  }
  return done;
}

async function open(file: string): Promise<{ stream: Readable; size: number | null }> {
  if (file === '-') return { stream: process.stdin, size: null };
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true) throw new CliFault(`"${file}" is no file that can be read`, EXIT.usage);
  return { stream: createReadStream(file), size: found.size };
}

function counting(tell: (bytes: number) => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length;
      tell(bytes);
      next(null, chunk);
    },
  });
}

async function watch(house: House, begun: ImportView): Promise<ImportView> {
  const working = new Progress('importing', 'rows', begun.rows);
  try {
    let seen = begun;
    while (!['done', 'failed', 'cancelled'].includes(seen.status)) {
      working.update(seen.done, seen.rows);
      await pause(POLL_MS);
      seen = await house.ask<ImportView>('GET', `/v1/imports/${begun.id}`);
    }
    working.update(seen.done, seen.rows);
    return seen;
  } finally {
    working.stop();
  }
}

function report(kind: string, done: ImportView): void {
  say(
    `${done.dryRun ? 'dry run, nothing was written: ' : ''}${done.done} of ${done.rows} rows of ${kind} (import ${done.id})`,
  );
  for (const [outcome, count] of Object.entries(done.counts))
    if (count > 0) say(`  ${outcome.padEnd(10)}${count}`);
  for (const { detail, rows } of done.warnings) note(`  note: ${detail}${rows > 0 ? ` (${rows} rows)` : ''}`);
  for (const { row, column, detail } of done.errors)
    note(`  row ${row}${column === '' ? '' : `, ${column}`}: ${detail}`);
  const more = done.errorCount - done.errors.length;
  if (more > 0) note(`  and ${more} more: --errors FILE writes them all`);
}
