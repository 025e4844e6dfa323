import http from 'node:http';
import { serve } from './child.js';
import { monotonicMs, useOfThis } from './measure.js';
import type { Cost } from './throughput.js';

interface Wanted {
  url: string;
  bodies: readonly string[];
  concurrency: number;
  count: number;
}

/** Posts the same bodies to the same sink as the dispatcher, as many at once, and does nothing else at all. */
async function post({ url, bodies, concurrency, count }: Wanted): Promise<Cost> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  const target = new URL('/v3/mail/send', url);
  const whole = bodies.map((body) => Buffer.from(body));
  let next = 0;
  const once = (body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: 'Bearer SG.bench',
        'content-type': 'application/json',
        'content-length': body.length,
      };
      const request = http.request(target, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', resolve);
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  const lane = async (): Promise<void> => {
    while (next < count) {
      const body = whole[next % whole.length] ?? Buffer.alloc(0);
      next += 1;
      await once(body);
    }
  };
  const before = useOfThis();
  const started = monotonicMs();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (monotonicMs() - started) / 1_000;
  agent.destroy();
  return {
    perSecond: count / seconds,
    cpuMicroseconds: ((useOfThis().cpuMs - before.cpuMs) / count) * 1_000,
  };
}

serve({ post });
