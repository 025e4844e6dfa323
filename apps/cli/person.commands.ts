import { Option, type Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { CliFault, EXIT } from './cli-fault.js';
import type { House } from './house.js';
import { note, say } from './print.js';

interface Erasure {
  erased: string[];
  kept: { what: string; ground: string; until: string | null; howLong: string }[];
}

/** What is asked for about one person: `lagom extract` and `lagom erase`. */
export function addPerson(program: Command, houseOf: (command: Command) => House): void {
  program
    .command('extract')
    .description(
      'Everything that is stored about a person (GDPR 15 and 20). It is written down that it was taken.',
    )
    .argument('<customer>', 'the customer’s id')
    .addOption(new Option('--format <format>', 'json or csv').choices(['json', 'csv']).default('json'))
    .option('-o, --output <file>', 'where to; else the standard output')
    .action(
      async (customer: string, { format, output }: { format: string; output?: string }, command: Command) => {
        const answer = await houseOf(command).open('POST', `${pathOf(customer)}/export`, {
          headers: { accept: format === 'csv' ? 'text/csv' : 'application/json' },
        });
        const body = await text(answer);
        const told = format === 'csv' ? body : `${JSON.stringify(JSON.parse(body), null, 2)}\n`;
        if (output === undefined) process.stdout.write(told);
        else await writeFile(output, told, { mode: 0o600 });
      },
    );

  program
    .command('erase')
    .description(
      'Erases a person (GDPR 17): what a named duty needs is kept, and said. It cannot be taken back.',
    )
    .argument('<customer>', 'the customer’s id')
    .option('--dry-run', 'say what is there, and erase nothing')
    .option('--yes', 'do not ask again')
    .action(async (customer: string, asked: { dryRun?: true; yes?: true }, command: Command) => {
      const house = houseOf(command);
      // Also says that somebody is known by this id, before anybody is asked.
      const known = await house.ask<Known>('GET', pathOf(customer));
      if (asked.dryRun === true) {
        for (const line of whatIsThere(known)) say(line);
        return;
      }
      if (asked.yes !== true) await confirmed(customer);
      const { erased, kept } = await house.ask<Erasure>('DELETE', pathOf(customer));
      say(`erased: ${erased.join(', ')}`);
      for (const { what, ground, until, howLong } of kept)
        say(`kept: ${what} (${ground}${until === null ? `, ${howLong}` : `, until ${until}`})`);
    });
}

interface Known {
  erasedAt: string | null;
  choiceLog: unknown[];
  bookings: unknown[];
  messages: unknown[];
}

function whatIsThere({ erasedAt, choiceLog, bookings, messages }: Known): string[] {
  if (erasedAt !== null) return [`erased already, ${erasedAt}`];
  const most = messages.length >= 100 ? ' or more' : '';
  return [
    'would be erased: what is known of the person,',
    `  ${bookings.length} bookings, ${choiceLog.length} entries of choices; ${messages.length}${most} messages lose what they say`,
    'lagom extract shows all of it',
  ];
}

async function confirmed(customer: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CliFault('erasing cannot be taken back: say --yes where nobody can be asked', EXIT.usage);
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question('This cannot be taken back. Write the id once more to go on: ');
  asking.close();
  if (answer.trim() === customer) return;
  note('that is another id');
  throw new CliFault('nothing was erased');
}

const pathOf = (customer: string): string => `/v1/customers/${encodeURIComponent(customer)}`;
