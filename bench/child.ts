import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

interface Asked {
  id: number;
  name: string;
  argument: unknown;
}

interface Answered {
  id: number;
  result?: unknown;
  problem?: string;
}

const { PATH, HOME, NODE_OPTIONS } = process.env;
/** What every process of the bench has of ours: what a program needs, and what node itself is told. */
export const ENVIRONMENT = { PATH, HOME, NODE_ENV: 'production', ...(NODE_OPTIONS && { NODE_OPTIONS }) };

/** What a child is started with. */
export interface ChildOptions {
  env?: Record<string, string>;
  /** Further arguments to node: `--cpu-prof`. */
  nodeArgs?: readonly string[];
}

/** A process of the bench that does what it is asked, one answer a question. It ends when this process does. */
export class Child {
  private readonly open = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (why: Error) => void }
  >();
  private asked = 0;

  private constructor(
    name: string,
    private readonly process: ChildProcess,
  ) {
    process.on('message', ({ id, result, problem }: Answered) => {
      const waiting = this.open.get(id);
      this.open.delete(id);
      if (problem === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(`${name}: ${problem}`));
    });
    process.on('exit', (code, signal) => {
      const why = new Error(`${name} ended (${code ?? signal ?? 'no code'})`);
      for (const { reject } of this.open.values()) reject(why);
      this.open.clear();
    });
  }

  /** Starts `bench/<name>.ts`, which serves. Of our environment it gets `ENVIRONMENT`, and `env`. */
  static start(name: string, { env = {}, nodeArgs = [] }: ChildOptions = {}): Child {
    const child = fork(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), {
      env: { ...ENVIRONMENT, ...env },
      execArgv: [...process.execArgv, '--enable-source-maps', ...nodeArgs],
      serialization: 'advanced',
    });
    return new Child(name, child);
  }

  async ask<Result>(name: string, argument?: unknown): Promise<Result> {
    this.asked += 1;
    const id = this.asked;
    return new Promise<Result>((resolve, reject) => {
      this.open.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.process.send({ id, name, argument } satisfies Asked);
    });
  }

  /** Lets it end by itself (a profile is written then); kills it where it does not. */
  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    if (this.process.connected) this.process.disconnect();
    const late = setTimeout(() => this.process.kill('SIGKILL'), 15_000);
    await gone;
    clearTimeout(late);
  }
}

/** What a child does: by name, until its parent is gone. `last` runs then. */
export function serve(
  handlers: Record<string, (argument: never) => unknown>,
  last: () => Promise<void> | void = () => undefined,
): void {
  process.on('message', ({ id, name, argument }: Asked) => {
    void (async () => {
      try {
        const handler = handlers[name];
        if (handler === undefined) throw new Error(`does not know "${name}"`);
        const result = await handler(argument as never);
        if (process.connected) process.send?.({ id, result } satisfies Answered);
      } catch (error) {
        const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (process.connected) process.send?.({ id, problem } satisfies Answered);
      }
    })();
  });
  process.once('disconnect', () => {
    void Promise.resolve(last()).finally(() => process.exit(0));
  });
}
