import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { TASK_KINDS, TASK_STATES, type Task } from '#customers/task';
import { ReplyStore, type Reply } from '#customers/reply.store';
import { TaskStore } from '#customers/task.store';
import { EndTask } from '#privacy/end-task';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { pageQuery } from './page-query.js';
import { orNotFound, Problem } from './problem.js';
import { readInput } from './read-query.js';

const oneOf = <Word extends string>(words: readonly [Word, ...Word[]]) =>
  z.enum(words, { error: `expected one of ${words.join(', ')}` }).optional();
export const listQuery = z.strictObject({
  status: oneOf(TASK_STATES),
  kind: oneOf(TASK_KINDS),
  customer: z.string().optional(),
  ...pageQuery,
});

/** A task as the API shows it: ids and words, nobody's name. */
interface TaskView {
  id: string;
  kind: Task['kind'];
  status: Task['status'];
  customer?: string;
  purpose?: string;
  message?: string;
  /** What somebody wrote back: theirs, and personal. */
  text?: string;
  openedAt: Date;
  endedAt?: Date;
  endedBy?: string;
}

/** What staff is to do, and what came of it. */
@Controller('v1/tasks')
@Roles('marketer', 'privacy')
export class TasksController {
  constructor(
    private readonly tasks: TaskStore,
    private readonly replies: ReplyStore,
    private readonly ending: EndTask,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @Columns([
    'id',
    'kind',
    'status',
    'customer',
    'purpose',
    'message',
    'text',
    'openedAt',
    'endedAt',
    'endedBy',
  ] satisfies (keyof TaskView)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<TaskView>> {
    const { cursor, limit, ...filter } = readInput(listQuery, query);
    const after = cursor === undefined ? null : { openedAt: cursor.createdAt, id: cursor.id };
    const found = await this.tasks.list(caller.tenant, filter, { after, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const said = await this.replies.findMany(
      caller.tenant,
      page.flatMap((task) => (task.kind === 'reply' ? [task._id] : [])),
    );
    return {
      items: page.map((task) => shown(task, said.get(task._id))),
      ...(found.length > limit && last !== undefined
        ? { next: cursorOf({ createdAt: last.openedAt, _id: last._id }) }
        : {}),
    };
  }

  @Post(':id/done')
  @HttpCode(200)
  async done(@Asking() caller: Caller, @Param('id') id: string): Promise<TaskView> {
    return this.end(caller, id, 'done');
  }

  @Post(':id/no-answer')
  @HttpCode(200)
  async noAnswer(@Asking() caller: Caller, @Param('id') id: string): Promise<TaskView> {
    return this.end(caller, id, 'no-answer');
  }

  @Post(':id/objected')
  @HttpCode(200)
  async objected(@Asking() caller: Caller, @Param('id') id: string): Promise<TaskView> {
    return this.end(caller, id, 'objected');
  }

  private async end(caller: Caller, id: string, how: 'done' | 'no-answer' | 'objected'): Promise<TaskView> {
    const ended = orNotFound(await this.ending.end(caller.tenant, id, how, caller.name), 'a task of this id');
    if (ended.kind === 'cannot') throw new Problem(422, ended.why);
    if (ended.task.status !== how) {
      throw new Problem(409, `this task has ended already, as ${ended.task.status}`);
    }
    const { customer } = ended.task;
    const about = { task: id, detail: { how } };
    await this.audit.note(caller, 'task.ended', customer === null ? about : { ...about, customer });
    return shown(ended.task);
  }
}

function shown(task: Task, said?: Reply): TaskView {
  const { _id, kind, status, customer, purpose, message, openedAt, endedAt, endedBy } = task;
  return {
    ...{ id: _id, kind, status },
    ...(customer === null ? {} : { customer }),
    ...(purpose === null ? {} : { purpose }),
    ...(message === null ? {} : { message }),
    ...(said === undefined ? {} : { text: said.text }),
    openedAt,
    ...(endedAt === null ? {} : { endedAt }),
    ...(endedBy === null ? {} : { endedBy }),
  };
}
