import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refusalLines } from './boot-refusal.js';
import { type AppName, type ConfigError, readConfig } from './config.js';
import { rootDir } from './root.js';

const apart = {
  MONGODB_URI: 'mongodb://localhost:27017/lagom',
  KAFKA_BROKERS: 'one:9092, two:9093',
  LAGOM_SECRET: 'a-secret-of-enough-length,an-older-one-of-enough-length',
  LAGOM_HASH_KEY: 'k2:the-newer-key-of-the-ring,k1:the-older-key-of-the-ring',
};

function faults(env: NodeJS.ProcessEnv, app: AppName = 'all') {
  try {
    readConfig(env, app);
  } catch (error) {
    return Object.fromEntries((error as ConfigError).faults.map((fault) => [fault.variable, fault.problem]));
  }
  return {};
}

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'lagom-config-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true });
});

describe('readConfig', () => {
  it('reads what each fault below spoils', () => {
    const config = readConfig({ ...apart, PORT: '8080', PUBLIC_URL: 'https://m.example.se/' }, 'dispatcher');
    expect(config).toMatchObject({
      port: 8080,
      publicUrl: 'https://m.example.se',
      mongoUri: apart.MONGODB_URI,
      kafka: { brokers: ['one:9092', 'two:9093'], groupPrefix: 'lagom' },
      send: { mode: 'capture' },
      secrets: ['a-secret-of-enough-length', 'an-older-one-of-enough-length'],
      adminKey: null,
      adminKeyIsNew: false,
      tenantsDir: join(rootDir(), 'tenants'),
      dataDir: join(rootDir(), '.lagom'),
    });
    expect(config.hashKeys.map(({ id, key }) => [id, key.toString()])).toEqual([
      ['k2', 'the-newer-key-of-the-ring'],
      ['k1', 'the-older-key-of-the-ring'],
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['PORT', '65536', /no port/],
    ['PORT', 'http', /no port/],
    ['PUBLIC_URL', 'm.example.se', /no URL/],
    ['PUBLIC_URL', 'ftp://m.example.se', /http or https/],
    ['PUBLIC_URL', 'https://anna:pw@m.example.se', /user or password/],
    ['PUBLIC_URL', 'https://m.example.se/?a=1', /query/],
    ['LOG_LEVEL', 'loud', /none of trace/],
    ['MONGODB_URI', 'localhost:27017', /mongodb:\/\//],
    ['KAFKA_BROKERS', 'one:9092,two', /broker 2/],
    ['KAFKA_BROKERS', 'one:0', /broker 1/],
    ['KAFKA_GROUP_PREFIX', 'a b', /letters/],
    ['LAGOM_SECRET', 'a-secret-of-enough-length,short', /secret 2 is shorter/],
    ['LAGOM_HASH_KEY', 'the-newer-key-of-the-ring', /key 1 is not id:key/],
    ['LAGOM_HASH_KEY', 'k1:short', /id k1 is shorter/],
    ['LAGOM_HASH_KEY', 'k1:the-newer-key-of-the-ring,k1:the-older-key-of-the-ring', /k1 twice/],
    ['LAGOM_ADMIN_KEY', 'short', /shorter/],
    ['LAGOM_TRUSTED_PROXIES', '198.51.100.0/24,cdn.example.se', /network 2 is no address and no CIDR/],
    ['LAGOM_TRUSTED_PROXIES', '198.51.100.0/', /network 1 is no address/],
    ['LAGOM_TRUSTED_PROXIES', '198.51.100.0/33', /network 1 has more than 32 bits/],
    ['LAGOM_TRUSTED_PROXIES', '2001:db8::/129', /network 1 has more than 128 bits/],
    ['LAGOM_TRUSTED_PROXIES', '0.0.0.0/0', /network 1 is everybody/],
    ['LAGOM_SEND', 'Live', /none of capture/],
    ['LAGOM_SEND', 'live:anna@example.se', /takes no address/],
    ['LAGOM_SEND', 'redirect:', /needs email/],
    ['LAGOM_SEND', 'redirect:anna@example.se,bo@example.se', /exactly one/],
    ['LAGOM_SEND', 'allow:anna@example.se,bo', /needs email/],
    ['LAGOM_SEND', 'allow:0701740605', /E\.164/],
  ])('refuses %s=%s', (variable, value, problem) => {
    expect(faults({ ...apart, [variable]: value }, 'console')).toEqual({
      [variable]: expect.stringMatching(problem),
    });
  });

  it.each<[string, object]>([
    ['capture', { mode: 'capture' }],
    ['live', { mode: 'live' }],
    ['redirect:Anna@Example.se', { mode: 'redirect', to: 'anna@example.se' }],
    ['redirect:+46701740605', { mode: 'redirect', to: '+46701740605' }],
    ['allow:anna@example.se, +46701740605', { mode: 'allow', to: ['anna@example.se', '+46701740605'] }],
  ])('understands LAGOM_SEND=%s', (value, send) => {
    expect(readConfig({ ...apart, LAGOM_SEND: value }, 'dispatcher').send).toEqual(send);
  });

  it('names every fault at once, in one order, with an example', () => {
    try {
      readConfig({ LAGOM_SEND: 'lve', PORT: 'x', LOG_LEVEL: '' }, 'scheduler');
      throw new Error('was not refused');
    } catch (error) {
      expect((error as ConfigError).name).toBe('ConfigError');
      expect((error as ConfigError).faults.map((fault) => fault.variable)).toEqual([
        'PORT',
        'MONGODB_URI',
        'KAFKA_BROKERS',
        'LAGOM_SEND',
        'LAGOM_SECRET',
        'LAGOM_HASH_KEY',
      ]);
      expect(refusalLines(error)).toHaveLength(7);
      expect(refusalLines(error)?.[1]).toBe('  PORT: is no port from 0 to 65535: "x"; for example PORT=3000');
    }
  });

  it('never repeats a secret in a fault', () => {
    try {
      readConfig(
        { LAGOM_SECRET: 'hunter2', MONGODB_URI: 'mysql://root:hunter2@db', LAGOM_HASH_KEY: 'hunter2' },
        'cli',
      );
      throw new Error('was not refused');
    } catch (error) {
      expect((error as ConfigError).faults.length).toBeGreaterThanOrEqual(4);
      expect(String((error as Error).message)).not.toContain('hunter2');
    }
  });

  it('passes on to the tenants what is not ours', () => {
    const { providers } = readConfig({ ...apart, SENDGRID_API_KEY: 'SG.x', TWILIO_AUTH_TOKEN: ' ' }, 'all');
    expect(providers).toEqual({ SENDGRID_API_KEY: 'SG.x' });
  });
});

describe('the embedded all', () => {
  it('makes what is absent, keeps it for its owner only, and finds it again', () => {
    const dir = join(folder(), 'data');
    const first = readConfig({ LAGOM_DATA_DIR: dir }, 'all');
    expect(first).toMatchObject({ mongoUri: null, kafka: null, adminKeyIsNew: true, dataDir: dir });
    expect(first.secrets[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(join(dir, 'secrets.json')).mode & 0o777).toBe(0o600);
    const second = readConfig({ LAGOM_DATA_DIR: dir }, 'all');
    expect(second).toEqual({ ...first, adminKeyIsNew: false });
  });

  it('lets the environment win, and does not keep what it named', () => {
    const dir = folder();
    const env = {
      ...apart,
      MONGODB_URI: undefined,
      LAGOM_DATA_DIR: dir,
      LAGOM_ADMIN_KEY: 'an-admin-key-long-enough',
    };
    const config = readConfig(env, 'all');
    expect(config).toMatchObject({ adminKey: 'an-admin-key-long-enough', adminKeyIsNew: false });
    expect(config.secrets).toHaveLength(2);
    expect(() => readFileSync(join(dir, 'secrets.json'))).toThrow('ENOENT');
  });

  it('keeps nothing with memory', () => {
    const one = readConfig({ LAGOM_DATA_DIR: 'memory' }, 'all');
    const two = readConfig({ LAGOM_DATA_DIR: 'memory' }, 'all');
    expect(one).toMatchObject({ dataDir: null, adminKeyIsNew: true });
    expect(two.adminKey).not.toBe(one.adminKey);
  });

  it('does not begin anew over damaged secrets', () => {
    const dir = folder();
    writeFileSync(join(dir, 'secrets.json'), '{"secrets":["half');
    expect(faults({ LAGOM_DATA_DIR: dir })).toEqual({ LAGOM_DATA_DIR: expect.stringMatching(/damaged/) });
  });

  it('makes nothing up beside a real MongoDB', () => {
    expect(Object.keys(faults({ MONGODB_URI: apart.MONGODB_URI }))).toEqual([
      'LAGOM_SECRET',
      'LAGOM_HASH_KEY',
    ]);
  });
});
