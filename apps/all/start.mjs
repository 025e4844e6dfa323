// `npm start`: builds what is missing or older than its sources, then runs the whole line with its demonstration day.
// The app runs in this very process: signals, exit code and terminal are its own.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const stamp = join(dist, '.built-from');
const main = join(dist, 'apps', 'all', 'main.js');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** Ends with a sentence instead of a stack. */
function giveUp(message) {
  console.error(message);
  process.exit(1);
}

/** How many sources there are and when the newest was written: other than in the stamp = to be built. */
function stateOfSources() {
  const settings = readdirSync(root).filter(
    (name) => name === 'package.json' || /^tsconfig.*\.json$/.test(name),
  );
  const sources = ['apps', 'libs'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true })
      .filter((name) => /\.(?:ts|json)$/.test(name))
      .map((name) => join(top, name)),
  );
  const written = [...settings, ...sources].map((name) => statSync(join(root, name)).mtimeMs);
  return `${written.length} files, the newest of ${new Date(Math.max(...written)).toISOString()}\n`;
}

function build(state) {
  console.log(existsSync(dist) ? 'The sources have changed: building …' : 'Building, once …');
  // Away with it first: a file whose source is gone must not be found by who lists a folder.
  rmSync(dist, { recursive: true, force: true });
  // Without checking types: that is `npm test`'s, and would be three quarters of the wait.
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--noCheck'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) giveUp('It did not build: see above.');
  writeFileSync(stamp, state);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  giveUp(`Lagom needs Node 20.19 or newer; this is ${process.version}.`);
if (!existsSync(join(root, 'node_modules'))) giveUp('First: npm ci');

const state = stateOfSources();
const built = existsSync(main) && existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
if (built !== state) {
  if (!existsSync(compiler)) giveUp('The compiler is not installed, so the sources cannot be built: npm ci');
  build(state);
}

process.setSourceMapsEnabled(true);
process.argv = [process.execPath, main, '--demo', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
