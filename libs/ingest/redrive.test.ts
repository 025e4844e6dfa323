import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeadLetter } from '#messaging/dead-letter.store';
import { EventSink, type OutRecord } from '#messaging/event-sink';
import { CLINIC, Ledger, NEIGHBOUR } from '#privacy/ledger.fixture';
import { Redrive } from './redrive.js';

/** What was produced; `fails`: the broker is away. */
class SeenSink extends EventSink {
  readonly seen: (OutRecord & { topic: string })[] = [];
  fails = false;

  override async produce(topic: string, records: readonly OutRecord[]): Promise<void> {
    if (this.fails) throw new Error('the broker is away');
    this.seen.push(...records.map((record) => ({ ...record, topic })));
    await Promise.resolve();
  }
}

let ledger: Ledger;
let sink: SeenSink;
let driving: Redrive;
beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger.close());
beforeEach(async () => {
  await ledger.clear();
  sink = new SeenSink();
  driving = new Redrive(ledger.deadLetters, sink, ledger.clock);
});

const OWN = [CLINIC.id];
let offset = 0;
async function letter(changes: Partial<DeadLetter> = {}): Promise<string> {
  offset += 1;
  const { _id: _, status: __, ...fields } = changes;
  const kept = {
    topic: 'booking.events',
    partition: 0,
    offset: String(offset),
    tenant: CLINIC.id as string | null,
    type: 'booking.confirmed.v1',
    key: 'anna',
    headers: [['ce_id', `e-${offset}`]] as [string, string][],
    value: Buffer.from(`value ${offset}`).toString('base64'),
    reason: 'as the test says',
    path: null,
    handler: 'lagom-ingest/booking.events',
    at: new Date(ledger.clock.now().getTime() + offset),
    expiresAt: new Date('2026-06-04T07:00:00Z'),
    ...fields,
  };
  await ledger.deadLetters.add(kept);
  return `${kept.topic}/${kept.partition}/${kept.offset}`;
}
const statusOf = async (id: string) =>
  (await ledger.deadLetters.findByIds([CLINIC.id, null], [id]))[0]?.status;

describe('redrive', () => {
  it('produces the same bytes under the same key, marked, the oldest first, and once', async () => {
    const [first, second] = [await letter(), await letter()];
    expect(await driving.redrive(OWN, [second, first], 'Maja')).toEqual({
      redriven: [first, second],
      skipped: [],
      more: false,
    });
    expect(sink.seen[0]).toEqual({
      topic: 'booking.events',
      key: 'anna',
      value: Buffer.from(`value ${offset - 1}`),
      headers: { ce_id: `e-${offset - 1}`, 'lagom-redriven': 'true' },
    });
    expect(sink.seen).toHaveLength(2);
    expect(await statusOf(first)).toBe('redriven');
    expect(await driving.redrive(OWN, [first, 'booking.events/0/x'], 'Maja')).toMatchObject({
      redriven: [],
      skipped: [{ id: first }, { id: 'booking.events/0/x', why: 'not known' }],
    });
    expect(sink.seen).toHaveLength(2);
  });

  it('leaves a letter open that the broker did not take', async () => {
    const id = await letter();
    sink.fails = true;
    await expect(driving.redrive(OWN, [id], 'Maja')).rejects.toThrow('away');
    expect(await statusOf(id)).toBe('open');
    sink.fails = false;
    expect((await driving.redriveAll(OWN, 'Maja')).redriven).toEqual([]);
    ledger.clock.pass(60_000);
    expect((await driving.redriveAll(OWN, 'Maja')).redriven).toEqual([id]);
  });

  it('drives nobody else’s, and nothing on a topic of our own', async () => {
    const foreign = await letter({ tenant: NEIGHBOUR.id });
    const nobodys = await letter({ tenant: null });
    const other = await letter({ topic: 'choices.pending' });
    const { redriven, skipped } = await driving.redrive(OWN, [foreign, nobodys, other], 'Maja');
    expect(redriven).toEqual([]);
    expect(skipped.map(({ id }) => id).sort()).toEqual([foreign, nobodys, other].sort());
    expect(sink.seen).toEqual([]);
    expect((await driving.redrive([CLINIC.id, null], [nobodys], 'Maja')).redriven).toEqual([nobodys]);
  });

  it('drives all that are open, page after page, also of one instant', async () => {
    const at = ledger.clock.now();
    const ids = [];
    for (let count = 0; count < 230; count += 1) ids.push(await letter({ at }));
    expect((await driving.redriveAll(OWN, 'Maja')).redriven.sort()).toEqual(ids.sort());
    expect(new Set(sink.seen.map(({ value }) => value.toString())).size).toBe(230);
    expect((await driving.redriveAll(OWN, 'Maja')).redriven).toEqual([]);
  });
});
