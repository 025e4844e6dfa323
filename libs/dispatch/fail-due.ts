import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { transition } from '#messages/transition';
import type { Clock } from '#platform/clock';
import type { Due } from './due.types.js';

/**
 * Where a due record ends that could not be handled, again and again: the row is its own dead letter (PROTOCOL D5). It
 * moves `released` → `failed`, to be retried by a person; a row that has moved on meanwhile is left as it is.
 */
export class FailDue {
  constructor(
    private readonly messages: MessageStore,
    private readonly clock: Clock,
  ) {}

  /** `why` is a code or a masked text, never what a handler quoted. Throws where the server is lost. */
  async fail(value: Buffer, why: string): Promise<void> {
    const due = read(value);
    if (due === null) return;
    const [row] = await this.messages.findByIds(due.tenant, [due.id]);
    if (row?.status !== 'released' || row.release !== due.release) return;
    const move = transition(row as MessageRow & { status: 'released' }, 'failed', why, this.clock.now());
    await this.messages.apply([move]);
  }
}

/** Null for anything that no release has produced. */
function read(value: Buffer): Due | null {
  try {
    const due = JSON.parse(value.toString('utf8')) as Partial<Due> | null;
    if (typeof due?.tenant !== 'string' || typeof due.id !== 'string') return null;
    return { tenant: due.tenant, id: due.id, release: Number(due.release) };
  } catch {
    return null;
  }
}
