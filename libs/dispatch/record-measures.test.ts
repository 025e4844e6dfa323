import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { choice } from '#consent/choices.fixture';
import { CampaignRows } from '#messages/campaign-rows';
import { CLINIC, Ledger, NEIGHBOUR, NOW } from '#privacy/ledger.fixture';
import { RecordMeasures, type Opening } from './record-measures.js';

let ledger: Ledger;
let rows: CampaignRows;
let record: RecordMeasures;
let counted: Record<string, number>;
beforeAll(async () => {
  ledger = await Ledger.open();
  rows = new CampaignRows(ledger.connection);
});
afterAll(() => ledger.close());
beforeEach(async () => {
  await ledger.clear();
  counted = {};
  const metrics = {
    measured: (what: string, by: string, count: number) =>
      (counted[`${what} ${by}`] = (counted[`${what} ${by}`] ?? 0) + count),
  };
  record = another(metrics);
});
const another = (metrics: ConstructorParameters<typeof RecordMeasures>[6]): RecordMeasures =>
  new RecordMeasures(
    ledger.measures,
    rows,
    ledger.customers,
    ledger.suppressions,
    ledger.tenants,
    ledger.clock,
    metrics,
  );

const REF = 'a'.repeat(32);
const AGAIN = 'b'.repeat(32);
const OTHER = 'c'.repeat(32);
const HOUR = 3_600_000;
const attempt = (n: number, ref: string) => ({
  ...{ n, ref, channel: 'email' as const, at: NOW, outcome: 'accepted', providerId: null },
});
const yes = choice({ purpose: 'measurement', at: NOW });

/** A campaign's mail to Anna that may be measured, unless said otherwise. */
async function sent(measured = true, tenant = CLINIC.id): Promise<string> {
  const known = await ledger.customers.find(tenant, 'anna');
  if (known === null) await ledger.customer({ choiceLog: [yes] }, tenant);
  const { _id } = await ledger.row({
    ...{ tenant, customer: 'anna', campaign: 'c-1', purpose: 'newsletter', stream: 'marketing' },
    ...{ status: 'accepted', variant: 'B', attempts: [attempt(1, REF), attempt(2, AGAIN)] },
    content: {
      ...{ template: 't-1', version: '1', locale: 'sv' },
      ...(measured ? { measured: true as const } : {}),
    },
  });
  ledger.clock.pass(HOUR);
  return _id;
}
const opening = (changes: Partial<Opening> = {}): Opening => ({
  ...{ tenant: CLINIC.id, ref: REF, link: null, at: ledger.clock.now(), machine: null },
  ...changes,
});
const known = async (id: string) => (await ledger.measures.findMany(CLINIC.id, [id])).get(id);

