import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { newCustomer, type Customer } from '#customers/customer.types';
import { messageRow } from '#messages/message.fixture';
import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import { CLINIC, NOW, said } from '#privacy/ledger.fixture';
import { Line } from './line.fixture.js';

const T = CLINIC.id;
const PEOPLE = 24;
let line: Line;
let lines: Line[];

/** Told of where a dispatcher stands with whom; what it waits for happens there. */
let reached: (point: Point, customers: readonly string[]) => Promise<void> = () => Promise.resolve();
/** Having read the facts, having reserved, having claimed. */
type Point = 'read' | 'reserved' | 'claimed';

beforeAll(async () => {
  line = await Line.open();
  lines = [line, await line.another(), await line.another()];
  for (const one of lines) {
    after(one.facts, 'load', (_tenant, rows) =>
      reached(
        'read',
        (rows as MessageRow[]).map(({ customer }) => customer),
      ),
    );
    after(one.customers, 'reserve', (places) =>
      reached(
        'reserved',
        (places as { seen: Customer }[]).map(({ seen }) => seen.customer),
      ),
    );
  }
});
afterAll(async () => {
  await Promise.all(lines.slice(1).map((one) => one.leave()));
  await line.close();
});
beforeEach(() => line.clear());
afterEach(() => {
  for (const one of lines) delete (one.messages as Partial<MessageStore>).findOpenOf;
});

function after<T extends object>(
  target: T,
  name: keyof T & string,
  hook: (...args: unknown[]) => Promise<void>,
): void {
  const real = (target[name] as (...args: unknown[]) => Promise<unknown>).bind(target);
  (target as Record<string, unknown>)[name] = async (...args: unknown[]) => {
    const result = await real(...args);
    await hook(...args);
    return result;
  };
}

const personOf = ({ message }: { message: string }): string => message.split('/')[1] ?? '';

/** Four carts of each of them, all due; two by two they share an address. */
async function plan(): Promise<void> {
  const people = Array.from({ length: PEOPLE }, (_, n) => `p${n}`);
  const email = (n: number): string => `a${Math.floor(n / 2)}@example.se`;
  await line.customers.write(
    people.map((id, n) => ({
      before: null,
      after: {
        ...newCustomer(T, id, NOW),
        email: email(n),
        softOptIns: [{ channel: 'email' as const, address: email(n), at: NOW }],
      },
    })),
  );
  const rows = people.flatMap((customer) =>
    ['1', '2', '3', '4'].map((step) =>
      messageRow({
        _id: `${T}/${customer}/abandoned-booking/${step}`,
        customer,
        step,
        ...{ journey: 'abandoned-booking', purpose: 'abandoned-booking', template: 'abandoned-booking' },
        ...{ stream: 'marketing', dueClass: 'marketing', booking: null, cart: `${customer}-${step}` },
        subject: { kind: 'cart', id: `${customer}-${step}` },
        dueAt: NOW,
      }),
    ),
  );
  await line.messages.insertPlanned(rows);
}

describe('many noes against busy dispatchers', () => {
  it.each<[Point, string, boolean]>([
    ['read', 'its facts', false],
    ['read', 'its facts, and the scan for open rows misses them', true],
    ['reserved', 'a place', false],
    ['claimed', 'the row', false],
  ])(
    'said when one of them has %s %s: after the answer no call begins to them or to whoever shares the address',
    async (point, _, isBlind) => {
      await plan();
      for (const one of lines) {
        if (isBlind) one.messages.findOpenOf = () => Promise.resolve([]);
      }
      const begun = (customer: string): number =>
        line.provider.calls.filter((call) => personOf(call) === customer).length;
      const atAnswer = new Map<string, number>();
      const heard: Promise<void>[] = [];
      const started = new Set<number>();
      const withdraw = async (pair: number, giver: number): Promise<void> => {
        const how = { id: `no-${pair}`, at: NOW, recordedAt: NOW, via: 'page' as const };
        await lines[pair % 3]!.withdraw.hearChoices(T, `p${giver}`, [said()], how);
        for (const id of [`p${pair * 2}`, `p${pair * 2 + 1}`]) atAnswer.set(id, begun(id));
      };
      // Every second pair says no the second time that a dispatcher comes by, in the midst of its pass.
      const passed = new Map<number, number>();
      reached = async (at, customers) => {
        if (at !== point) return;
        const pairs = new Set(customers.map((id) => Math.floor(Number(id.slice(1)) / 2)));
        let wait = 0;
        for (const pair of pairs) {
          passed.set(pair, (passed.get(pair) ?? 0) + 1);
          if (started.has(pair) || (pair % 2 === 0 && (passed.get(pair) ?? 0) < 2)) continue;
          started.add(pair);
          heard.push(withdraw(pair, pair * 2 + (pair % 4 < 2 ? 0 : 1)));
          // Sometimes the whole withdrawal fits in, sometimes a part of it.
          wait = Math.max(wait, Math.floor(Math.random() * 150));
        }
        if (wait > 0) await pause(wait);
      };
      line.provider.queue = (envelope) => reached('claimed', [personOf(envelope)]);
      await line.releaseDue.runOnce(NOW);
      const due = line.topics.take(1_000);
      const batches = Array.from({ length: 12 }, (_, n) => due.filter((_one, index) => index % 12 === n));
      await Promise.all(
        lines.map(async (one, turn) => {
          // Some of them are told to two.
          for (const [n, batch] of batches.entries()) {
            if (n % 3 === turn || n % 5 === turn) await one.dispatch.run(CLINIC, batch);
          }
        }),
      );
      await Promise.all(heard);
      await line.drain();
      expect(started.size).toBe(PEOPLE / 2);
      expect(new Map([...atAnswer.keys()].map((id) => [id, begun(id)]))).toEqual(atAnswer);
      expect([...line.provider.accepted.values()].every((times) => times === 1)).toBe(true);
      // It was a race: some did not go out for it.
      expect(line.provider.calls.length).toBeLessThan(PEOPLE * 4);
      expect(await line.messages.countByStatus(['planned', 'released', 'sending', 'unknown'])).toBe(0);
    },
  );
});
