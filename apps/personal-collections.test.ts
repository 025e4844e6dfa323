import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { measured } from '#campaigns/measure';
import { MeasureStore } from '#campaigns/measure.store';
import { InboxStore } from '#channels/inbox.store';
import { HashRing } from '#consent/hash-ring';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { bookingKey } from '#customers/booking.types';
import { BookingStore } from '#customers/booking.store';
import { ComplaintStore } from '#customers/complaint.store';
import { CustomerStore } from '#customers/customer.store';
import { newCustomer } from '#customers/customer.types';
import { PurchaseStore } from '#customers/purchase.store';
import { ReplyStore } from '#customers/reply.store';
import { SurveyAnswerStore } from '#customers/survey-answer.store';
import { TaskStore } from '#customers/task.store';
import { WaitingEventStore } from '#customers/waiting-event.store';
import { HeardEventStore } from '#ingest/heard-event.store';
import { messageRow } from '#messages/message.fixture';
import { MessageStore } from '#messages/message.store';
import { DeadLetterStore } from '#messaging/dead-letter.store';
import { Clock } from '#platform/clock';
import { readConfig } from '#platform/config';
import { rootDir } from '#platform/root';
import { quietLog } from '#platform/telemetry';
import { AuditStore } from '#privacy/audit.store';
import { DoubleOptInStore } from '#privacy/double-opt-in.store';
import { Erase } from '#privacy/erase';
import { Extract } from '#privacy/extract';
import { SafetyRegister } from '#privacy/safety-register.store';
import { COLLECTIONS } from '#privacy/personal-collections';
import { Requests } from '#privacy/requests';
import { Tenants } from '#tenants/tenant';
import { bootLagom } from './boot-lagom.js';
import { Database } from './database.js';

const T = 'wellnesskliniken';
const NEIGHBOUR = 'wellbe';
const ID = 'planted-person';
const EMAIL = 'planted.person@example.se';
const PHONE = '+46701740605';
/** Said by the collection's own name, in whatever member may hold a person's words. */
const mark = (collection: string): string => `marked-in-${collection}`;
const MARKED = [
  ...['customers', 'bookings', 'purchases', 'survey_answers', 'waiting_events', 'replies'],
  ...['messages', 'deadletters', 'inbox', 'requests', 'short_codes', 'suppressions', 'tasks'],
  ...['complaints', 'safety_register', 'measures'],
];

let app: NestExpressApplication;
let close: () => Promise<void>;
beforeAll(async () => {
  const config = readConfig({ LAGOM_DATA_DIR: 'memory', PORT: '0', LAGOM_SEND: 'capture' }, 'all');
  ({ app, close } = await bootLagom({ app: 'all', config, log: quietLog }, () => []));
});
afterAll(() => close());

