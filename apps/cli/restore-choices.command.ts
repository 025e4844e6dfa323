import { NestFactory } from '@nestjs/core';
import type { Command } from 'commander';
import { readOwnConfig } from '#platform/config';
import { createLog } from '#platform/telemetry';
import { RestoreChoices } from '#privacy/restore-choices';
import { PlatformModule } from '../platform.module.js';
import { say } from './print.js';
import { Progress } from './progress.js';

/**
 * `lagom restore-choices`: the one command that works on the database itself (MONGODB_URI, KAFKA_BROKERS and the keys of
 * hashes, as the processes have them), since it is run while they wait for it.
 */
export function addRestoreChoices(program: Command): void {
  program
    .command('restore-choices')
    .description(
      'Replays the journal of choices into a ledger that was restored from a backup, and opens its gate. ' +
        'Noes, suppressions and erasures are put back; a given never is. Broken off, it goes on where it was. ' +
        'It needs MONGODB_URI, KAFKA_BROKERS, LAGOM_SECRET and LAGOM_HASH_KEY.',
    )
    .action(async () => {
      const config = readOwnConfig('cli');
      const log = createLog({ level: 'error', app: 'cli' });
      const module = PlatformModule.register({ app: 'cli', config, log });
      const house = await NestFactory.createApplicationContext(module, {
        logger: false,
        abortOnError: false,
      });
      const progress = new Progress('replaying the journal', 'places', null);
      try {
        const done = await house
          .get(RestoreChoices)
          .run((_, { done, total }) => progress.update(done, total));
        progress.stop();
        say(
          done === null
            ? 'Topics are in memory here: the ledger is the journal, and nothing needs to be replayed.'
            : `${done.read} read, ${done.restored} restored, ${done.nobody} of people whom this ledger does not know.`,
        );
      } finally {
        progress.stop();
        await house.close();
      }
    });
}
