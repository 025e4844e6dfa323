import type { MessageStore } from '#messages/message.store';
import type { Transition } from '#messages/transition';

interface Outcome {
  move: Transition;
  ref: string;
  providerId: string | null;
}

/**
 * Writes outcomes in bulk while the next ones come in: one write is under way at a time, and what arrives meanwhile
 * makes the next. So one slow call keeps no other outcome waiting, and a crash leaves few rows in doubt.
 */
export class Recorder {
  private waiting: Outcome[] = [];
  private writing: Promise<void> | null = null;
  /** What the first write that failed threw; the rows of that write stay `sending` for repair. */
  private failure: { error: unknown } | null = null;

  constructor(private readonly messages: MessageStore) {}

  add(move: Transition, sent: { ref: string; providerId: string | null }): void {
    this.waiting.push({ move, ...sent });
    this.writing ??= this.writeAll();
  }

  /** Resolves once all that was added is written; throws what a write threw. */
  async flushed(): Promise<void> {
    await this.writing;
    if (this.failure !== null) throw this.failure.error;
  }

  private async writeAll(): Promise<void> {
    // Outcomes of the same instant share a write.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(batch);
      } catch (error) {
        // A write that is lost takes none of the later ones with it.
        this.failure ??= { error };
      }
    }
    this.writing = null;
  }

  private async write(batch: readonly Outcome[]): Promise<void> {
    const won = await this.messages.apply(batch.map(({ move }) => move));
    for (const { move, ref, providerId } of batch) {
      // A receipt was faster: it has moved the row, and only the provider's id is still to be said (PROTOCOL E2).
      if (won.has(move.after._id) || providerId === null) continue;
      await this.messages.noteProviderId(move.after.tenant, move.after._id, ref, providerId);
    }
  }
}
