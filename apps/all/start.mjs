// `npm start`: builds what is missing or older than its sources, then runs the whole line with its demonstration day.
// The app runs in this very process: signals, exit code and terminal are its own.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const stamp = join(dist, '.built-from');
const main = join(dist, 'apps', 'all', 'main.js');

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

/**
 * Transpiles each file for itself: twenty times faster than the compiler, which checks the types (`npm run build`, `npm
 * test`). The same options as the tests', so that what starts is what was tested.
 */
async function build(state) {
  console.log(existsSync(dist) ? 'The sources have changed: building …' : 'Building, once …');
  const { transformFile } = await import('@swc/core').catch(() =>
    giveUp('The compiler is not installed, so the sources cannot be built: npm ci'),
  );
  // Away with it first: a file whose source is gone must not be found by who lists a folder.
  rmSync(dist, { recursive: true, force: true });
  const sources = ['apps', 'libs'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true })
      .filter((name) => /\.ts$/.test(name) && !/\.(?:test|contract|fixture|d)\.ts$/.test(name))
      .map((name) => join(top, name)),
  );
  await Promise.all(
    sources.map(async (name) => {
      const { code, map } = await transformFile(join(root, name), {
        swcrc: false,
        configFile: false,
        sourceMaps: true,
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
      });
      const to = join(dist, name.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, `${code}\n//# sourceMappingURL=${basename(to)}.map\n`);
      writeFileSync(`${to}.map`, map);
    }),
  ).catch((error) => giveUp(`It did not build: ${error.message}`));
  writeFileSync(stamp, state);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  giveUp(`Lagom needs Node 20.19 or newer; this is ${process.version}.`);
if (!existsSync(join(root, 'node_modules'))) giveUp('First: npm ci');

const state = stateOfSources();
const built = existsSync(main) && existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
if (built !== state) await build(state);

process.setSourceMapsEnabled(true);
process.argv = [process.execPath, main, '--demo', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
