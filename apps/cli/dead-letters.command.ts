import { Option, type Command } from 'commander';
import { CliFault, EXIT } from './cli-fault.js';
import type { House } from './house.js';
import { note, say, table } from './print.js';

interface Letter {
  id: string;
  type?: string;
  reason: string;
  path?: string;
  at: string;
  status: string;
}

interface Redriven {
  redriven: string[];
  skipped: { id: string; why: string }[];
  more: boolean;
}

/** `lagom dead-letters`: what could not be handled, why, and the way back for it. */
export function addDeadLetters(program: Command, houseOf: (command: Command) => House): void {
  const letters = program
    .command('dead-letters')
    .description('Events that could not be handled: list them, look at one, drive them again.');

  letters
    .command('list')
    .description('Where they came from and why; the newest first.')
    .addOption(new Option('--status <status>').choices(['open', 'redriven']).default('open'))
    .option('--json', 'print them as JSON lines')
    .action(async ({ status, json }: { status: string; json?: true }, command: Command) => {
      const found: Letter[] = [];
      for await (const letter of houseOf(command).all<Letter>('/v1/dead-letters', { status })) {
        if (json === true) say(JSON.stringify(letter));
        else found.push(letter);
      }
      if (json === true) return;
      say(
        found.length === 0
          ? `none is ${status}`
          : table(rowsOf(found), ['id', 'at', 'type', 'reason', 'path']),
      );
    });

  letters
    .command('show')
    .description(
      'All of one: its headers and what it says, card numbers masked. Personal data; it is written down that it was read.',
    )
    .argument('<id>', 'topic/partition/offset, as the list says it')
    .action(async (id: string, _: unknown, command: Command) => {
      say(JSON.stringify(await houseOf(command).ask('GET', `/v1/dead-letters/${id}`), null, 2));
    });

  letters
    .command('redrive')
    .description(
      'Puts them back on their topic, once what made them wrong is mended. An event heard twice changes nothing.',
    )
    .argument('[ids...]', 'which')
    .option('--all', 'all that are open')
    .option('--dry-run', 'say which they would be')
    .action(async (ids: string[], asked: { all?: true; dryRun?: true }, command: Command) => {
      if (ids.length > 0 === (asked.all === true)) {
        throw new CliFault('say which by their ids, or --all', EXIT.usage);
      }
      const house = houseOf(command);
      if (asked.dryRun === true) {
        const open: Letter[] = [];
        for await (const letter of house.all<Letter>('/v1/dead-letters', { status: 'open' })) {
          if (asked.all === true || ids.includes(letter.id)) open.push(letter);
        }
        say(`${open.length} would be driven again`);
        if (open.length > 0) say(table(rowsOf(open), ['id', 'at', 'type', 'reason']));
        return;
      }
      for (;;) {
        const body = asked.all === true ? { all: true } : { ids };
        const { redriven, skipped, more } = await house.ask<Redriven>('POST', '/v1/dead-letters/redrive', {
          json: body,
        });
        say(`${redriven.length} driven again`);
        for (const { id, why } of skipped) note(`  ${id}: ${why}`);
        if (skipped.length > 0) process.exitCode = EXIT.partly;
        if (!more || redriven.length === 0) return;
      }
    });
}

const rowsOf = (letters: readonly Letter[]): Record<string, unknown>[] =>
  letters.map((letter) => ({ ...letter }));
