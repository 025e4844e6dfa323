import type { Command } from 'commander';
import { createInterface } from 'node:readline';
import { CliFault, EXIT } from './cli-fault.js';
import type { House } from './house.js';
import { say, table } from './print.js';
import { Progress } from './progress.js';
import { totalOf } from './total-of.js';

interface Fate {
  customer: string;
  fate: 'delete' | 'keep';
  why: string;
  at: string | null;
}

/** `lagom retention --dry-run`: what would go, and why the rest stays. The house deletes by itself. */
export function addRetention(program: Command, houseOf: (command: Command) => House): void {
  program
    .command('retention')
    .description('What the house would delete now because its time is over, and why the rest stays.')
    .option('--dry-run', 'has to be said: the scheduler deletes by itself, and nobody by hand')
    .option('--list', 'name each person that would go, and since when')
    .option('--json', 'print everybody as JSON lines')
    .action(async (asked: { dryRun?: true; list?: true; json?: true }, command: Command) => {
      if (asked.dryRun !== true) {
        throw new CliFault(
          'the house deletes by itself: say --dry-run to see what would go, and why the rest stays',
          EXIT.usage,
        );
      }
      const answer = await houseOf(command).open('GET', '/v1/retention', {
        headers: { accept: 'application/x-ndjson' },
      });
      const progress = new Progress('looking', 'people', totalOf(answer));
      const counts = new Map<string, { fate: string; why: string; people: number }>();
      let seen = 0;
      try {
        for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
          const one = JSON.parse(line) as Fate;
          seen += 1;
          progress.update(seen);
          if (asked.json === true) say(line);
          else if (asked.list === true && one.fate === 'delete')
            say(`${one.customer}  ${one.why}  since ${one.at ?? ''}`);
          const key = `${one.fate}/${one.why}`;
          const count = counts.get(key) ?? { fate: one.fate, why: one.why, people: 0 };
          counts.set(key, { ...count, people: count.people + 1 });
        }
      } finally {
        progress.stop();
      }
      if (!answer.complete) throw new CliFault('the answer broke off before its end: ask again');
      if (asked.json === true) return;
      const rows = [...counts.values()].sort((a, b) => a.fate.localeCompare(b.fate) || b.people - a.people);
      say(rows.length === 0 ? 'nobody is known' : table(rows, ['fate', 'why', 'people']));
    });
}
