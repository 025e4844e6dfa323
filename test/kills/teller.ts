import { setTimeout as pause } from 'node:timers/promises';
import type { WireEvent } from '#events/example';
import type { KafkaSink } from '#messaging/kafka-sink';
import { choice, event, HOUR } from '../visit.fixture.js';
import type { House } from './house.js';
import type { Provider } from './provider.js';
import { FICTION_NUMBERS, type Act, type Story, type Telling, type Way } from './stories.js';

/** An event that was acknowledged: by the broker, or with a 202. */
export interface Told {
  story: string;
  id: string;
  what: Telling;
  way: Way;
}

/** An opt-out that was answered; times by the test's own clock, in milliseconds. */
export interface No {
  story: string;
  address: string;
  purpose: 'abandoned-booking' | 'survey';
  how: 'click' | 'put' | 'event';
  asked: number;
  /** null: it was received while the ledger was away, to be done later; nothing is promised of meanwhile. */
  done: number | null;
}

export const KEY = 'the-first-key-of-a-test';
export const TENANT = 'wellnesskliniken';
const AGAIN_MS = 150;
const ANSWER_MS = 30_000;
/** A link that has not come by then was in a mail that nobody got. */
const LINK_MS = 60_000;
const clock = { now: () => new Date() };

export const customerOf = ({ id }: Pick<Story, 'id'>): string => `c-${id}`;
export const mailOf = ({ id }: Pick<Story, 'id'>): string => `c-${id}@example.se`;

/** The booking system and the customers: tells what a story says, and tells it again until it is acknowledged. */
export class Teller {
  readonly told: Told[] = [];
  readonly noes: No[] = [];
  /** Answers that no death explains. */
  readonly oddities: string[] = [];
  private phones = 0;

  constructor(
    private readonly house: House,
    private readonly kafka: KafkaSink,
    private readonly provider: Provider,
  ) {}

  async live(story: Story): Promise<void> {
    const person = new BookingSystem(story, story.by === 'sms' ? this.phone() : null);
    for (const act of story.acts) {
      await pause(act.afterMs);
      await this.act(story, person, act);
    }
  }

  /** An operator decides that a message which surely did not arrive is to be tried again. */
  async retry(id: string): Promise<void> {
    const path = `/v1/messages/${encodeURIComponent(id)}/retry`;
    const status = await this.ask('POST', path);
    if (status !== 200 && status !== 202 && status !== 409) this.oddities.push(`retry answered ${status}`);
  }

  private async act(story: Story, person: BookingSystem, act: Act): Promise<void> {
    if (act.kind === 'click') await this.click(story);
    else if (act.kind === 'put') await this.put(story);
    else {
      const told = person.says(act.what);
      // The second telling is of the same event, and may well come first.
      const twice = act.again === null ? undefined : this.tell(told, act.again);
      const asked = performance.now();
      await this.tell(told, act.way);
      this.told.push({ story: story.id, id: told.id, what: act.what, way: act.way });
      if (act.what === 'choices') this.note(story, 'event', asked, 202);
      await twice;
    }
  }

  private async tell(told: WireEvent, way: Way): Promise<void> {
    const type = { 'content-type': 'application/cloudevents+json' };
    const value = JSON.stringify(told);
    if (way === 'http') {
      await this.until([202], () => this.ask('POST', '/v1/events', value, type));
      return;
    }
    const { id: key } = told.data.customer as { id: string };
    for (;;) {
      try {
        await this.kafka.produce('booking.events', [{ key, headers: type, value }]);
        return;
      } catch {
        await pause(AGAIN_MS);
      }
    }
  }

  /** RFC 8058, by the link of a mail that arrived. */
  private async click(story: Story): Promise<void> {
    const end = performance.now() + LINK_MS;
    let link: string | undefined;
    while (link === undefined && performance.now() < end) {
      const mail = this.provider.callsTo(mailOf(story)).find(({ taken, body }) => taken && LINK.test(body));
      link = LINK.exec(mail?.body ?? '')?.[1];
      if (link === undefined) await pause(AGAIN_MS);
    }
    if (link === undefined) return;
    const asked = performance.now();
    const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
    const status = await this.until([200, 202], () =>
      statusOf(this.house.door('public') + link, { method: 'POST', body }),
    );
    this.note(story, 'click', asked, status);
  }

