import type { Purpose } from '#purposes/purpose';

/**
 * What staff is asked to do: call somebody, answer a reply, decide about a message of which nobody knows whether it went
 * out, see to a person's request.
 */
export const TASK_KINDS = ['call', 'reply', 'unknown-message', 'request'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

export const TASK_STATES = ['open', 'done', 'no-answer', 'objected'] as const;
export type TaskState = (typeof TASK_STATES)[number];
/** How it ended. */
export type TaskEnd = Exclude<TaskState, 'open'>;

/** One thing for staff to do. Holds ids and words of ours: who it is about is looked up where it is shown. */
export interface Task {
  /** Made of what opened it, so that it opens once. */
  _id: string;
  tenant: string;
  kind: TaskKind;
  customer: string | null;
  /** What it is about: what an objection on the phone stops. */
  purpose: Purpose | null;
  /** The row that it is about, or that was answered. */
  message: string | null;
  status: TaskState;
  openedAt: Date;
  endedAt: Date | null;
  /** Who ended it: a key's name, or `lagom` where it settled itself. */
  endedBy: string | null;
}

/** What opens a task; `of` tells apart what opened it (a row and its try, a mail's id), and may be opaque. */
export type TaskOpening = Pick<Task, 'kind' | 'customer' | 'purpose' | 'message'> & { of: string };
