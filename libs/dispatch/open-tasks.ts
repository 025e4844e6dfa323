import type { TaskOpening } from '#customers/task';
import { taskId, type TaskStore } from '#customers/task.store';
import { isInDoubt } from '#messages/in-doubt';
import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import { RULES } from '#purposes/purposes';

/** Webhooks and the provider's own list have had their time (resolve-unknown.ts). */
export const PERSON_AFTER_MS = 30 * 60_000;
/** What may be sent once more waits for webhooks to flow; for so long. */
export const RESEND_PATIENCE_MS = 24 * 3_600_000;
const PAGE = 500;

/**
 * Opens a task for each message of which nobody knows whether it went out, once only a person can tell (PROTOCOL C4),
 * and ends it where it was told after all.
 */
export class OpenTasks {
  constructor(
    private readonly messages: MessageStore,
    private readonly tasks: TaskStore,
  ) {}

  async runOnce(now: Date): Promise<{ opened: number; settled: number }> {
    let opened = 0;
    for (let after: string | null = null; ;) {
      const page: MessageRow[] = await this.messages.pageByStatus('unknown', after, PAGE);
      const byTenant = new Map<string, TaskOpening[]>();
      for (const row of page) {
        if (!isAPersons(row, now)) continue;
        byTenant.set(row.tenant, [...(byTenant.get(row.tenant) ?? []), openingOf(row)]);
      }
      for (const [tenant, openings] of byTenant) {
        opened += (await this.tasks.open(tenant, openings, now)).size;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last._id;
    }
    return { opened, settled: await this.settle(now) };
  }

  private async settle(now: Date): Promise<number> {
    let settled = 0;
    for (let after: string | null = null; ;) {
      const page = await this.tasks.pageOpen('unknown-message', after, PAGE);
      for (const tenant of new Set(page.map((task) => task.tenant))) {
        const ours = page.filter((task) => task.tenant === tenant);
        const rows = await this.messages.findByIds(
          tenant,
          ours.flatMap(({ message }) => message ?? []),
        );
        // Another try in doubt is another task.
        const waiting = new Set(
          rows.filter(({ status }) => status === 'unknown').map((row) => taskId(tenant, openingOf(row))),
        );
        for (const { _id } of ours.filter((task) => !waiting.has(task._id))) {
          await this.tasks.end(tenant, _id, 'done', 'lagom', now);
          settled += 1;
        }
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return settled;
      after = last._id;
    }
  }
}

function isAPersons({ purpose, attempts }: MessageRow, now: Date): boolean {
  const since = attempts.at(-1)?.at;
  if (since === undefined) return true;
  const waited = now.getTime() - since.getTime();
  const mayResend = RULES[purpose].unknown === 'resend' && attempts.filter(isInDoubt).length < 2;
  return waited >= (mayResend ? RESEND_PATIENCE_MS : PERSON_AFTER_MS);
}

function openingOf({ _id, customer, purpose, attempts }: MessageRow): TaskOpening {
  return { kind: 'unknown-message', customer, purpose, message: _id, of: `${_id}#${attempts.length}` };
}
