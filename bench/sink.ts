import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from './child.js';
import { monotonicMs } from './measure.js';

/** A provider on loopback, in a process of its own: takes a mail, answers 202 after a while, and counts. */
let afterMs = 5;
let count = 0;
let lastAt = 0;
let toKeep = 0;
let kept: string[] = [];
/** By the number in the recipient's address: when its mail had arrived, by the machine's monotonic clock. */
let arrivals: Map<number, number> | null = null;
let repeated = 0;

const RECIPIENT = /"to":\[\{"email":"p(\d+)@/;

const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  const wanted = toKeep > 0 || arrivals !== null;
  request.on('data', (chunk: Buffer) => {
    if (wanted) chunks.push(chunk);
  });
  request.on('end', () => {
    count += 1;
    lastAt = monotonicMs();
    if (wanted) look(Buffer.concat(chunks).toString('utf8'), lastAt);
    setTimeout(() => {
      response.writeHead(202, { 'x-message-id': `s-${count}`, 'content-length': 0 });
      response.end();
    }, afterMs);
  });
});

function look(body: string, at: number): void {
  if (toKeep > 0) {
    toKeep -= 1;
    kept.push(body);
  }
  const person = RECIPIENT.exec(body)?.[1];
  if (arrivals === null || person === undefined) return;
  if (arrivals.has(Number(person))) repeated += 1;
  else arrivals.set(Number(person), at);
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
    repeated = 0;
    kept = [];
    toKeep = told.keep ?? 0;
    arrivals = told.arrivals === true ? new Map() : null;
  },
  count: () => ({ count, lastAt, repeated }),
  bodies: () => kept,
  arrivals: () => [...(arrivals ?? [])],
});
