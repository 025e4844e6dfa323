import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { APP_NAMES, readConfig, type AppName } from '#platform/config';
import { DRAIN_MS } from '#platform/boot';
import { rootDir } from '#platform/root';

interface Service {
  stop_grace_period?: string;
  command?: string[];
  environment?: Record<string, string>;
  healthcheck?: unknown;
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const compose = parse(readFileSync(join(rootDir(), 'docker-compose.yml'), 'utf8'), {
  merge: true,
}) as Compose;
const ours = Object.entries(compose.services).filter(([name]) => APP_NAMES.includes(name as AppName));

/** `${NAME:?…}` and `${NAME:-default}` as compose fills them in. */
const filled = (text: string, given: Record<string, string>): string =>
  text.replaceAll(
    /\$\{(\w+)(?::([?-])([^}]*))?\}/g,
    (_, name: string, kind: string | undefined, rest = '') => {
      const value = given[name];
      if (value !== undefined && value !== '') return value;
      if (kind === '?') throw new Error(`${name} is needed`);
      return String(rest);
    },
  );

const check = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(
  JSON.parse(readFileSync(join(rootDir(), 'test', 'schemas', 'compose.json'), 'utf8')) as object,
);
/** What the Compose specification says against a file. */
function faultsOf(file: unknown): string[] {
  void check(file);
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('docker-compose.yml', () => {
  it('is what the Compose specification takes', () => {
    expect(faultsOf(compose)).toEqual([]);
  });

  it.each<[string, (spoilt: Compose) => void, string]>([
    [
      'a field that is none',
      (spoilt) => Object.assign(spoilt.services['ingest'] ?? {}, { depend_on: {} }),
      '/services/ingest must NOT have unevaluated properties',
    ],
    [
      'a condition that is none',
      (spoilt) =>
        Object.assign(spoilt.services['ingest'] ?? {}, { depends_on: { kafka: { condition: 'up' } } }),
      '/services/ingest/depends_on/kafka/condition must be equal to one of the allowed values',
    ],
    [
      'a volume that is a text',
      (spoilt) => (spoilt.volumes['kafka'] = 'here'),
      '/volumes/kafka must be object,null',
    ],
  ])('would not be with %s', (_, spoil, fault) => {
    const spoilt = structuredClone(compose);
    spoil(spoilt);
    expect(faultsOf(spoilt)).toContainEqual(fault);
  });

  it.each(ours)('gives %s the time that it may need to drain', (_, { stop_grace_period }) => {
    expect(Number(/^(\d+)s$/.exec(stop_grace_period ?? '')?.[1]) * 1_000).toBeGreaterThan(DRAIN_MS);
  });

  it('runs the five processes, each from a program that is built', () => {
    expect(ours.map(([name]) => name).sort()).toEqual([
      'console',
      'dispatcher',
      'ingest',
      'public',
      'scheduler',
    ]);
    for (const [name, { command }] of ours) {
      expect(command?.at(-1)).toBe(`dist/apps/${name}/main.js`);
      expect(existsSync(join(rootDir(), 'apps', name, 'main.ts'))).toBe(true);
    }
  });

  it.each(ours)('gives %s a configuration that it starts with', (name, { environment = {} }) => {
    const secrets = {
      LAGOM_SECRET: 's'.repeat(32),
      LAGOM_HASH_KEY: `k1:${'k'.repeat(32)}`,
      LAGOM_ADMIN_KEY: 'a'.repeat(24),
    };
    const env = Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [key, filled(value, secrets)]),
    );
    const config = readConfig(env, name as AppName);
    expect(config).toMatchObject({
      send: { mode: 'capture' },
      kafka: { brokers: ['kafka:9092'] },
      port: 3000,
    });
    expect(() => Object.values(environment).map((value) => filled(value, {}))).toThrow('is needed');
  });

  it('waits for servers that say when they are there, and keeps what they hold', () => {
    for (const [, { depends_on }] of ours) {
      for (const [server, { condition }] of Object.entries(depends_on ?? {})) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[server]?.healthcheck).toBeDefined();
      }
    }
    const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((v) => v.split(':')[0]),
    );
    expect(mounted.sort()).toEqual(Object.keys(compose.volumes).sort());
  });
});

describe('the image', () => {
  const dockerfile = readFileSync(join(rootDir(), 'Dockerfile'), 'utf8');

  it('holds every folder that a process reads at run time', () => {
    for (const read of [
      'libs/journeys/definitions',
      'templates',
      'tenants',
      'schemas',
      'asyncapi.yaml',
      'openapi.yaml',
      'package.json',
    ]) {
      expect(dockerfile).toContain(read);
      expect(existsSync(join(rootDir(), read))).toBe(true);
    }
  });

  it('runs as nobody special, on a Node that is kept up', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile.match(/^FROM node:24\b/gm)).toHaveLength(2);
  });

  it('names no folder that the build leaves out', () => {
    const ignored = readFileSync(join(rootDir(), '.dockerignore'), 'utf8').split('\n').filter(Boolean);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect(copied.length).toBeGreaterThan(8);
    for (const source of copied) {
      expect(ignored).not.toContain(source);
      expect(readdirSync(rootDir())).toContain(source.split('/')[0]);
    }
  });
});
