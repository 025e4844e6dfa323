import { Option, type Command } from 'commander';
import type { House } from './house.js';
import { note, say, table } from './print.js';

const ROLES = ['ingest', 'marketer', 'approver', 'privacy', 'admin'] as const;

interface Key {
  id: string;
  role: string;
  name: string;
  hint: string;
  createdAt: string;
}

/** `lagom keys`: who may ask the API of a tenant. */
export function addKeys(program: Command, houseOf: (command: Command) => House): void {
  const keys = program.command('keys').description('The tenant’s API keys: list them, add one, revoke one.');

  keys
    .command('list')
    .description('Role, name and first letters; a key itself is shown once, when it is made.')
    .option('--json', 'print them as JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const { items } = await houseOf(command).ask<{ items: Key[] }>('GET', '/v1/keys');
      if (json === true) say(JSON.stringify(items, null, 2));
      else if (items.length === 0) say('there is none');
      else
        say(
          table(
            items.map((key) => ({ ...key })),
            ['id', 'role', 'name', 'hint', 'createdAt'],
          ),
        );
    });

  keys
    .command('add')
    .description('Makes a key. It is printed once, alone on the standard output, and kept nowhere.')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .requiredOption('--name <name>', 'whose it is, or what for')
    .action(async (asked: { role: string; name: string }, command: Command) => {
      const { key, id } = await houseOf(command).ask<Key & { key: string }>('POST', '/v1/keys', {
        json: { role: asked.role, name: asked.name },
      });
      note(`the key ${id}: keep it now, nobody can show it again`);
      say(key);
    });

  keys
    .command('revoke')
    .description('From now on it opens nothing.')
    .argument('<id>', 'as the list says it')
    .action(async (id: string, _: unknown, command: Command) => {
      await houseOf(command).ask('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
      say('revoked');
    });
}
