import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const GUARD = fileURLToPath(new URL('guard.mjs', import.meta.url));
/** A cold Java on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
/** What is shown of a server that did not start. */
const LAST_WORDS = 4_000;

export interface Program {
  /** For people: what does not start. */
  name: string;
  /** Where it keeps what it keeps; removed when it ends. */
  folder: string;
  command: readonly [string, ...string[]];
  /** What of its output says that it is up. */
  ready: RegExp;
}

/** A server that ends when this process does, however that ends. */
export class Guarded {
  private constructor(
    private readonly guard: ChildProcess,
    /** What its output said when it was up. */
    readonly said: RegExpExecArray,
  ) {}

  /** Resolves once it is up; rejects with its last words where it ends before, or takes too long. */
  static async start({ name, folder, command, ready }: Program): Promise<Guarded> {
    const guard = spawn(process.execPath, [GUARD, folder, ...command], { stdio: ['pipe', 'pipe', 'pipe'] });
    // It may be gone when it is asked to end.
    guard.stdin.on('error', () => undefined);
    let said = '';
    let late: NodeJS.Timeout | undefined;
    try {
      const found = await new Promise<RegExpExecArray>((resolve, reject) => {
        const hear = (chunk: Buffer): void => {
          // Once it is up nobody reads on; its output is taken off it nevertheless, or it would stand still.
          said = (said + chunk.toString()).slice(-LAST_WORDS);
          const match = ready.exec(said);
          if (match) resolve(match);
        };
        guard.stdout.on('data', hear);
        guard.stderr.on('data', hear);
        guard.once('error', reject);
        guard.once('close', () => {
          reject(new Error(`${name} ended before it was up:\n${said}`));
        });
        late = setTimeout(() => {
          reject(new Error(`${name} is not up after ${String(PATIENCE_MS / 1_000)} s:\n${said}`));
        }, PATIENCE_MS);
      });
      return new Guarded(guard, found);
    } catch (error) {
      guard.stdin.end();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** Kills it, without a word of warning. `keep`: its folder stays, to be started on again. */
  async end({ keep = false } = {}): Promise<void> {
    if (this.guard.exitCode !== null || this.guard.signalCode !== null) return;
    const gone = once(this.guard, 'exit');
    this.guard.stdin?.end(keep ? 'keep\n' : undefined);
    await gone;
  }
}
