import type { Doc } from './bson.js';
import { adminCommands } from './command-admin.js';
import { findAndModifyCommands } from './command-find-and-modify.js';
import { readCommands } from './command-read.js';
import { schemaCommands } from './command-schema.js';
import { writeCommands } from './command-write.js';
import {
  checkRequest,
  type Command,
  type Reply,
  type ReplyBatch,
  type Request,
  type Session,
} from './command.js';
import { Refusal, refusalReply } from './refusal.js';

const COMMANDS = new Map<string, Command>(
  Object.entries({
    ...adminCommands,
    ...schemaCommands,
    ...readCommands,
    ...writeCommands,
    ...findAndModifyCommands,
  }),
);

const isBatch = (reply: Doc | { batch: ReplyBatch }): reply is { batch: ReplyBatch } => 'batch' in reply;

/** Runs one command from beginning to end, without a pause: that makes it atomic. A failure is a reply too. */
export function runCommand(request: Request, session: Session): Reply {
  try {
    const name = Object.keys(request.body)[0] ?? '';
    const command = COMMANDS.get(name);
    if (!command) {
      if (name === 'commitTransaction' || name === 'abortTransaction') {
        throw new Refusal(20, 'Transaction numbers are only allowed on a replica set member or mongos');
      }
      throw new Refusal(59, `no such command: '${name}'`);
    }
    checkRequest(name, command, request);
    const reply = command.run(request, session);
    return isBatch(reply) ? { body: {}, batch: reply.batch } : { body: reply };
  } catch (error) {
    return { body: refusalReply(error) };
  }
}
