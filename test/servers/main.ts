import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startServers } from './start.js';

/**
 * `main.ts` starts Kafka and mongo-java-server and prints how to use them, until it is ended.
 * `main.ts <program> <argument>…` runs that on them, and ends them with it.
 */
const [program, ...args] = process.argv.slice(2);
const servers = await startServers().catch((error: unknown) => {
  process.stderr.write(
    `The servers do not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
const lines = Object.entries(servers.env).map(([name, value]) => `${name}='${value}'`);

const ended = new Promise<number>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(130));
});
let code: number;
if (program === undefined) {
  process.stdout.write(lines.map((line) => `export ${line}\n`).join(''));
  // The guards' pipes keep this process alive until a signal comes.
  code = await ended.then(() => 0);
} else {
  process.stdout.write(`On ${lines.join(' ')}\n`);
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...servers.env } });
  void ended.then(() => child.kill('SIGTERM'));
  code = await once(child, 'exit').then(([own]) => (own as number | null) ?? 1);
}
await servers.stop();
process.exit(code);
