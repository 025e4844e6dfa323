import { createServer, type Server, type Socket } from 'node:net';
import { MAX_MESSAGE_BYTES } from './command-admin.js';
import type { Reply, Request, Session } from './command.js';
import { refusalReply } from './refusal.js';
import { runCommand } from './run-command.js';
import { messageLength, readMessage, writeReply, type Message } from './wire-message.js';

/** Called before any reply leaves: what the replies promise must be on disk when it returns. */
export type Settle = () => void;

/** Gathers what came in one turn of the loop: commands run at once, their replies leave after one settling. */
class Replies {
  private waiting: { socket: Socket; message: Message; reply: Reply }[] = [];

  /** @param sent is called when all of them have been copied into what is sent */
  constructor(
    private readonly settle: Settle,
    private readonly sent: () => void,
  ) {}

  add(socket: Socket, message: Message, reply: Reply): void {
    if (this.waiting.length === 0) setImmediate(() => this.send());
    this.waiting.push({ socket, message, reply });
  }

  /** Writes what is due. If settling fails, none of it can be promised. */
  send(): void {
    const due = this.waiting;
    if (due.length === 0) return;
    this.waiting = [];
    let failure: Reply | undefined;
    try {
      this.settle();
    } catch (error) {
      failure = { body: refusalReply(error) };
    }
    for (const { socket, message, reply } of due) {
      if (!message.silent && socket.writable) socket.write(framed(message, failure ?? reply));
    }
    this.sent();
  }
}

/** A reply's bytes; those of a refusal where it is too large. */
function framed(message: Message, reply: Reply): Buffer {
  try {
    return writeReply(message, reply);
  } catch (error) {
    return writeReply(message, { body: refusalReply(error) });
  }
}

/** Cuts a connection's bytes into messages. */
class Inbox {
  private chunks: Buffer[] = [];
  private size = 0;
  private wanted = 0;

  /** The messages that are whole now. Throws where there can be none. */
  take(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size < this.wanted) return []; // a large message comes in many pieces: join them once
    let whole = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.size);
    const out: Buffer[] = [];
    for (;;) {
      this.wanted = messageLength(whole);
      if (this.wanted !== 0 && (this.wanted < 16 || this.wanted > MAX_MESSAGE_BYTES)) {
        throw new Error(`a message of ${this.wanted} bytes`);
      }
      if (this.wanted === 0 || whole.length < this.wanted) break;
      out.push(whole.subarray(0, this.wanted));
      whole = whole.subarray(this.wanted);
    }
    this.chunks = whole.length > 0 ? [whole] : [];
    this.size = whole.length;
    return out;
  }
}

export interface WireServer {
  server: Server;
  /** Stops listening, answers what has come, hangs up. */
  close(): Promise<void>;
}

/** Serves sessions over sockets. `listening` is left to the caller: a path, or a port on loopback. */
export function wireServer(session: Omit<Session, 'connectionId'>, settle: Settle): WireServer {
  // A reply holds documents where they lie until it is sent; a cursor does for as long as it is open.
  const replies = new Replies(settle, () => {
    if (session.cursors.size === 0) session.databases.recycle();
  });
  const sockets = new Set<Socket>();
  let connections = 0;

  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    const own: Session = { ...session, connectionId: connections };
    const inbox = new Inbox();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // the peer went away: 'close' follows
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const bytes of inbox.take(chunk)) {
          const message = readMessage(bytes);
          const { database, body, refused } = message;
          const request: Request = { database, body };
          replies.add(socket, message, refused ? { body: refusalReply(refused) } : runCommand(request, own));
        }
      } catch {
        socket.destroy(); // bytes that are no message: what follows them cannot be trusted
      }
    });
  });

  return {
    server,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      replies.send();
      for (const socket of sockets) socket.destroySoon();
      await closed;
    },
  };
}
