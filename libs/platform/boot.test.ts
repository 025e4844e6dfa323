import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  type OnModuleDestroy,
  Post,
  Req,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { BootRefusal } from './boot-refusal.js';
import { bootApp, type BootedApp, printRefusal } from './boot.js';
import { HealthController } from './health.controller.js';
import { Health } from './health.js';
import { Metrics } from './metrics.js';
import type { ReadRequest } from './read-body.js';
import { quietLog } from './telemetry.js';

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<ReadRequest>().headers.authorization) return true;
    throw new UnauthorizedException();
  }
}

/** Holds one request open until the test lets go. */
class Gate {
  entered!: () => void;
  open!: () => void;
  readonly inside = new Promise<void>((resolve) => (this.entered = resolve));
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}
let gate = new Gate();

@UseGuards(KeyGuard)
@Controller()
class EchoController {
  @Post('echo')
  echo(@Body() body: unknown, @Req() request: ReadRequest): unknown {
    return { body: body ?? null, raw: request.rawBody?.toString('latin1') ?? null };
  }

  @Get('slow')
  async slow(): Promise<string> {
    gate.entered();
    await gate.opened;
    return 'ended';
  }
}

const order: string[] = [];
@Injectable()
class Consumer implements OnModuleDestroy {
  onModuleDestroy(): void {
    order.push('drained');
  }
}

@Module({
  controllers: [HealthController, EchoController],
  providers: [
    Consumer,
    { provide: Health, useFactory: () => new Health() },
    { provide: Metrics, useFactory: () => new Metrics() },
  ],
})
class TestModule {}

const booted: BootedApp[] = [];
async function boot(): Promise<BootedApp> {
  const app = await bootApp({ module: TestModule, port: 0, log: quietLog });
  booted.push(app);
  return app;
}
afterEach(async () => {
  gate.open();
  await Promise.all(booted.splice(0).map((app) => app.close()));
  gate = new Gate();
  order.length = 0;
});

const key = { authorization: 'Bearer x' };
const post = (app: BootedApp, body: string | Uint8Array, headers: Record<string, string>) =>
  fetch(`${app.url}/echo`, { method: 'POST', body: body as string, headers });

describe('bootApp', () => {
  it('answers health, readiness and metrics', async () => {
    const app = await boot();
    const health = app.app.get(Health);
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${app.url}/readyz`)).json()).toEqual({ ready: true, notReady: [] });
    health.register('mongo', () => true);
    health.register('kafka', () => Promise.reject(new Error('no broker')));
    const unready = await fetch(`${app.url}/readyz`);
    expect([unready.status, await unready.json()]).toEqual([503, { ready: false, notReady: ['kafka'] }]);
    const metrics = await fetch(`${app.url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain('lagom_messages_total');
  });

  it('sets the headers that keep pages to themselves', async () => {
    const app = await boot();
    const { headers } = await fetch(`${app.url}/healthz`);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-robots-tag')).toContain('noindex');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect([headers.get('x-powered-by'), headers.get('etag')]).toEqual([null, null]);
  });

  it('reads JSON, its relatives and forms, and keeps the bytes', async () => {
    const app = await boot();
    const event = await post(app, '{"a": 1}\r\n', {
      ...key,
      'content-type': 'application/cloudevents+json; charset=utf-8',
    });
    expect(await event.json()).toEqual({ body: { a: 1 }, raw: '{"a": 1}\r\n' });
    const form = await post(app, 'a=1&b=2&b=3', {
      ...key,
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(await form.json()).toMatchObject({ body: { a: '1', b: ['2', '3'] } });
    const other = await post(app, 'a', { ...key, 'content-type': 'multipart/form-data; boundary=x' });
    expect(await other.json()).toEqual({ body: null, raw: 'a' });
  });

  it('asks who is there before it says what is wrong with the body', async () => {
    const app = await boot();
    const json = { 'content-type': 'application/json' };
    expect((await post(app, '{"a":', json)).status).toBe(401);
    const wrong = await post(app, '{"Anna":', { ...key, ...json });
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).not.toContain('Anna');
    expect((await post(app, Uint8Array.of(0x22, 0xff, 0x22), { ...key, ...json })).status).toBe(400);
    expect((await post(app, '{}', { ...key, ...json, 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post(app, 'x'.repeat(5 * 1024 * 1024 + 1), { ...key, ...json })).status).toBe(413);
  });

  it('drains: says so, lets what is under way end, then closes', async () => {
    const app = await boot();
    const slow = fetch(`${app.url}/slow`, { headers: key });
    await gate.inside;
    const closing = app.close();
    expect(await app.app.get(Health).notReady()).toEqual(['draining']);
    gate.open();
    expect(await (await slow).text()).toBe('ended');
    await closing;
    expect(order).toEqual(['drained']);
    await expect(fetch(`${app.url}/healthz`)).rejects.toThrow();
  });

  it('refuses a port that is taken, plainly', async () => {
    const app = await boot();
    const port = Number(new URL(app.url).port);
    const said: unknown[] = [];
    const log = { ...quietLog, error: (...all: unknown[]) => void said.push(all) };
    const refused = bootApp({ module: TestModule, port, log });
    await expect(refused).rejects.toMatchObject({ faults: [{ variable: 'PORT' }] });
    expect(said).toEqual([]);
  });
});

describe('a module that cannot be made', () => {
  it('throws what refused it, and says it nowhere else', async () => {
    const refusal = new BootRefusal('The tenants are not right', [{ path: 'id', problem: 'is missing' }]);
    const said: unknown[] = [];
    const log = { ...quietLog, error: (...all: unknown[]) => void said.push(all) };
    const fails = {
      provide: 'tenants',
      useFactory: () => {
        throw refusal;
      },
    };
    const module = { module: TestModule, providers: [fails] };
    await expect(bootApp({ module, port: 0, log })).rejects.toBe(refusal);
    expect(said).toEqual([]);
  });
});

describe('printRefusal', () => {
  const printed = (error: unknown) => {
    const lines: string[] = [];
    printRefusal(error, (line) => lines.push(line) > 0);
    return lines;
  };
  it('prints one fault a line: where, what, and what would be right', () => {
    const error = new BootRefusal('The tenants are not right', [
      { file: 'tenants/a.yaml', line: 3, path: 'policy.caps', problem: 'is no number', example: '5' },
      { variable: 'PORT', problem: 'is no port' },
    ]);
    expect(printed(error)).toEqual([
      'The tenants are not right: 2 faults',
      '  tenants/a.yaml:3 policy.caps: is no number; for example 5',
      '  PORT: is no port',
    ]);
  });
  it('says that no MongoDB answers', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED'), { name: 'MongooseServerSelectionError' });
    expect(printed(error)[0]).toMatch(/no MongoDB answers at MONGODB_URI/);
  });
  it('shows where a bug is, without personal data', () => {
    const lines = printed(new TypeError('no anna@example.se'));
    expect(lines[0]).toBe('Lagom does not start: TypeError: no [email]');
    expect(lines[1]).toContain('boot.test');
  });
});
