import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { rootDir } from '#platform/root';
import { generated } from '../openapi/generate.js';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { Contract, readDocument, type Json } from './openapi.fixture.js';

// Reading the types of all the processes takes a busy machine its time.
jest.setTimeout(300_000);

const document = readDocument();
const operations: [string, Json][] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Json).map(([method, one]): [string, Json] => [`${method} ${path}`, one]),
);

describe('openapi.yaml', () => {
  it('is not stale (npm run generate:openapi)', async () => {
    const kept = readFileSync(join(rootDir(), 'openapi.yaml'), 'utf8');
    expect((await generated()).split('\n')).toEqual(kept.split('\n'));
  });

  it('is OpenAPI 3.1', async () => {
    const judge = async (judged: Json) => {
      const validator = new Validator();
      // It knows no files: what the document points at beside itself is handed to it.
      for (const { $ref } of judged.components.schemas.Event.anyOf as { $ref: string }[])
        await validator.addSpecRef(JSON.parse(readFileSync(join(rootDir(), $ref), 'utf8')), $ref);
      const { valid, errors } = await validator.validate(structuredClone(judged));
      return { valid, errors, version: validator.version };
    };
    expect(await judge(document)).toEqual({ valid: true, version: '3.1' });
    const spoilt = structuredClone(document);
    delete spoilt.paths['/v1/keys'].get.responses['200'].description;
    expect(await judge(spoilt)).toMatchObject({ valid: false });
  });

  it('tells of a next page only where there are pages', () => {
    const told = (path: string): boolean =>
      'Lagom-Next' in (document.paths[path].get.responses['200'].headers ?? {});
    const paged = ['/v1/messages', '/v1/campaigns', '/v1/audit'];
    const single = [
      '/v1/stats',
      '/v1/campaigns/{id}/report',
      '/v1/surveys/results',
      '/v1/record-of-processing',
    ];
    expect([paged.map(told), single.map(told)]).toEqual([paged.map(() => true), single.map(() => false)]);
  });

  it('points at what exists, and has nothing that nobody points at', () => {
    const contract = new Contract(document);
    const text = JSON.stringify(document);
    const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
    expect(refs.length).toBeGreaterThan(200);
    const own = refs.filter((ref) => ref.startsWith('#'));
    expect(own.filter((ref) => contract.at(ref) === undefined)).toEqual([]);
    const named = Object.keys(document.components.schemas);
    expect(named.filter((name) => !own.includes(`#/components/schemas/${name}`))).toEqual([]);
    const files = refs.filter((ref) => !ref.startsWith('#'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect(readFileSync(join(rootDir(), file), 'utf8')).toContain('"$id"');
  });

  it('names each operation once, and the parameters of its path', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [name, { parameters }] of operations) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, one]) => one);
      const told = (parameters as Json[]).filter((one) => one.in === 'path').map((one) => one.name);
      expect([name, told]).toEqual([name, inPath]);
    }
  });

  it('says whose key may ask, of all under /v1 and of nothing else', () => {
    const keyed = operations.filter(([, one]) => one['x-roles'] !== undefined);
    expect(keyed.length).toBeGreaterThan(60);
    expect(keyed.filter(([name]) => !/ \/v1\//.test(name))).toEqual([]);
    expect(operations.filter(([name, one]) => / \/v1\//.test(name) && one['x-roles'] === undefined)).toEqual(
      [],
    );
    for (const [, one] of keyed) expect(one['x-roles']).toContain('admin');
  });
});

describe('what is served', () => {
  let lagom: Lagom;
  beforeAll(async () => {
    lagom = await startLagom();
  });
  afterAll(() => lagom.close());

  it('is told: every route that the server has', () => {
    const { stack } = lagom.app.getHttpAdapter().getInstance().router as {
      stack: { route?: { path: string; methods: Record<string, boolean> } }[];
    };
    // A route of every method answers 405 to what the others do not take.
    const served = stack.flatMap(({ route }) =>
      route === undefined || 'purge' in route.methods
        ? []
        : Object.keys(route.methods).map(
            (method) => `${method} ${route.path.replaceAll(/[:*](\w+)/g, '{$1}')}`,
          ),
    );
    expect(served.length).toBeGreaterThan(90);
    const told = new Set(operations.map(([name]) => name));
    expect(served.filter((one) => !told.has(one))).toEqual([]);
    expect([...told].filter((one) => !served.includes(one))).toEqual([]);
  });

  it('is the document itself, at /openapi.json, to anybody', async () => {
    const response = await fetch(`${lagom.url}/openapi.json`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual(document);
  });
});
