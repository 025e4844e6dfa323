import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line to a server on loopback that a test can cut and mend. Who is behind it notices nothing but that. */
export class CutLine {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private readonly held = new Set<Socket>();
  private state: 'whole' | 'refuses' | 'silent' = 'whole';

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (near) => this.join(near));
  }

  static async open(target: number): Promise<CutLine> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CutLine(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** `refuses`: connections end at once, as of a server that has gone; `silent`: bytes get lost, as of a network that has. */
  cut(how: 'refuses' | 'silent'): void {
    this.state = how;
    for (const pair of this.pairs) {
      for (const socket of pair) {
        if (how === 'refuses') socket.destroy();
        else socket.unpipe().pause();
      }
    }
  }

  /** What was cut ends now, and new connections come through. */
  mend(): void {
    this.state = 'whole';
    for (const socket of [...this.held, ...[...this.pairs].flat()]) socket.destroy();
    this.held.clear();
  }

  async close(): Promise<void> {
    this.mend();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private join(near: Socket): void {
    near.on('error', () => near.destroy());
    if (this.state === 'refuses') {
      near.destroy();
      return;
    }
    if (this.state === 'silent') {
      this.held.add(near.pause());
      return;
    }
    const far = connect(this.target, '127.0.0.1');
    const pair = [near, far] as const;
    this.pairs.add(pair);
    far.on('error', () => far.destroy());
    for (const [one, other] of [pair, [far, near] as const]) {
      one.pipe(other);
      one.once('close', () => {
        other.destroy();
        this.pairs.delete(pair);
      });
    }
  }
}
