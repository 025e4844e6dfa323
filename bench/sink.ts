import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from './child.js';
import { monotonicMs } from './measure.js';

/** A provider on loopback, in a process of its own: takes mails, answers 202 after a while, and counts them and the calls. */
let afterMs = 5;
let count = 0;
let calls = 0;
let lastAt = 0;
let toKeep = 0;
let kept: string[] = [];
/** By the number in the recipient's address: when its mail had arrived, by the machine's monotonic clock. */
let arrivals: Map<number, number> | null = null;
let repeated = 0;

const RECIPIENT = /"to":\[\{"email":"p(\d+)@/g;
/** Each of a call's personalizations has one, and nothing else does. */
const EACH_MAIL = Buffer.from('"custom_args":{');

const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    calls += 1;
    count += mailsIn(body);
    lastAt = monotonicMs();
    if (toKeep > 0 || arrivals !== null) look(body.toString('utf8'), lastAt);
    const id = `s-${calls}`;
    setTimeout(() => {
      response.writeHead(202, { 'x-message-id': id, 'content-length': 0 });
      response.end();
    }, afterMs);
  });
});

function mailsIn(body: Buffer): number {
  let found = 0;
  for (let at = body.indexOf(EACH_MAIL); at >= 0; at = body.indexOf(EACH_MAIL, at + 1)) found += 1;
  return found;
}

function look(body: string, at: number): void {
  if (toKeep > 0) {
    toKeep -= 1;
    kept.push(body);
  }
  if (arrivals === null) return;
  for (const [, person] of body.matchAll(RECIPIENT)) {
    if (arrivals.has(Number(person))) repeated += 1;
    else arrivals.set(Number(person), at);
  }
}

serve({
  listen: async (told: { afterMs: number }) => {
    afterMs = told.afterMs;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  /** Counts from nothing again; keeps so many bodies, and who was written to when. */
  reset: (told: { keep?: number; arrivals?: boolean }) => {
    count = 0;
    calls = 0;
    repeated = 0;
    kept = [];
    toKeep = told.keep ?? 0;
    arrivals = told.arrivals === true ? new Map() : null;
  },
  count: () => ({ count, calls, lastAt, repeated }),
  bodies: () => kept,
  arrivals: () => [...(arrivals ?? [])],
});