describe('what was opened', () => {
  it('is counted once it has settled, whichever try of the message it was', async () => {
    const id = await sent();
    await sent(true, NEIGHBOUR.id);
    record.hear(opening());
    record.hear(opening({ ref: AGAIN, link: 'b1' }));
    expect(await record.runOnce(NOW)).toEqual({ measured: 0 });
    ledger.clock.pass(2_000);
    expect(await record.runOnce(ledger.clock.now())).toEqual({ measured: 1 });
    expect(await known(id)).toMatchObject({
      ...{ campaign: 'c-1', customer: 'anna', variant: 'B', locale: 'sv', sentAt: NOW },
      ...{ opens: { people: 1 }, clicks: [{ link: 'b1', people: 1 }] },
    });
    expect(await ledger.measures.ofCampaign(NEIGHBOUR.id, 'c-1')).toEqual([]);
    expect(counted).toEqual({ 'open person': 1, 'click person': 1 });
  });

  it('is seen to be a machine’s where its links come one after the other', async () => {
    const id = await sent();
    for (const link of ['b1', 'b2', 'b3']) {
      record.hear(opening({ link }));
      ledger.clock.pass(500);
      await record.runOnce(ledger.clock.now());
    }
    await record.runOnce(NOW, true);
    expect((await known(id))?.clicks.map(({ people, machines }) => [people, machines])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(counted).toEqual({ 'click burst': 3 });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['of a mail that was sent without it', () => sent(false)],
    ['of nobody’s ref', () => Promise.resolve()],
    [
      'once the yes was taken back',
      async () => {
        await sent();
        const [before] = await ledger.customers.findExact(CLINIC.id, ['anna']);
        const no = choice({ purpose: 'measurement', state: 'withdrawn', at: ledger.clock.now() });
        await ledger.customers.write([{ before: before!, after: { ...before!, choiceLog: [yes, no] } }]);
      },
    ],
    [
      'of who is restricted',
      async () => {
        await sent();
        await ledger.restrict.restrict(CLINIC.id, 'anna');
      },
    ],
    [
      'of who was erased',
      async () => {
        await sent();
        await ledger.erase.erase(CLINIC.id, 'anna', 'person');
      },
    ],
  ])('is not counted %s', async (_, begin) => {
    await begin();
    record.hear(opening());
    await record.runOnce(ledger.clock.now(), true);
    expect(await ledger.connection.db!.collection('measures').countDocuments({})).toBe(0);
    expect(counted).toEqual({ 'open not-measured': 1 });
  });

  it('waits for a store that is away, and is let go after a while', async () => {
    const id = await sent();
    record.hear(opening());
    const away = new Outage(rows);
    away.begin();
    await expect(record.runOnce(ledger.clock.now(), true)).rejects.toThrow();
    away.end();
    record.hear(opening({ link: 'b2' }));
    expect(await record.runOnce(ledger.clock.now(), true)).toEqual({ measured: 1 });
    expect(await known(id)).toMatchObject({ opens: { people: 1 }, clicks: [{ link: 'b2' }] });

    record.hear(opening());
    ledger.clock.pass(HOUR);
    away.begin();
    await expect(record.runOnce(ledger.clock.now(), true)).rejects.toThrow();
    away.end();
    expect(await record.runOnce(ledger.clock.now(), true)).toEqual({ measured: 0 });
    expect(counted['open dropped']).toBe(1);
  });

  it('is counted once where the store is lost after the first tenant, or after the first message', async () => {
    const id = await sent();
    await sent(true, NEIGHBOUR.id);
    record.hear(opening());
    record.hear(opening({ tenant: NEIGHBOUR.id }));
    const away = new Outage(rows);
    away.begin({ sparing: CLINIC.id });
    await expect(record.runOnce(ledger.clock.now(), true)).rejects.toThrow();
    away.end();
    expect(await record.runOnce(ledger.clock.now(), true)).toEqual({ measured: 1 });
    expect((await known(id))?.opens.people).toBe(1);
    const [other] = await ledger.measures.ofCampaign(NEIGHBOUR.id, 'c-1');
    expect(other?.opens.people).toBe(1);
    expect(counted).toEqual({ 'open person': 2 });

    const second = await ledger.row({
      _id: `${CLINIC.id}/anna/c-2`,
      ...{ tenant: CLINIC.id, customer: 'anna', campaign: 'c-2', purpose: 'newsletter', stream: 'marketing' },
      ...{ status: 'accepted', variant: 'B', attempts: [attempt(1, OTHER)] },
      content: { template: 't-1', version: '1', locale: 'sv', measured: true as const },
    });
    record.hear(opening());
    record.hear(opening({ ref: OTHER }));
    const write = ledger.measures.write.bind(ledger.measures);
    let writes = 0;
    const broken = jest.spyOn(ledger.measures, 'write').mockImplementation((changes) => {
      writes += 1;
      if (writes > 1) return Promise.reject(new Error('away'));
      return write(changes.filter(({ after }) => after._id === id));
    });
    await expect(record.runOnce(ledger.clock.now(), true)).rejects.toThrow('away');
    broken.mockRestore();
    expect(await record.runOnce(ledger.clock.now(), true)).toEqual({ measured: 1 });
    expect((await known(id))?.opens.people).toBe(2);
    expect((await known(second._id))?.opens.people).toBe(1);
  });

  it('is counted as dropped where it loses each of its races', async () => {
    await sent();
    record.hear(opening());
    const lost = jest.spyOn(ledger.measures, 'write').mockResolvedValue(new Set());
    expect(await record.runOnce(ledger.clock.now(), true)).toEqual({ measured: 0 });
    lost.mockRestore();
    expect(await record.runOnce(ledger.clock.now(), true)).toEqual({ measured: 0 });
    expect(counted).toEqual({ 'open dropped': 1 });
  });

  it('has a bound: what comes beyond it is not kept', () => {
    for (let n = 0; n < 20_001; n += 1) record.hear(opening({ ref: n.toString(16).padStart(32, '0') }));
    expect(counted).toEqual({ 'open dropped': 1 });
  });

  it('has a bound for each mail, also while the store is away: nobody takes the place of others', async () => {
    const id = await sent();
    for (let n = 0; n < 150; n += 1) record.hear(opening({ link: 'b1' }));
    record.hear(opening({ ref: AGAIN }));
    expect(counted).toEqual({ 'click dropped': 50 });

    const away = new Outage(rows);
    away.begin({
      meanwhile: () => {
        for (let n = 0; n < 30; n += 1) record.hear(opening({ link: 'b1' }));
      },
    });
    await expect(record.runOnce(ledger.clock.now(), true)).rejects.toThrow();
    away.end();
    expect(counted).toEqual({ 'click dropped': 80 });
    expect(await record.runOnce(ledger.clock.now(), true)).toEqual({ measured: 1 });
    expect(await known(id)).toMatchObject({ opens: { people: 1 }, clicks: [{ link: 'b1', people: 100 }] });
  });
});

it('two processes lose nothing to each other', async () => {
  const id = await sent();
  const others = Array.from({ length: 3 }, () => another({ measured: () => undefined }));
  for (const one of others) one.hear(opening());
  const passes = await Promise.all(others.map((one) => one.runOnce(ledger.clock.now(), true)));
  const people = (await known(id))?.opens.people;
  expect(people).toBe(passes.reduce((sum, { measured }) => sum + measured, 0));
  expect(people).toBe(3);
});

/** The ledger's rows cannot be read. */
class Outage {
  private readonly read;
  constructor(private readonly of: CampaignRows) {
    this.read = of.findByRefs.bind(of);
  }
  /** But one tenant’s, and with what happens meanwhile. */
  begin({ sparing, meanwhile }: { sparing?: string; meanwhile?: () => void } = {}): void {
    this.of.findByRefs = (tenant, refs) => {
      if (tenant === sparing) return this.read(tenant, refs);
      meanwhile?.();
      return Promise.reject(new Error('away'));
    };
  }
  end(): void {
    this.of.findByRefs = this.read;
  }
}
