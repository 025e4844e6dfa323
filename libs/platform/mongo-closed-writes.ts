import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

/** What is used of the driver's own class; it is not exported, and each part of it is looked for. */
interface DriverConnection extends EventEmitter {
  closed: boolean;
  error?: Error | null;
  writeCommand(...args: unknown[]): Promise<void>;
}

const MENDED = Symbol('writes end with their connection');

/**
 * The driver (7.9 too) may write to a connection that its server has just closed, and then waits for the socket to drain: for
 * ever, as a closed socket says nothing any more. Where that is the monitor's connection, the server is never looked at again
 * and the process does not find back after a restart of MongoDB. Here such a write ends with its connection, as any other
 * command does. Changes the driver that mongoose uses, once; a driver of another make is left as it is.
 */
export function endWritesWithConnection(): void {
  const ofMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
  const { Connection } = ofMongoose('mongodb/lib/cmap/connection.js') as {
    Connection?: { prototype: DriverConnection & { [MENDED]?: true } };
  };
  const own = Connection?.prototype;
  if (typeof own?.writeCommand !== 'function' || own[MENDED]) return;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on the connection below
  const write = own.writeCommand;
  own[MENDED] = true;
  own.writeCommand = function (this: DriverConnection, ...args: unknown[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = (): void => reject(this.error ?? new Error('connection closed'));
      this.once('close', closed);
      write
        .apply(this, args)
        .then(resolve, reject)
        .finally(() => this.off('close', closed));
    });
  };
}
