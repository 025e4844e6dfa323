import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { HouseProcess } from './processes.fixture.js';
import { DAY, event, person, tell, until, visit, type Person } from './visit.fixture.js';

let folder: string;
const lines: Lagom[] = [];
const processes: HouseProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lagom-restart-'));
});
afterEach(async () => {
  for (const one of processes.splice(0)) await one.kill();
  for (const line of lines.splice(0)) await line.close();
  await rm(folder, { recursive: true });
});

async function start(at?: string): Promise<Lagom> {
  const line = await startLagom({ env: { LAGOM_DATA_DIR: folder }, ...(at === undefined ? {} : { at }) });
  lines.push(line);
  return line;
}

describe('a second start on the same folder', () => {
  it('forgets nothing and repeats nothing', async () => {
    const [who, bounced] = [person(), person()];
    const first = await start();
    const booking = visit(new Date(first.now().getTime() + 10 * DAY));
    const told = await tell(first, 'booking.confirmed', {
      customer: who,
      booking,
      marketingOptOutOffered: true,
    });
    await tell(first, 'booking.started', { customer: who, booking: { id: 'b', service: 'M' }, cartId: 'k' });
    await tell(first, 'booking.confirmed', {
      customer: bounced,
      booking: visit(new Date(first.now().getTime() + 10 * DAY)),
    });
    await first.advance('PT61M');
    const [mail] = await first.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' });
    const [bounce] = await first.inbox({ to: bounced.email ?? '' });
    await first.api('POST', `/inbox/${bounce?.id}/bounce`);
    const seen = {
      inbox: await first.inbox(),
      messages: await first.messages(),
      customer: (await first.api('GET', `/v1/customers/${who.id}`)).body,
      now: first.now(),
    };
    expect(seen.inbox).toHaveLength(3);
    await first.close();

    const second = await start();
    expect(second.now().getTime()).toBeGreaterThanOrEqual(seen.now.getTime());
    expect((await second.post(told)).warnings).toEqual([expect.objectContaining({ pointer: '#/id' })]);
    await second.advance('PT1M');
    expect(await second.inbox()).toEqual(seen.inbox);
    expect(await second.messages()).toEqual(seen.messages);
    expect((await second.api('GET', `/v1/customers/${who.id}`)).body).toEqual(seen.customer);
    const { body } = await second.api('POST', '/v1/decisions', {
      customer: bounced.id,
      purpose: 'booking',
      channel: 'email',
    });
    expect(body.reason).toBe('suppressed');
    // The link of a mail from before still opens, and what it says still holds.
    const link = /\/u\/[\w-]+/.exec(mail?.text ?? '')?.[0] ?? '';
    const clicked = await fetch(second.url + link, {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    });
    expect(clicked.status).toBe(200);
    await second.advance('P10D');
    expect((await second.inbox({ to: who.email ?? '' })).map(({ purpose }) => purpose)).toEqual([
      'booking', // the reminder
      'abandoned-booking',
      'booking',
    ]);
  });
});

interface Row {
  customer: string;
  journey: string;
  status: string;
}

describe('a process that is killed', () => {
  const KEY = 'the-first-key-of-a-test';

  /** The whole line in a process of its own. */
  async function spawned(): Promise<string> {
    const env = { LAGOM_DATA_DIR: folder, LAGOM_ADMIN_KEY: KEY, LAGOM_SEND: 'capture' };
    const all = HouseProcess.start('all', env);
    processes.push(all);
    return all.url();
  }

  it('has said each message once when it has come back, and lost none that it acknowledged', async () => {
    const clock = { now: () => new Date() };
    const people = Array.from({ length: 24 }, () => person());
    const told = people.map((who: Person) =>
      event(clock, 'booking.confirmed', { customer: who, booking: visit(new Date(Date.now() + 10 * DAY)) }),
    );
    const ask = async <Body>(
      url: string,
      path: string,
      body?: unknown,
    ): Promise<{ status: number; body: Body }> => {
      const response = await fetch(url + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${KEY}`,
          'lagom-tenant': CLINIC,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/cloudevents+json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Body };
    };

    const first = await spawned();
    const acknowledged: string[] = [];
    // All at once, and the end comes in their midst.
    const posting = told.map(async (one, index) => {
      const answer = await ask(first, '/v1/events', one).catch(() => undefined);
      if (answer?.status === 202) acknowledged.push(people[index]?.id ?? '');
    });
    await until(
      () => Promise.resolve(acknowledged.length),
      (count) => count >= 6,
    );
    await processes.pop()?.kill();
    await Promise.all(posting);

    const second = await spawned();
    const rows = async () => (await ask<{ items: Row[] }>(second, '/v1/messages?limit=500')).body.items;
    const heard = new Set((await rows()).map(({ customer }) => customer));
    for (const id of acknowledged) expect(heard).toContain(id);

    for (const one of told) expect((await ask(second, '/v1/events', one)).status).toBe(202);
    // What was in flight when it died may have been said: it waits to be looked into, and is not said again.
    const confirmations = await until(
      async () => (await rows()).filter(({ journey }) => journey === 'confirmation'),
      (all) => all.every(({ status }) => ['accepted', 'sending', 'unknown'].includes(status)) && all,
    );
    expect(confirmations).toHaveLength(people.length);
    const { body: inbox } = await ask<{ to: string }[]>(second, '/inbox');
    for (const who of people) {
      const { status } = confirmations.find(({ customer }) => customer === who.id) ?? {};
      const mails = inbox.filter(({ to }) => to === who.email).length;
      expect([who.id, status === 'accepted' ? mails === 1 : mails <= 1]).toEqual([who.id, true]);
    }
    expect(confirmations.filter(({ status }) => status === 'accepted').length).toBeGreaterThan(0);
    // Two starts, each of which may have to compile its sources.
  }, 400_000);
});
