/**
 * The ledger is older than the journal of choices (PROTOCOL F3): somebody said no after the backup that it was restored
 * from, and the ledger does not know. Every gate of the house is closed until the journal has been replayed; nothing is
 * refused or lost meanwhile.
 */
export class GateClosed extends Error {
  override readonly name = 'GateClosed';

  constructor() {
    super('the ledger is older than the journal of choices: run `lagom restore-choices`');
  }
}

/** Told by its name: realms break `instanceof`. */
export function isGateClosed(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'GateClosed';
}
