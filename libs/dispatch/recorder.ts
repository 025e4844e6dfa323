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

  constructor(private readonly messages: MessageStore) {}

  add(move: Transition, sent: { ref: string; providerId: string | null }): void {
    this.waiting.push({ move, ...sent });
    this.writing ??= this.writeAll();
    // The failure is thrown by flushed(); until then it must not count as unhandled.
    this.writing.catch(() => undefined);
  }

  /** Resolves once all that was added is written; throws what a write threw. */
  async flushed(): Promise<void> {
    await this.writing;
  }

  private async writeAll(): Promise<void> {
    // Outcomes of the same instant share a write.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const won = await this.messages.apply(batch.map(({ move }) => move));
      for (const { move, ref, providerId } of batch) {
        // A receipt was faster: it has moved the row, and only the provider's id is still to be said (PROTOCOL E2).
        if (won.has(move.after._id) || providerId === null) continue;
        await this.messages.noteProviderId(move.after.tenant, move.after._id, ref, providerId);
      }
    }
    this.writing = null;
  }
}
