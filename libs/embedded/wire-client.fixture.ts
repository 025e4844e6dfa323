import { createConnection, type Socket } from 'node:net';
import { deserialize, serialize, type Doc } from './bson.js';

/** What one message may ask for beside its body. */
export interface Framing {
  /** Documents in a row, by the name of the array that they are. */
  sequences?: Record<string, readonly (Doc | Buffer)[]>;
  flags?: number;
  /** Bytes after the sections, where a checksum would be. */
  tail?: Buffer;
}

/** A command as OP_MSG. */
export function opMsg(
  id: number,
  body: Doc,
  { sequences = {}, flags = 0, tail = Buffer.alloc(0) }: Framing = {},
): Buffer {
  const parts: Uint8Array[] = [Buffer.of(0), serialize(body)];
  for (const [name, documents] of Object.entries(sequences)) {
    const inner = Buffer.concat([
      Buffer.from(`${name}\0`),
      ...documents.map((doc) => (Buffer.isBuffer(doc) ? doc : serialize(doc))),
    ]);
    const size = Buffer.alloc(4);
    size.writeInt32LE(inner.length + 4);
    parts.push(Buffer.of(1), size, inner);
  }
  const head = Buffer.alloc(20);
  const whole = Buffer.concat([head, ...parts, tail]);
  for (const [at, value] of [whole.length, id, 0, 2013].entries()) whole.writeInt32LE(value, at * 4);
  whole.writeUInt32LE(flags, 16);
  return whole;
}

/** A client of a few lines, where the driver would be too polite: it says nothing but what it is told to. */
export class WireClient {
  private bytes = Buffer.alloc(0);
  private readonly waiting = new Map<
    number,
    { resolve: (body: Doc) => void; reject: (error: Error) => void }
  >();
  private id = 0;
  /** Settles when the server hangs up. */
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.hear(chunk));
    socket.on('error', () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        for (const { reject } of this.waiting.values()) reject(new Error('the server hung up'));
        resolve();
      });
    });
  }

  static async connect(uri: string): Promise<WireClient> {
    const host = decodeURIComponent(uri.split('/')[2]!);
    const [name, port] = host.split(':');
    const socket = host.startsWith('/') ? createConnection(host) : createConnection(Number(port), name);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new WireClient(socket);
  }

  /** Sends a command to a database and waits for its reply, whatever it says. */
  async ask(database: string, body: Doc, framing?: Framing): Promise<Doc> {
    const id = (this.id += 1);
    const reply = new Promise<Doc>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.socket.write(opMsg(id, { ...body, $db: database }, framing));
    return reply;
  }

  close(): void {
    this.socket.destroy();
  }

  private hear(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    while (this.bytes.length >= 4 && this.bytes.length >= this.bytes.readInt32LE(0)) {
      const message = this.bytes.subarray(0, this.bytes.readInt32LE(0));
      this.bytes = this.bytes.subarray(message.length);
      const lead = message.readInt32LE(12) === 2013 ? 21 : 36;
      const id = message.readInt32LE(8);
      this.waiting.get(id)?.resolve(deserialize(message.subarray(lead)));
      this.waiting.delete(id);
    }
  }
}
