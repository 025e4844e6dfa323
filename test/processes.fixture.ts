import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rootDir } from '#platform/root';
import { until } from './visit.fixture.js';

/** Ends the process when this one is gone, however it went: nothing of a killed test run lives on. */
const WITH_ITS_PARENT = `data:text/javascript,${encodeURIComponent(
  "process.stdin.resume().on('end', () => process.kill(process.pid, 'SIGKILL')); process.stdin.unref();",
)}`;
const FROM_SOURCES = ['--conditions=lagom:source', '--import', '@swc-node/register/esm-register'];
/** Several at once on two cores, each compiling its own sources. */
const PATIENCE_MS = 90_000;

/** One process of the house, run from its sources. */
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
  static start(app: string, env: Record<string, string>): HouseProcess {
    const args = [...FROM_SOURCES, '--import', WITH_ITS_PARENT, `apps/${app}/main.ts`];
    const child = spawn(process.execPath, args, {
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