/** One document of the person in every collection that has something of people. */
async function plant(tenant: string): Promise<void> {
  const now = app.get(Clock).now();
  const choice = { purpose: 'newsletter', channel: 'email', state: 'given', noticeVersion: '1' } as const;
  const said = { language: 'sv', method: 'form', place: mark('customers'), at: now, recordedAt: now };
  const customer = {
    ...newCustomer(tenant, ID, now),
    ...{ name: 'Petra Planterad', email: EMAIL, phone: PHONE },
    choiceLog: [{ ...choice, ...said, id: 'c1', via: 'page' as const }],
  };
  await app.get(CustomerStore).write([{ before: null, after: customer }]);
  const gen = { version: 1, time: now, event: 'e1' };
  await app.get(BookingStore).write([
    {
      before: null,
      after: {
        ...{ _id: bookingKey(tenant, 'b1'), tenant, booking: 'b1', customer: ID, rev: '', gen },
        ...{ status: 'confirmed', service: mark('bookings'), startsAt: now, endsAt: null, timeZone: null },
        ...{ location: null, practitioner: null, price: null, url: null, cart: null, sequence: 0 },
        ...{ previousStartsAt: null, cancelReason: null, createdAt: now, updatedAt: now },
      },
    },
  ]);
  const items = [{ id: 'i1', name: mark('purchases'), batch: null, quantity: 1 }];
  const of = { tenant, customer: ID };
  await app
    .get(PurchaseStore)
    .add([{ _id: `${tenant}/p1`, ...of, purchase: 'p1', items, at: now, heardAt: now }]);
  await app.get(SafetyRegister).add([
    {
      ...{ _id: `${tenant}/p1`, ...of, items: [{ id: mark('safety_register'), batch: null }], boughtAt: now },
      contact: { email: EMAIL, phone: PHONE, address: null },
    },
  ]);
  const complaint = { complaint: mark('complaints'), status: 'open', warranty: false } as const;
  await app.get(ComplaintStore).hear([{ ...of, ...complaint, at: now, heardAt: now }]);
  const answer = { booking: 'b1', customer: ID, score: 9, comment: mark('survey_answers'), language: 'sv' };
  await app.get(SurveyAnswerStore).keep(tenant, answer, now);
  const recipient = { id: 'r1', kind: 'health', name: mark('waiting_events') };
  await app.get(WaitingEventStore).add([
    {
      ...{ ...of, event: 'e2', type: 'handoff.requested.v1', time: now, heardAt: now },
      data: JSON.stringify({ customer: { id: ID }, recipient, data: {} }),
    },
  ]);
  await app
    .get(TaskStore)
    .open(
      tenant,
      [{ kind: 'call', customer: ID, purpose: 'offer-call', message: mark('tasks'), of: 'x' }],
      now,
    );
  await app
    .get(ReplyStore)
    .add({ _id: `${tenant}-r`, ...of, message: null, channel: 'sms', text: mark('replies'), at: now });
  const row = messageRow({
    ...{ _id: `${tenant}/row`, ...of, createdAt: now, status: 'accepted' as const },
    trace: [{ check: 'known', saw: mark('messages'), passed: true }],
  });
  await app.get(MessageStore).insertPlanned([row]);
  const value = Buffer.from(mark('deadletters')).toString('base64');
  await app.get(DeadLetterStore).add({
    ...{ topic: 't', partition: 0, offset: tenant, tenant, type: null, key: ID, headers: [], value },
    ...{ reason: 'unreadable', path: null, handler: 'h', at: now, expiresAt: new Date(now.getTime() + 1e9) },
  });
  await app.get(InboxStore).keep([
    {
      ...{ message: row._id, tenant, at: now, channel: 'email', purpose: 'booking', from: 'hej@x.se' },
      ...{ to: EMAIL, text: mark('inbox'), ref: `ref-${tenant}` },
    },
  ]);
  const opened = { ...of, _id: row._id, campaign: mark('measures'), purpose: 'newsletter' } as const;
  await app
    .get(MeasureStore)
    .write([
      measured(
        null,
        { ...opened, variant: 'A', locale: 'sv', sentAt: now },
        [{ link: null, by: 'person', at: now }],
        now,
      ),
    ]);
  const no = { channel: 'email', purpose: 'newsletter', state: 'withdrawn', by: ID, at: now } as const;
  await app
    .get(SuppressionStore)
    .optOut(tenant, [{ kind: 'email', address: EMAIL, ...no, recordedAt: now, via: 'page' }]);
  const hashed = app.get(HashRing).current('email', EMAIL, tenant);
  const link = { tenant, customer: ID, purpose: 'newsletter', channel: 'sms', ...hashed } as const;
  await app
    .get(ShortCodeStore)
    .ensure(tenant, 'unsubscribe', [{ message: mark('short_codes'), payload: link }]);
  const limit = { by: 'form', subscriber: null, gapMs: 1, most: 3 };
  await app.get(DoubleOptInStore).claim(tenant, hashed, limit, now);
  const asked = { customer: ID, kind: 'access', way: 'phone', note: mark('requests'), by: 'key' } as const;
  await app.get(Requests).open(tenant, asked);
  const act = { tenant, at: now, by: { key: 'k', name: 'n' }, what: 'customer.exported' } as const;
  await app.get(AuditStore).add({ ...act, about: { customer: ID } });
  await app.get(HeardEventStore).add([
    {
      tenant,
      event: 'e1',
      type: 'booking.confirmed.v1',
      at: now,
      planned: [row._id],
      cancelled: [],
      refused: [],
    },
  ]);
}

