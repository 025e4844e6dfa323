import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { CONNECT_TIMEOUT } from './provider-failure.js';

/** A connection that is not up by then surely carried nothing: `retry-at`, not `unknown`. */
export const CONNECT_MS = 5_000;
/** An idle socket is let go before the provider drops it under the next request. */
export const IDLE_MS = 20_000;

export interface ProviderAgents {
  httpAgent: http.Agent;
  httpsAgent: https.Agent;
}

/** Keep-alive sockets. How many are open is bounded by the sender's slots; an agent's own queue would hide lateness. */
export function providerAgents(width: number, timeoutMs: number): ProviderAgents {
  const connectMs = Math.min(CONNECT_MS, timeoutMs / 2);
  const options = { keepAlive: true, maxSockets: Infinity, maxFreeSockets: width, timeout: IDLE_MS };
  return {
    httpAgent: boundConnect(new http.Agent(options), 'connect', connectMs),
    httpsAgent: boundConnect(new https.Agent(options), 'secureConnect', connectMs),
  };
}

function boundConnect<A extends http.Agent>(agent: A, up: 'connect' | 'secureConnect', ms: number): A {
  type Create = (...args: unknown[]) => net.Socket | undefined;
  const held = agent as unknown as { createConnection: Create };
  const create = held.createConnection.bind(agent);
  held.createConnection = (...args) => {
    const socket = create(...args);
    if (!socket) return socket;
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('connect timed out'), { code: CONNECT_TIMEOUT }));
    }, ms);
    for (const over of [up, 'close']) socket.once(over, () => clearTimeout(timer));
    return socket;
  };
  return agent;
}
