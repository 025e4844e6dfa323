import { Option, type Command } from 'commander';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CliFault, EXIT } from './cli-fault.js';
import type { House } from './house.js';
import { Progress } from './progress.js';
import { totalOf } from './total-of.js';

const KINDS = ['customers', 'choices', 'suppressions', 'messages'] as const;
const FORMATS = ['csv', 'jsonl'] as const;

/** `lagom export`: everything of one kind, written as it comes; a file is there whole or not at all. */
export function addExport(program: Command, houseOf: (command: Command) => House): void {
  program
    .command('export')
    .description('Exports customers, choices with their proof, suppressions (as hashes) or messages.')
    .argument('<kind>', KINDS.join(', '))
    .addOption(new Option('--format <format>', 'csv or JSON lines').choices(FORMATS).default('csv'))
    .option('-o, --output <file>', 'where to; else the standard output')
    .action(
      async (kind: string, { format, output }: { format: string; output?: string }, command: Command) => {
        if (!(KINDS as readonly string[]).includes(kind)) {
          throw new CliFault(`there are exports of ${KINDS.join(', ')}; not of "${kind}"`, EXIT.usage);
        }
        const answer = await houseOf(command).open('GET', `/v1/exports/${kind}?format=${format}`, {
          headers: { accept: '*/*' },
        });
        const progress = new Progress(`exporting ${kind}`, 'records', totalOf(answer));
        const partial = output === undefined ? null : `${output}.partial`;
        const target = partial === null ? process.stdout : createWriteStream(partial, { mode: 0o600 });
        try {
          // `end: false`: the standard output is nobody's to close.
          await pipeline(answer, counting(progress, format), target, { end: partial !== null });
        } catch {
          if (partial !== null) await rm(partial, { force: true });
          throw new CliFault('the export broke off before its end: what was written is not whole; ask again');
        } finally {
          progress.stop();
        }
        if (partial !== null && output !== undefined) await rename(partial, output);
      },
    );
}

const LINE_END = '\n'.charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);

/** Counts the records that go by: lines, but for those within a CSV's quotes and its header. */
function counting(progress: Progress, format: string): Transform {
  const isCsv = format === 'csv';
  let records = isCsv ? -1 : 0;
  let isQuoted = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      for (const byte of chunk) {
        if (byte === QUOTE && isCsv) isQuoted = !isQuoted;
        else if (byte === LINE_END && !isQuoted) records += 1;
      }
      progress.update(Math.max(0, records));
      next(null, chunk);
    },
  });
}
