import type { CommanderError } from 'commander';
import { refusalLines } from '#platform/boot-refusal';
import { isLostServer } from '#platform/mongo';
import { EXIT, isCliFault } from './cli-fault.js';
import { note } from './print.js';

/** Runs a command and says what went wrong; how the process ends then, or undefined where nothing was thrown. */
export async function endOf(run: () => Promise<unknown>): Promise<number | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return told(error);
  }
}

/** What was thrown by somebody else may quote an address: it is not shown. */
function told(error: unknown): number {
  if (isCliFault(error)) {
    note(`lagom: ${error.message}`);
    return error.exitCode;
  }
  const { code, exitCode } = error as Partial<CommanderError>;
  // Commander has said it itself.
  if (code?.startsWith('commander.') === true) return exitCode === 0 ? EXIT.done : EXIT.usage;
  const refusal = refusalLines(error);
  if (refusal !== null) {
    for (const line of refusal) note(line);
    return EXIT.usage;
  }
  note(
    isLostServer(error)
      ? 'lagom: no MongoDB answers at MONGODB_URI: start it, or mend the address, and run this again'
      : 'lagom: it failed in a way that is not foreseen; run it again, it goes on where it was',
  );
  return EXIT.failed;
}