/** Each collection's documents of a tenant, as text. */
async function everything(tenant: string): Promise<Map<string, string>> {
  const { db } = app.get(Database).connection;
  const names = (await db!.listCollections().toArray()).map(({ name }) => name);
  const found = names.map(async (name): Promise<[string, string]> => {
    const all = await db!.collection(name).find({}).toArray();
    const theirs = all.filter((one) => one['tenant'] === tenant || String(one._id).includes(tenant));
    // A dead letter's bytes are kept as base64.
    const bytes = theirs.map(({ value }) =>
      typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '',
    );
    return [name, JSON.stringify([theirs, bytes])];
  });
  return new Map(await Promise.all(found));
}

describe('every collection', () => {
  it('is named with what an extract shows and an erasure leaves of it', async () => {
    const made = (await app.get(Database).connection.db!.listCollections().toArray()).map(({ name }) => name);
    const files = (await readdir(join(rootDir(), 'libs'), { recursive: true })).filter(
      (file) => /\.ts$/.test(file) && !/\.(?:test|contract|fixture)\.ts$/.test(file),
    );
    const sources = await Promise.all(files.map((file) => readFile(join(rootDir(), 'libs', file), 'utf8')));
    const written = sources.flatMap((source) =>
      [...source.matchAll(/(?:\bcollection: |\.collection(?:<\w+>)?\()'(\w+)'/g)].map(
        ([, name]) => name ?? '',
      ),
    );
    expect(written.length).toBeGreaterThan(20);
    expect([...new Set([...made, ...written])].filter((name) => !Object.hasOwn(COLLECTIONS, name))).toEqual(
      [],
    );
  });

  it('that an extract shows has a part of it that is filled', async () => {
    await plant(T);
    await plant(NEIGHBOUR);
    const extract = await app.get(Extract).one(app.get(Tenants).get(T)!, ID);
    for (const { extract: part } of Object.values(COLLECTIONS)) {
      if (part === null) continue;
      const shown = (extract as unknown as Record<string, unknown>)[part];
      expect([part, Array.isArray(shown) ? shown.length > 0 : shown !== undefined]).toEqual([part, true]);
    }
    const text = JSON.stringify(extract);
    expect(text).toContain('Petra Planterad');
    const shown = new Set(['suppressions', 'tasks']);
    for (const name of MARKED.filter((one) => !shown.has(one)))
      expect([name, text.includes(mark(name))]).toEqual([name, true]);
    expect(text).not.toContain(NEIGHBOUR);
    expect(await app.get(Extract).one(app.get(Tenants).get(T)!, 'nobody')).toBeNull();
  });

  it('is empty of the person after an erasure, but for what is named as kept, and the neighbour keeps theirs', async () => {
    const before = await everything(NEIGHBOUR);
    for (const name of MARKED.filter((one) => one !== 'suppressions')) {
      expect([name, before.get(name)?.includes(mark(name))]).toEqual([name, true]);
    }
    const erasure = await app.get(Erase).erase(T, ID, 'person');
    expect(erasure?.erased).toContain('bookings');
    const after = await everything(T);
    for (const [name, text] of after) {
      const left = ['Petra', EMAIL, PHONE, mark(name)].filter((word) => text.includes(word));
      // How to reach a buyer about a danger is kept by law, and without their id.
      const byLaw = name === 'safety_register' ? [EMAIL, PHONE, mark(name)] : [];
      expect([name, left]).toEqual([name, byLaw]);
      if (name === 'safety_register') expect(text).not.toContain(ID);
      if (COLLECTIONS[name]?.erasure === 'erased' && name !== 'tasks')
        expect([name, text.includes(ID)]).toEqual([name, false]);
    }
    const untouched = await everything(NEIGHBOUR);
    for (const name of MARKED) expect([name, untouched.get(name)]).toEqual([name, before.get(name)]);
  });

  it('shows who was erased what was kept of them: that they asked, and when it was done', async () => {
    const extract = await app.get(Extract).one(app.get(Tenants).get(T)!, ID);
    expect(extract?.person).toMatchObject({ name: null, email: null });
    expect(extract?.requests).toContainEqual(
      expect.objectContaining({ kind: 'erasure', way: 'page', status: 'done', note: null }),
    );
    expect(extract?.requests).toContainEqual(
      expect.objectContaining({ kind: 'access', status: 'open', note: null }),
    );
  });
});
