import type { Task, TaskEnd } from '#customers/task';
import type { TaskStore } from '#customers/task.store';
import type { Clock } from '#platform/clock';
import { RULES } from '#purposes/purposes';
import type { Withdraw } from './withdraw.js';

export type Ended = { kind: 'ended'; task: Task } | { kind: 'cannot'; why: string };

/**
 * Ends a task of staff. An objection on the phone is one like any other (GDPR 21): it goes through PROTOCOL B first, on
 * every channel of the task's purpose, and ends the task last, so that a crash in between leaves an open task.
 */
export class EndTask {
  constructor(
    private readonly tasks: TaskStore,
    private readonly withdraw: Withdraw,
    private readonly clock: Clock,
  ) {}

  /** null: no task of this id. Where it has ended before, as it stands. */
  async end(tenant: string, id: string, how: TaskEnd, by: string): Promise<Ended | null> {
    const task = await this.tasks.find(tenant, id);
    if (task === null) return null;
    if (task.status !== 'open') return { kind: 'ended', task };
    if (how === 'objected') {
      const why = await this.object(task);
      if (why !== null) return { kind: 'cannot', why };
    }
    const ended = await this.tasks.end(tenant, id, how, by, this.clock.now());
    return ended === null ? null : { kind: 'ended', task: ended };
  }

  private async object({ _id, tenant, customer, purpose }: Task): Promise<string | null> {
    if (customer === null || purpose === null)
      return 'this task names no person and purpose that an objection could be about';
    if (!RULES[purpose].stoppedByChoice) return `nobody can object to ${purpose}: it is owed to the person`;
    const now = this.clock.now();
    await this.withdraw.hearChoices(
      tenant,
      customer,
      [
        {
          ...{ purpose, channel: 'all', state: 'objected', noticeVersion: 'none', language: 'und' },
          ...{ method: 'told staff', place: 'task' },
        },
      ],
      { id: `task:${_id}`, at: now, recordedAt: now, via: 'staff' },
    );
    return null;
  }
}
