import { NestFactory } from '@nestjs/core';
import { Command } from 'commander';
import { BootRefusal } from '#platform/boot-refusal';
import { readOwnConfig } from '#platform/config';
import { createLog } from '#platform/telemetry';
import { RestoreChoices } from '#privacy/restore-choices';
import { PlatformModule } from '../platform.module.js';

const program = new Command('lagom').description(
  'What is done by hand. Settings come from the environment, as for every process of the house.',
);

program
  .command('restore-choices')
  .description(
    'Replays the journal of choices into a ledger that was restored from a backup, and opens its gate. ' +
      'Noes, suppressions and erasures are put back; a given never is. Broken off, it goes on where it was.',
  )
  .action(async () => {
    const config = readOwnConfig('cli');
    const log = createLog({ level: 'error', app: 'cli' });
    const module = PlatformModule.register({ app: 'cli', config, log });
    const house = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    try {
      const done = await house.get(RestoreChoices).run(({ read, restored }) => {
        process.stderr.write(`${read} read, ${restored} restored\n`);
      });
      process.stdout.write(
        done === null
          ? 'Topics are in memory here: the ledger is the journal, and nothing needs to be replayed.\n'
          : `${done.read} read, ${done.restored} restored, ${done.nobody} of people whom this ledger does not know.\n`,
      );
    } finally {
      await house.close();
    }
  });

try {
  await program.parseAsync();
} catch (error) {
  // What was thrown may quote an address: only a refusal's own words are shown.
  const said =
    error instanceof BootRefusal ? error.message : 'it failed; run it again, it goes on where it was';
  process.stderr.write(`lagom: ${said}\n`);
  process.exitCode = 1;
}
