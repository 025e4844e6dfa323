import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLINIC, startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { tenantsWith } from './tenants.fixture.js';
import { choice, DAY, person, tell, visit } from './visit.fixture.js';

let lagom: Lagom;
let tenants: Awaited<ReturnType<typeof tenantsWith>>;
beforeAll(async () => {
  tenants = await tenantsWith('unknownAge: adult', 'unknownAge: adult\n  segmentServices: [Klippning]');
  lagom = await startLagom({ env: { LAGOM_TENANTS: tenants.folder } });
});
afterAll(async () => {
  await lagom.close();
  await tenants.remove();
});

const count = async (predicate: unknown, tenant = CLINIC): Promise<number> => {
  const { status, body } = await lagom.api('POST', '/v1/segments/count', { predicate }, { tenant });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.count as number;
};
const ago = (days: number): Date => new Date(lagom.now().getTime() - days * DAY);

describe('segments', () => {
  it('count what events have told, the moment that they are answered', async () => {
    expect(await count({ visits: { atMost: 0 } })).toBe(0);
    const [anna, bo] = [person(), person({ locale: 'en' })];
    const booking = visit(ago(2), { service: 'Klippning' });
    await tell(lagom, 'booking.completed', { customer: anna, booking });
    await tell(lagom, 'booking.confirmed', { customer: bo, booking: visit(ago(-3), { service: 'Botox' }) });
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: bo.id },
      choices: [choice('newsletter', 'email', 'given')],
    });
    expect(await count({ visits: { atLeast: 1 } })).toBe(1);
    expect(await count({ lastVisit: { withinDays: 1 } })).toBe(0);
    expect(await count({ nextVisit: { withinDays: 7 } })).toBe(1);
    expect(await count({ choice: { purpose: 'newsletter', channel: 'email', state: 'given' } })).toBe(1);
    expect(await count({ choice: { purpose: 'offers', channel: 'email', state: 'given' } })).toBe(0);
    expect(await count({ service: { anyOf: ['Klippning'] } })).toBe(1);
    expect(await count({ not: { locale: { anyOf: ['sv'] } } })).toBe(1);
    expect(await count({ visits: { atMost: 0 } }, TRAVEL)).toBe(0);
    await lagom.api('DELETE', `/v1/customers/${anna.id}`);
    expect(await count({ visits: { atLeast: 1 } })).toBe(0);
    expect(await count({ visits: { atMost: 9 } })).toBe(1);
  });

  it('are kept by name, read, listed, changed, and name each other without circles', async () => {
    const api = lagom.api;
    const made = await api('POST', '/v1/segments', {
      name: 'Stamgäster',
      predicate: { visits: { atLeast: 3 } },
    });
    expect(made.status).toBe(201);
    const { id } = made.body;
    const others = await api('POST', '/v1/segments', { name: 'Andra', predicate: { not: { segment: id } } });
    expect(others.status).toBe(201);
    expect(await count({ segment: others.body.id })).toBe(1);
    const changed = await api('PUT', `/v1/segments/${id}`, {
      name: 'Alla',
      predicate: { visits: { atMost: 99 } },
    });
    expect(changed.body).toMatchObject({
      id,
      name: 'Alla',
      predicate: { visits: { atMost: 99 } },
      updatedBy: 'LAGOM_ADMIN_KEY',
    });
    expect(await count({ segment: others.body.id })).toBe(0);
    const circle = await api('PUT', `/v1/segments/${id}`, {
      name: 'Alla',
      predicate: { or: [{ segment: others.body.id }] },
    });
    expect([circle.status, circle.body.errors]).toEqual([
      422,
      [
        {
          pointer: '#/predicate/or/0/segment',
          detail: 'names itself, by this or by a segment that it names',
        },
      ],
    ]);
    const page = await api('GET', '/v1/segments?limit=1');
    expect(page.body.items).toMatchObject([{ id: others.body.id }]);
    const next = await api('GET', `/v1/segments?limit=1&cursor=${page.body.next}`);
    expect(next.body).toMatchObject({ items: [{ id }] });
    expect(next.body.next).toBeUndefined();
    for (const [method, path] of [
      ['GET', `/v1/segments/${id}`],
      ['PUT', `/v1/segments/${id}`],
    ] as const) {
      const body = method === 'PUT' ? { name: 'x', predicate: { visits: { atLeast: 1 } } } : undefined;
      expect((await api(method, path, body, { tenant: TRAVEL })).status).toBe(404);
    }
  });

  it('that others name do not grow past what those can be asked for', async () => {
    const write = (name: string, predicate: unknown) =>
      lagom.api('POST', '/v1/segments', { name, predicate }).then(({ body }) => body.id as string);
    const base = await write('Bas', { visits: { atLeast: 1 } });
    const top = await write('Topp', { or: Array.from({ length: 50 }, () => ({ segment: base })) });
    const change = (size: number) =>
      lagom.api('PUT', `/v1/segments/${base}`, {
        ...{
          name: 'Bas',
          predicate: { or: Array.from({ length: size }, () => ({ visits: { atLeast: 2 } })) },
        },
      });
    expect((await change(10)).status).toBe(200);
    const refused = await change(50);
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [
        {
          pointer: '#/predicate',
          detail: expect.stringMatching(
            new RegExp(`^"Topp" \\(${top}\\) names this one: expected at most 2000`),
          ),
        },
      ],
    ]);
    expect(await count({ segment: top })).toBe(0);
    const chain = [base];
    for (let deep = 0; deep < 4; deep++) chain.push(await write('Kedja', { segment: chain.at(-1) }));
    const leaf = await write('Löv', { segment: await write('Blad', { visits: { atLeast: 1 } }) });
    const deepened = await lagom.api('PUT', `/v1/segments/${base}`, {
      ...{ name: 'Bas', predicate: { segment: leaf } },
    });
    expect([deepened.status, deepened.body.errors]).toMatchObject([
      422,
      [{ pointer: '#/predicate', detail: expect.stringContaining('at most 5 deep') }],
    ]);
  });

  it('are asked for in JSON: a form, as curl sends where nothing is said, is a 415', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const said = '{"predicate": {"visits": {"atLeast": 1}}}';
    const { status, body } = await lagom.api('POST', '/v1/segments/count', said, { headers });
    expect([status, body.detail]).toEqual([415, expect.stringContaining('application/json')]);
  });

  it.each<[string, unknown, string]>([
    ['no predicate', {}, '#/predicate'],
    [
      'a service that may be health data',
      { predicate: { and: [{ service: { anyOf: ['Botox'] } }] } },
      '#/predicate/and/0/service/anyOf/0',
    ],
    ['an operator of the database', { predicate: { $where: '1' } }, '#/predicate/$where'],
    ['a member beside it', { predicate: { visits: { atLeast: 1 } }, limit: 1 }, '#/limit'],
    [
      'what nests without end',
      `{"predicate":${'{"not":'.repeat(3_000)}{}${'}'.repeat(3_000)}}`,
      `#/predicate${'/not'.repeat(8)}`,
    ],
  ])('refuse %s, and say where', async (_, body, pointer) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await lagom.api('POST', '/v1/segments/count', body, { headers });
    expect([answer.status, answer.body.errors.map((error: { pointer: string }) => error.pointer)]).toEqual([
      422,
      [pointer],
    ]);
  });
});
