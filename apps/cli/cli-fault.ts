/** What ends a command: what went wrong and what to do about it, in lines; and how the process ends. */
export class CliFault extends Error {
  override readonly name = 'CliFault';

  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(message);
  }
}

/** Told by its name: realms break `instanceof`. */
export function isCliFault(error: unknown): error is CliFault {
  return (error as { name?: unknown } | null)?.name === 'CliFault';
}

/** How a command ends. `partly`: it was done, and some of the rows were refused. */
export const EXIT = { done: 0, failed: 1, usage: 2, partly: 3 } as const;
