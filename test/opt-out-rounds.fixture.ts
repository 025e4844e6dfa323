import { ProviderSink, SENDGRID, TWILIO } from '#channels/provider-sink.fixture';
import { Senders } from '#channels/senders';
import { SigningSendGrid } from '#channels/webhook.fixture';
import { CustomerStore } from '#customers/customer.store';
import { newCustomer } from '#customers/customer.types';
import { ReleaseDue } from '#dispatch/release-due';
import { messageRow } from '#messages/message.fixture';
import { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import type { Channel } from '#purposes/channel';
import type { Choice } from '#purposes/choice';
import { CLINIC, startLagom, type Lagom } from './lagom.fixture.js';
import { until } from './visit.fixture.js';

export const PUBLIC_URL = 'https://hook.example.se';
const OPEN: readonly string[] = ['planned', 'released', 'sending'];
export const TOKEN = 'a-token-of-a-test';

/** Somebody who is about to say no: addresses that a partner shares. */
export interface Sayer {
  id: string;
  partner: string;
  email: string;
  phone: string;
}

/** The whole line, sending for real to providers in this process, with people to write to. */
export interface Stage {
  lagom: Lagom;
  sendgrid: SigningSendGrid;
  /** The number of the call, or of the answer, that began last: one clock for both sides. */
  tick(): number;
  /** When each call to an address began, in ticks. */
  callsTo(address: string): number[];
  /** When the answer to the last request marked with `x-no: <name>` began, in ticks. */
  answeredAt(name: string): number;
  /** Two people with one address, who wish for marketing by that channel. */
  plant(name: string, channel: 'email' | 'sms'): Promise<Sayer>;
  /** Plans so many messages for a person and hands them to the dispatcher. */
  write(customer: string, from: number, count: number): Promise<string[]>;
  /** Waits until rows have come to rest. */
  settled(ids: readonly string[]): Promise<MessageRow[]>;
  /** Waits until a dispatcher has claimed rows. */
  claimed(ids: readonly string[]): Promise<void>;
  /** What a message waits for between its claim and its call. */
  pace: () => Promise<unknown>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const [mailer, texter] = await Promise.all([ProviderSink.open(), ProviderSink.open()]);
  const sendgrid = new SigningSendGrid();
  const lagom = await startLagom({
    // In the daytime: nothing is held for the night.
    at: '2026-03-02T10:00:00Z',
    env: {
      ...{ LAGOM_SEND: 'live', PUBLIC_URL, SENDGRID_WEBHOOK_PUBLIC_KEY: sendgrid.publicKey },
      ...{ SENDGRID_API_KEY: 'SG.a-key-of-a-test', SENDGRID_BASE_URL: mailer.url },
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: TOKEN, TWILIO_BASE_URL: texter.url },
    },
  });
  let ticks = 0;
  let people = 0;
  const calls = new Map<string, number[]>();
  const answers = new Map<string, number>();
  const note = (address: string): void => {
    calls.set(address, [...(calls.get(address) ?? []), (ticks += 1)]);
  };
  mailer.always(({ body }) => {
    note(
      (JSON.parse(body) as { personalizations: { to: { email: string }[] }[] }).personalizations[0]!.to[0]!
        .email,
    );
    return { ...(SENDGRID.accepted() as object), status: 202, afterMs: Math.random() * 15 };
  });
  texter.always(({ body }) => {
    note(new URLSearchParams(body).get('To') ?? '');
    return { ...(TWILIO.accepted() as object), status: 201, afterMs: Math.random() * 15 };
  });
  // An answer begins when its end is called: before a byte of it is out.
  lagom.app.getHttpServer().on('request', (request, response) => {
    const name = request.headers['x-no'];
    if (typeof name !== 'string') return;
    const end = response.end.bind(response);
    response.end = ((...said: Parameters<typeof end>) => {
      answers.set(name, (ticks += 1));
      return end(...said);
    }) as typeof response.end;
  });

  const stage: Stage = {
    lagom,
    sendgrid,
    tick: () => (ticks += 1),
    callsTo: (address) => calls.get(address) ?? [],
    answeredAt: (name) => {
      const at = answers.get(name);
      if (at === undefined) throw new Error(`${name} was not answered`);
      return at;
    },
    plant: async (name, channel) => {
      people += 1;
      const now = lagom.now();
      const [id, partner] = [`${name}-a`, `${name}-b`];
      // Numbers that go to the sink on loopback and nowhere else.
      const [email, phone] = [`${name}@example.se`, `+4670${String(1_000_000 + people)}`];
      const customers = lagom.app.get(CustomerStore);
      await customers.write(
        [id, partner].map((customer) => {
          const fresh = newCustomer(CLINIC, customer, now);
          return { before: null, after: { ...fresh, email, phone, choiceLog: [wish(channel, now)] } };
        }),
      );
      return { id, partner, email, phone };
    },
    write: async (customer, from, count) => {
      const now = lagom.now();
      const rows = Array.from({ length: count }, (_, index) => cart(customer, from + index, now));
      await lagom.app.get(MessageStore).insertPlanned(rows);
      await lagom.app.get(ReleaseDue).release(rows, now);
      return rows.map((row) => row._id);
    },
    settled: async (ids) =>
      until(
        () => lagom.app.get(MessageStore).findByIds(CLINIC, [...ids]),
        (rows) => !rows.some(({ status }) => OPEN.includes(status)) && rows,
      ),
    claimed: async (ids) => {
      await until(
        () => lagom.app.get(MessageStore).findByIds(CLINIC, [...ids]),
        (rows) => rows.every(({ status }) => status !== 'planned' && status !== 'released'),
      );
    },
    pace: () => Promise.resolve(),
    close: async () => {
      await lagom.close();
      await Promise.all([mailer.close(), texter.close()]);
    },
  };
  paced(lagom.app.get(Senders), () => stage.pace());
  return stage;
}

/** A while lies between a message's claim and its call. */
function paced(senders: Senders, pace: Stage['pace']): void {
  const sendAll = senders.sendAll.bind(senders);
  senders.sendAll = async (items, onOutcome) => {
    const each = items.map(async (item) => {
      await pace();
      await sendAll([item], onOutcome);
    });
    await Promise.all(each);
  };
}

const wish = (channel: Channel, at: Date): Choice => ({
  ...{
    id: `wish-${channel}`,
    purpose: 'marketing',
    channel,
    state: 'given',
    at,
    recordedAt: at,
    via: 'event',
  },
  ...{ noticeVersion: '2026-01', language: 'sv', method: 'checkbox', place: '/booking' },
});

/** An unfinished booking of a person. */
const cart = (customer: string, index: number, now: Date): MessageRow => {
  const id = `${customer}-k${index}`;
  return messageRow({
    ...{
      _id: `${CLINIC}/${customer}/${index}`,
      customer,
      subject: { kind: 'cart', id },
      cart: id,
      booking: null,
    },
    ...{ purpose: 'abandoned-booking', journey: 'abandoned-booking', template: 'abandoned-booking' },
    ...{ stream: 'marketing', dueClass: 'marketing', gen: '0', generation: null },
    ...{ dueAt: now, createdAt: now, expiresAt: null, event: null },
  });
};
