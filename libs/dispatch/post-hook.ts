import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { isPrivateAddress } from '#tenants/webhook-address';

const TIMEOUT_MS = 10_000;

/** How a call ended. `gone`: never again (410). `away`: nobody is there; `refused`: this event was not taken. */
export type Posted = { kind: 'delivered' | 'gone' } | { kind: 'away' | 'refused'; why: string };

/**
 * One signed call after Standard Webhooks: `webhook-id` is the event's, the same on every try, so that the receiver can
 * tell a repeat. No redirect is followed. With `publicOnly` a name that resolves into a private network is not called.
 */
export function postHook(
  { url, secret }: { url: string; secret: string },
  { event, body }: { event: string; body: string },
  { now, publicOnly, timeoutMs = TIMEOUT_MS }: { now: Date; publicOnly: boolean; timeoutMs?: number },
): Promise<Posted> {
  const target = new URL(url);
  const headers = {
    'content-type': 'application/cloudevents+json',
    'content-length': Buffer.byteLength(body),
    'webhook-id': event,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(event, now, body),
  };
  const { request } = target.protocol === 'https:' ? https : http;
  return new Promise((resolve) => {
    const call = request(
      target,
      {
        ...{ method: 'POST', headers, agent: false as const },
        signal: AbortSignal.timeout(timeoutMs),
        ...(publicOnly ? { lookup: publicLookup } : {}),
      },
      (response) => {
        response.on('error', () => undefined);
        response.resume();
        resolve(meaningOf(response.statusCode ?? 0));
        // Whatever it has to say is not read to its end.
        response.once('data', () => response.destroy());
      },
    );
    call.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ kind: 'away', why: error.code ?? error.name });
    });
    call.end(body);
  });
}

function meaningOf(status: number): Posted {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  const isAway = status >= 500 || status === 429 || status === 408;
  return { kind: isAway ? 'away' : 'refused', why: `status ${status}` };
}

/** Looked at where it is connected to, so that no name can change its mind in between. */
const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const open = error === null ? found.filter(({ address }) => !isPrivateAddress(address)) : [];
    const [first] = open;
    if (error !== null) done(error, '', 0);
    else if (first === undefined) {
      done(Object.assign(new Error('a private network'), { code: 'EPRIVATE' }), '', 0);
    } else if (options.all === true) done(null, open);
    else done(null, first.address, first.family);
  });
};
