import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface SmtpMail {
  from: string;
  to: string[];
  raw: string;
}

export type SmtpTurn =
  { at: 'rcpt' | 'data'; code: number; text: string } | 'hang' | 'drop' | 'drop-greeting';

/** A mail server on loopback: keeps what it took, and meets the next mail as it is told. */
export class SmtpSink {
  readonly mails: SmtpMail[] = [];
  connections = 0;
  private queue: SmtpTurn[] = [];

  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
  ) {}

  static async open(port = 0): Promise<SmtpSink> {
    const holder: { sink?: SmtpSink } = {};
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      logger: false,
      onConnect(_session, done) {
        const sink = holder.sink as SmtpSink;
        sink.connections += 1;
        if (sink.queue[0] !== 'drop-greeting') return done();
        sink.queue.shift();
        sink.dropAll();
      },
      onRcptTo(_address, _session, done) {
        const turn = holder.sink?.queue[0];
        if (typeof turn !== 'object' || turn.at !== 'rcpt') return done();
        holder.sink?.queue.shift();
        done(smtpError(turn));
      },
      onData(stream, session, done) {
        const sink = holder.sink as SmtpSink;
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          sink.mails.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString('utf8'),
          });
          const turn = sink.queue.shift();
          if (turn === 'drop') sink.dropAll();
          else if (typeof turn === 'object') done(smtpError(turn));
          else if (turn === undefined) done();
        });
      },
    });
    server.on('error', () => {}); // sockets that the test drops
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    holder.sink = new SmtpSink(server, (server.server.address() as AddressInfo).port);
    return holder.sink;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** What the next mails meet, one each. */
  next(...turns: SmtpTurn[]): void {
    this.queue.push(...turns);
  }

  dropAll(): void {
    for (const connection of this.server.connections) {
      (connection as unknown as { _socket: { destroy(): void } })._socket.destroy();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.dropAll();
    await closed;
  }
}

function smtpError(turn: { code: number; text: string }): Error {
  return Object.assign(new Error(turn.text), { responseCode: turn.code });
}
