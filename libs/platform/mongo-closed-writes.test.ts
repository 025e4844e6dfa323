import { expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { endWritesWithConnection } from './mongo-closed-writes.js';

interface Written extends EventEmitter {
  error: Error | null;
  socket: unknown;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}
const { Connection } = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js') as {
  Connection: { prototype: Written };
};

/** A connection of the driver whose socket takes nothing more and never says so. */
function writing(drains: boolean): { connection: Written; written: Promise<void> } {
  const connection = Object.assign(Object.create(Connection.prototype) as Written, {
    socket: Object.assign(new EventEmitter(), { write: () => drains }),
  });
  EventEmitter.call(connection as never);
  const command = { toBin: () => Promise.resolve([Buffer.from('hello')]) };
  return { connection, written: connection.writeCommand(command, { agreedCompressor: 'none' }) };
}

it('a write to a connection that closes ends with it, and is not waited for for ever', async () => {
  endWritesWithConnection();
  endWritesWithConnection();
  const { connection, written } = writing(false);
  connection.error = new Error('connection closed');
  connection.emit('close');
  await expect(written).rejects.toThrow('connection closed');
  expect(connection.listenerCount('close')).toBe(0);
});

it('a write that the socket takes is done, and leaves nothing behind', async () => {
  const { connection, written } = writing(true);
  await expect(written).resolves.toBeUndefined();
  expect(connection.listenerCount('close')).toBe(0);
});
