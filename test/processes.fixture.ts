import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#platform/root';
import { until } from './visit.fixture.js';

/**
 * Ends the process when this one is gone, however it went: nothing of a killed test run lives on. The store's thread is told
 * the same as its process, and has no standard input of its own.
 */
const WITH_ITS_PARENT = `data:text/javascript,${encodeURIComponent(
  "import { isMainThread } from 'node:worker_threads';" +
    "if (isMainThread) process.stdin.resume().on('end', () => process.kill(process.pid, 'SIGKILL')).unref();",
)}`;
const FROM_SOURCES = ['--conditions=lagom:source', '--import', '@swc-node/register/esm-register'];
const FROM_BUILD = ['--enable-source-maps'];
/** Several at once on two cores, each compiling its own sources. */
const PATIENCE_MS = 150_000;

/** When the files of a folder that a process is made of were written: the oldest and the newest. */
function written(folder: string, ending: RegExp): { first: number; last: number } {
  const times = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => statSync(join(folder, name)).mtimeMs);
  return { first: Math.min(...times), last: Math.max(...times) };
}

/** Whether `dist` was built after the newest source was written: seven processes at once start in a third of the time. */
function isBuilt(): boolean {
  const [dist, apps, libs] = ['dist', 'apps', 'libs'].map((name) => join(rootDir(), name)) as [
    string,
    string,
    string,
  ];
  if (!existsSync(join(dist, 'apps', 'store', 'main.js'))) return false;
  const sources = [apps, libs].map((folder) => written(folder, /(?<!\.(?:test|contract|fixture))\.ts$/).last);
  return written(dist, /\.js$/).first > Math.max(...sources);
}

/** The same for all processes of a run: a build that begins meanwhile is not for them. */
let built: boolean | undefined;

/** One process of the house, run from what was built where that is fresh, else from its sources. */
export class HouseProcess {
  private said = '';

  private constructor(
    readonly app: string,
    private readonly child: ChildProcess,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
  }

  /** Nothing of this process's own environment but the path comes through. */
  static start(app: string, env: Record<string, string>, args: readonly string[] = []): HouseProcess {
    built ??= isBuilt();
    const [how, main] = built
      ? [FROM_BUILD, `dist/apps/${app}/main.js`]
      : [FROM_SOURCES, `apps/${app}/main.ts`];
    const child = spawn(process.execPath, [...how, '--import', WITH_ITS_PARENT, main, ...args], {
      cwd: rootDir(),
      env: { PATH: process.env.PATH, PORT: '0', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new HouseProcess(app, child);
  }

  /** Where it listens, as its log says. */
  async url(): Promise<string> {
    return until(
      async () => this.said,
      (said) => {
        if (this.ended) throw new Error(`${this.app} ended: ${said.slice(-2_000)}`);
        return /listening at ([^"\s]+)/.exec(said)?.[1];
      },
      PATIENCE_MS,
    );
  }

  /** Where it listens, once it takes work. */
  async ready(): Promise<string> {
    const url = await this.url();
    await until(
      async () => (await fetch(`${url}/readyz`)).status,
      (status) => status === 200,
      PATIENCE_MS,
    ).catch((error: unknown) => {
      throw new Error(`${this.app} is not ready; it said ${this.said.slice(-2_000)}`, { cause: error });
    });
    return url;
  }

  /** The log so far: one JSON object a line. */
  get log(): string {
    return this.said;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits until it ends by itself; its exit code. */
  async end(): Promise<number | null> {
    if (!this.ended) await once(this.child, 'close');
    return this.child.exitCode;
  }

  /** Asks it to end; its exit code. */
  async stop(): Promise<number | null> {
    return this.signal('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.signal('SIGKILL');
  }

  private async signal(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.ended) {
      const gone = once(this.child, 'exit');
      this.child.kill(signal);
      await gone;
    }
    return this.child.exitCode;
  }
}
