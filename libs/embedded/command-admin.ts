import { MAX_DOCUMENT_BYTES, type Doc } from './bson.js';
import type { Command } from './command.js';

/** MongoDB 7.0's. */
export const WIRE_VERSION = 21;
/** The cap on one message: a full document and the command around it. */
export const MAX_MESSAGE_BYTES = MAX_DOCUMENT_BYTES + 256 * 1024;

/** What the driver learns of the server: a standalone, so it neither retries writes nor opens transactions. */
const hello: Command = {
  fields: [
    ...['helloOk', 'client', 'compression', 'loadBalanced', 'topologyVersion', 'maxAwaitTimeMS', 'hostInfo'],
    ...['saslSupportedMechs', 'speculativeAuthenticate', 'backpressure'],
  ],
  run: ({ body }, { wallTime, connectionId }): Doc => ({
    helloOk: true,
    [Object.keys(body)[0] === 'hello' ? 'isWritablePrimary' : 'ismaster']: true,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: wallTime(),
    logicalSessionTimeoutMinutes: 30,
    connectionId,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    ok: 1,
  }),
};

const nothing: Command = { fields: [], run: () => ({ ok: 1 }) };

export const adminCommands: Record<string, Command> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: nothing,
  endSessions: nothing,
  buildInfo: {
    fields: [],
    run: () => ({
      version: '7.0.0',
      versionArray: [7, 0, 0, 0],
      gitVersion: 'lagom-embedded',
      modules: ['lagom-embedded'],
      storageEngines: ['lagom-embedded'],
      maxBsonObjectSize: MAX_DOCUMENT_BYTES,
      ok: 1,
    }),
  },
};
