import { describe, expect, it } from '@jest/globals';
import { createLog, type Log, type LogFields } from './telemetry.js';

function logged(say: (log: Log) => void, level = 'debug'): Record<string, unknown>[] {
  const lines: string[] = [];
  say(createLog({ level, app: 'dispatcher' }, { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('writes one JSON object a line, with what is safe', () => {
    const [line] = logged((log) =>
      log.info({ tenant: 'wellbe', count: 3, counts: { sent: 3 }, topic: 'a' }, 'pass done'),
    );
    expect(line).toMatchObject({
      level: 'info',
      app: 'dispatcher',
      tenant: 'wellbe',
      count: 3,
      counts: { sent: 3 },
      topic: 'a',
      msg: 'pass done',
    });
  });

  it('is silent below its level', () => {
    expect(logged((log) => log.debug('chatter'), 'info')).toEqual([]);
  });

  it('does not let through what is not named, nor compile it', () => {
    const fields = { email: 'anna@example.se', customer: { name: 'Anna' } };
    // @ts-expect-error -- a key that is no safe one
    const wrong: LogFields = { email: 'anna@example.se' };
    const text = JSON.stringify(logged((log) => [log.info(fields as LogFields, 'x'), log.info(wrong, 'y')]));
    expect(text).not.toMatch(/anna/i);
    expect(text).toContain('"redacted":2');
  });

  it.each<[string, LogFields]>([
    ['an address in a safe key', { reason: 'no user anna@example.se' }],
    ['an address in a list', { path: ['anna@example.se', 3] }],
    ['an object in a safe key', { name: { anna: 1 } as unknown as string }],
    ['an error’s message', { err: new Error('550 anna@example.se unknown') }],
    ['an error’s cause', { err: new Error('x', { cause: new Error('to anna@example.se') }) }],
    [
      'an error’s own fields',
      { err: Object.assign(new Error('x'), { response: { to: 'anna' }, keyValue: { name: 'Anna' } }) },
    ],
    ['a duplicate key', { err: new Error('E11000 duplicate key error dup key: { name: "Anna" }') }],
    ['a parser’s quotation', { err: new SyntaxError('Unexpected token "Anna Svensson" is not JSON') }],
    ['a thrown text', { err: 'no anna@example.se' }],
  ])('masks %s', (_case, fields) => {
    const [line] = logged((log) => log.error(fields, 'failed'));
    expect(JSON.stringify(line)).not.toMatch(/anna/i);
    expect(line?.msg).toBe('failed');
  });

  it('masks the message itself, and interpolates nothing', () => {
    const [one, two] = logged((log) => {
      log.info('heard anna@example.se');
      (log.info as (...all: unknown[]) => void)('to %s', 'anna@example.se');
    });
    expect([one?.msg, two?.msg]).toEqual(['heard [email]', 'to %s']);
  });

  it('tells an error by name, code, message, frames and cause', () => {
    const cause = Object.assign(new Error('lost'), { code: 'ECONNREFUSED' });
    const [line] = logged((log) => log.error({ err: new TypeError('bad pass', { cause }) }, 'x'));
    expect(line?.err).toMatchObject({
      name: 'TypeError',
      message: 'bad pass',
      frames: expect.arrayContaining([expect.stringContaining('telemetry.test')]),
      cause: { name: 'Error', code: 'ECONNREFUSED', message: 'lost' },
    });
  });

  it('keeps long texts and lists short', () => {
    const [line] = logged((log) =>
      log.warn({ reason: 'x'.repeat(1_000), index: Array.from({ length: 50 }, (_, i) => i) }),
    );
    expect(String(line?.reason)).toHaveLength(301);
    expect(line?.index).toHaveLength(21);
  });
});
