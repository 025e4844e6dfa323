import { Command } from 'commander';
import type { HouseSettings } from '#platform/house-settings';
import { addDeadLetters } from './dead-letters.command.js';
import { addExport } from './export.command.js';
import { House } from './house.js';
import { addImport } from './import.command.js';
import { addKeys } from './keys.command.js';
import { addPerson } from './person.commands.js';
import { addRetention } from './retention.command.js';
import { addRestoreChoices } from './restore-choices.command.js';

/** All of `lagom`: what is done by hand. `houseAt` says where the house is, and the key. */
export function lagomProgram(houseAt: (url?: string) => HouseSettings): Command {
  const program = new Command('lagom')
    .description('What is done by hand, asked of a running house over its API (docs/cli.md).')
    .option('--tenant <id>', 'whose data; needed with the first key where the house has several tenants')
    .option('--url <url>', 'where the house is; else LAGOM_URL, else http://localhost:3000')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  const houseOf = (command: Command): House => {
    const { tenant, url } = command.optsWithGlobals<{ tenant?: string; url?: string }>();
    return new House(houseAt(url), tenant);
  };
  addImport(program, houseOf);
  addExport(program, houseOf);
  addPerson(program, houseOf);
  addDeadLetters(program, houseOf);
  addKeys(program, houseOf);
  addRetention(program, houseOf);
  addRestoreChoices(program);
  return program;
}
