/** A file that cannot be taken at all: what is answered, and nothing of the file is kept. */
export class FileFault extends Error {
  override readonly name = 'FileFault';

  constructor(
    readonly status: 400 | 413 | 415 | 422,
    /** Says nothing personal. */
    readonly detail: string,
    readonly faults: readonly { pointer: string; detail: string }[] = [],
  ) {
    super(detail);
  }
}

/** Told by its name: realms break `instanceof`. */
export function isFileFault(error: unknown): error is FileFault {
  return (error as { name?: unknown } | null)?.name === 'FileFault';
}