  private async put(story: Story): Promise<void> {
    const isSurvey = purposeOf(story) === 'survey';
    const no = choice(purposeOf(story), isSurvey ? 'all' : 'email', isSurvey ? 'objected' : 'withdrawn');
    const asked = performance.now();
    const type = { 'content-type': 'application/json' };
    const path = `/v1/customers/${customerOf(story)}/choices`;
    // 404 for as long as nobody has heard of the person.
    const body = JSON.stringify({ choices: [no] });
    const status = await this.until([200, 202], () => this.ask('PUT', path, body, type), [404]);
    this.note(story, 'put', asked, status);
  }

  private note(story: Story, how: No['how'], asked: number, status: number): void {
    // A 202 for an event says that it is applied; for a choice, that it is kept until it can be.
    const done = how !== 'event' && status === 202 ? null : performance.now();
    const about = { story: story.id, address: mailOf(story), purpose: purposeOf(story) };
    this.noes.push({ ...about, how, asked, done });
  }

  /** Asks until it is answered as wanted; how it was. */
  private async until(
    wanted: readonly number[],
    ask: () => Promise<number>,
    patient: readonly number[] = [],
  ): Promise<number> {
    for (;;) {
      const status = await ask();
      if (wanted.includes(status)) return status;
      // 0: nobody there, or it died before it answered; 5xx: it cannot promise anything just now.
      if (status !== 0 && status < 500 && !patient.includes(status)) this.oddities.push(`answered ${status}`);
      await pause(AGAIN_MS);
    }
  }

  private ask(method: string, path: string, body?: string, headers = {}): Promise<number> {
    return statusOf(this.house.door('console') + path, {
      method,
      headers: { authorization: `Bearer ${KEY}`, 'lagom-tenant': TENANT, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  private phone(): string {
    this.phones += 1;
    return `+4670${1_740_604 + (((this.phones - 1) % FICTION_NUMBERS) + 1)}`;
  }
}

const LINK = /https:\/\/[^/"\s\\<>]+(\/u\/[\w.-]+)/;

const purposeOf = (story: Story): No['purpose'] =>
  story.acts.some((act) => act.kind === 'tell' && act.what === 'completed') ? 'survey' : 'abandoned-booking';

/** What the booking system knows of one person; each telling is an event of its own. */
class BookingSystem {
  private version = 0;

  constructor(
    private readonly story: Story,
    private readonly phone: string | null,
  ) {}

  says(what: Telling): WireEvent {
    const { id } = this.story;
    const customer = {
      id: customerOf(this.story),
      name: 'Åsa Öst',
      ...(this.phone === null ? { email: mailOf(this.story) } : { phone: this.phone }),
    };
    const now = clock.now().getTime();
    const isCart = this.story.acts.some((act) => act.kind === 'tell' && act.what === 'started');
    this.version += 1;
    // Its reminder, nine o'clock of the day before, is past already: that row ends at once.
    const startsAt = what === 'completed' ? now - HOUR : now + 3 * HOUR + this.version * 60_000;
    const booking = {
      id: `b-${id}`,
      service: 'Ansiktsbehandling',
      ...(isCart ? {} : { version: this.version }),
      ...(what === 'started'
        ? {}
        : {
            startsAt: new Date(startsAt).toISOString(),
            endsAt: new Date(startsAt + HOUR).toISOString(),
          }),
    };
    const cart = isCart ? { cartId: `k-${id}` } : {};
    const bySms = this.phone === null ? {} : { choices: [choice('booking', 'sms', 'given')] };
    switch (what) {
      case 'started': {
        const choices = [choice('abandoned-booking', 'email', 'given')];
        return event(clock, 'booking.started', { customer, booking, ...cart, choices });
      }
      case 'choices':
        return event(clock, 'customer.consent-changed', {
          customer,
          choices: [choice('abandoned-booking', 'email', 'withdrawn')],
        });
      case 'confirmed':
      case 'rescheduled':
      case 'cancelled':
      case 'completed':
        return event(clock, `booking.${what}`, { customer, booking, ...cart, ...bySms });
    }
  }
}

/** 0: nobody answered. */
async function statusOf(url: string, init: RequestInit): Promise<number> {
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
    await answer.text();
    return answer.status;
  } catch {
    return 0;
  }
}
