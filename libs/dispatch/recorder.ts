import type { MessageStore } from '#messages/message.store';
import type { Transition } from '#messages/transition';
import { isLostServer } from '#platform/mongo';
import type { Late, LateOutcomes } from './late-outcomes.js';

interface Outcome extends Late {
  now: Transition;
}

/**
 * Writes outcomes in bulk while the next ones come in: one write is under way at a time, and what arrives meanwhile
 * makes the next. So one slow call keeps no other outcome waiting, and a crash leaves few rows in doubt.
 */
export class Recorder {
  private waiting: Outcome[] = [];
  private writing: Promise<void> | null = null;
  /** What the first write that failed threw; where the ledger is lost, its outcomes are written once it is back. */
  private failure: { error: unknown } | null = null;

  constructor(
    private readonly messages: MessageStore,
    private readonly late: LateOutcomes,
  ) {}

  /** @param late the same outcome, as it is told where this move cannot be written */
  add(now: Transition, late: Late): void {
    this.waiting.push({ now, ...late });
    this.writing ??= this.writeAll();
  }

  /** Resolves once all that was added is written; throws what a write threw. */
  async flushed(): Promise<void> {
    await this.writing;
    if (this.failure !== null) throw this.failure.error;
  }

  private async writeAll(): Promise<void> {
    // Answers that have come by now share a write: each socket is read in a step of its own.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(batch);
      } catch (error) {
        // A write that is lost takes none of the later ones with it.
        this.failure ??= { error };
        if (isLostServer(error)) this.late.keep(batch);
      }
    }
    this.writing = null;
  }

  private async write(batch: readonly Outcome[]): Promise<void> {
    const won = await this.messages.apply(batch.map(({ now }) => now));
    for (const { tenant, message, ref, providerId } of batch) {
      // A receipt was faster: it has moved the row, and only the provider's id is still to be said (PROTOCOL E2).
      if (won.has(message) || providerId === null) continue;
      await this.messages.noteProviderId(tenant, message, ref, providerId);
    }
  }
}
