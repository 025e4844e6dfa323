import type { Type } from '@nestjs/common';
import { HashRing } from '#consent/hash-ring';
import type { LinkPayload } from '#consent/link-payload';
import { LinkTokens } from '#consent/link-token';
import type { Decision } from '#consent/may-send';
import { type OptOut, optOutsOnly } from '#consent/suppression';
import { SuppressionStore } from '#consent/suppression.store';
import { CustomerStore } from '#customers/customer.store';
import { type Customer, newCustomer } from '#customers/customer.types';
import { AskGate } from '#dispatch/ask-gate';
import { SystemClock } from '#platform/clock';
import { readConfig } from '#platform/config';
import { quietLog } from '#platform/telemetry';
import { ADDRESS_KIND, type Channel } from '#purposes/channel';
import type { Choice } from '#purposes/choice';
import type { Purpose } from '#purposes/purpose';
import { bootLagom } from '../boot-lagom.js';
import { PublicModule } from './public.module.js';

export const CLINIC = 'wellnesskliniken';
export const TRAVEL = 'wellbe';

/** A clock on which W (and the deadline of every permit with it) passes faster: what waits it out keeps no test waiting. */
class HastyClock extends SystemClock {
  constructor(private readonly haste: number) {
    super();
  }

  override mono(): number {
    return super.mono() * this.haste;
  }
}

/** The public process alone, on a store of its own: no dispatcher, no scheduler. */
export interface PublicSide {
  url: string;
  clock: SystemClock;
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T;
  /** Plants a customer, with a newsletter and unfinished bookings wished for by mail and SMS. */
  plant(facts: Partial<Customer> & { customer: string }): Promise<Customer>;
  find(customer: string, tenant?: string): Promise<Customer | null>;
  /** What a link in a message to that address says. */
  linkTo(customer: string, address: string, about?: Partial<LinkPayload>): LinkPayload;
  /** The path of the link. */
  pathTo(customer: string, address: string, about?: Partial<LinkPayload>): string;
  optOuts(address: string, tenant?: string): Promise<OptOut[]>;
  /** What the gate says, in a word. */
  gate(customer: string, purpose: Purpose, channel?: Channel): Promise<string>;
  close(): Promise<void>;
}

export async function startPublic({ haste = 50 } = {}): Promise<PublicSide> {
  const config = readConfig({ LAGOM_DATA_DIR: 'memory', PORT: '0', LAGOM_SEND: 'capture' }, 'all');
  // In the daytime, so that no quiet hour holds an SMS.
  const clock = new HastyClock(haste);
  clock.setLead(new Date('2026-03-02T10:00:00Z').getTime() - clock.now().getTime());
  const { app, url, close } = await bootLagom({ app: 'all', config, clock, log: quietLog }, () => [
    PublicModule,
  ]);
  const [customers, ring, tokens] = [app.get(CustomerStore), app.get(HashRing), app.get(LinkTokens)];
  const [suppressions, askGate] = [app.get(SuppressionStore), app.get(AskGate)];

  const linkTo: PublicSide['linkTo'] = (customer, address, about = {}) => {
    const { tenant = CLINIC, channel = 'email', purpose = 'newsletter' } = about;
    const kind = channel === 'all' ? 'email' : ADDRESS_KIND[channel];
    return { tenant, customer, purpose, channel, ...ring.current(kind, address, tenant), ...about };
  };
  return {
    url,
    clock,
    get: (token) => app.get(token),
    plant: async ({ tenant = CLINIC, customer, ...facts }) => {
      const fresh = newCustomer(tenant, customer, clock.now());
      const after = { ...fresh, choiceLog: [given('all', clock.now())], ...facts };
      return (await customers.write([{ before: null, after }])).get(customer)!;
    },
    find: (customer, tenant = CLINIC) => customers.find(tenant, customer),
    linkTo,
    pathTo: (...to) => {
      const use = to[2]?.subject === undefined ? 'unsubscribe' : 'survey';
      return `${use === 'survey' ? '/s' : '/u'}/${tokens.seal(use, linkTo(...to))}`;
    },
    optOuts: async (address, tenant = CLINIC) => {
      const kind = address.includes('@') ? 'email' : 'phone';
      const found = await suppressions.findByAddresses(tenant, [{ kind, address }]);
      return optOutsOnly(found.get(address) ?? []);
    },
    gate: async (customer, purpose, channel = 'email') =>
      inAWord(await askGate.ask(CLINIC, customer, purpose, channel, clock.now())),
    close,
  };
}

const inAWord = (decision: Decision): string => (decision.kind === 'permit' ? 'permit' : decision.reason);

/** A wish for all marketing, by the booking system's form. */
export function given(channel: Channel | 'all', at: Date, more: Partial<Choice> = {}): Choice {
  return {
    ...{ id: `given-${channel}-${at.toISOString()}`, purpose: 'marketing', channel, state: 'given' },
    ...{ noticeVersion: '2026-01', language: 'sv', method: 'checkbox', place: '/booking' },
    ...{ at, recordedAt: at, via: 'event' },
    ...more,
  };
}
