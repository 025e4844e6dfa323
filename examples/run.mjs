// Runs every example against a freshly started, built `all` of its own: a free port, nothing kept, nothing sent.
// An example is a `.sh` or `.ts` in a folder of examples/. What it prints is shown; the last line is `N passed, N failed`.
//   npm run examples [-- newsletter/newsletter.sh …]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const main = join(root, 'dist/apps/all/main.js');
const BOOT_MS = 60_000;
const EXAMPLE_MS = 180_000;

/** Nothing of the machine's own settings reaches a program, so that none sends for real. */
const plain = { PATH: process.env.PATH, HOME: process.env.HOME };

function examples() {
  const asked = process.argv.slice(2);
  if (asked.length > 0) return asked;
  return readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(here, name)).map((file) => `${name}/${file}`))
    .filter((name) => /\.(?:sh|ts)$/.test(name))
    .sort();
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** An `all` that is ready, and how to end it. */
async function start() {
  const port = await freePort();
  const key = randomBytes(24).toString('base64url');
  const own = { PORT: String(port), LAGOM_DATA_DIR: 'memory', LAGOM_SEND: 'capture', LAGOM_ADMIN_KEY: key };
  const all = spawn(process.execPath, ['--enable-source-maps', main], {
    cwd: root,
    env: { ...plain, ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [all.stdout, all.stderr])
    stream.on('data', (text) => (log = (log + text).slice(-8_000)));
  const exited = once(all, 'exit');
  const stop = async () => {
    all.kill('SIGTERM');
    const late = setTimeout(() => all.kill('SIGKILL'), 15_000);
    await exited;
    clearTimeout(late);
  };
  const url = `http://127.0.0.1:${port}`;
  for (const end = performance.now() + BOOT_MS; ; await wait(100)) {
    const ready = await fetch(`${url}/readyz`).catch(() => null);
    if (ready?.ok) return { url, key, stop, log: () => log };
    if (all.exitCode !== null || performance.now() > end) {
      await stop();
      throw new Error(`all did not become ready:\n${log}`);
    }
  }
}

/** The exit code of an example; 0 is well. */
async function run(name, { url, key }) {
  const command = name.endsWith('.sh')
    ? ['bash', join(here, name)]
    : [process.execPath, '--import', '@swc-node/register/esm-register', join(here, name)];
  const program = spawn(command[0], command.slice(1), {
    cwd: root,
    env: { ...plain, LAGOM_URL: url, LAGOM_ADMIN_KEY: key },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: EXAMPLE_MS,
  });
  const [code, signal] = await once(program, 'exit');
  return code ?? signal;
}

if (!existsSync(main)) {
  console.error('There is no build: npm run build');
  process.exit(1);
}
let [passed, failed] = [0, 0];
for (const name of examples()) {
  console.log(`\n== examples/${name}`);
  try {
    const all = await start();
    const code = await run(name, all).finally(() => all.stop());
    if (code !== 0) throw new Error(`it ended with ${code}; the end of the log of all:\n${all.log()}`);
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`!! examples/${name}: ${error.message}`);
  }
}
if (passed + failed === 0) failed = 1;
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
