import { randomUUID } from 'node:crypto';
import type { Correction } from '#customers/correction';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import type { Clock } from '#platform/clock';
import type { ChoiceStatement } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';
import type { Proof } from './confirm.js';
import type { Erase, Erasure } from './erase.js';
import type { Extract } from './extract.js';
import type { PersonExtract } from './extract.types.js';
import { keptAfterErasure, newestOf, type Kept } from './kept.js';
import type { NewEmail } from './new-email.js';
import type { Rectify } from './rectify.js';
import type { Requests } from './requests.js';
import type { Restrict } from './restrict.js';
import type { Withdraw } from './withdraw.js';

/** What a correction led to; `asked`: the message to a new address, null where it was sent too many lately. */
export type Corrected = { kind: 'corrected'; asked: MessageRow | null | undefined } | { kind: 'gone' };

/** What a person objects to: marketing with all that is worked out for it, or what follows up on what they did. */
export type Objection = 'marketing' | 'followup';

/** What a person does on the page of their own data; each act is carried out at once and written down as a request. */
export class OwnActs {
  constructor(
    private readonly extracts: Extract,
    private readonly rectification: Rectify,
    private readonly newEmail: NewEmail,
    private readonly restriction: Restrict,
    private readonly withdraw: Pick<Withdraw, 'hearChoices'>,
    private readonly erasure: Erase,
    private readonly requests: Requests,
    private readonly clock: Clock,
  ) {}

  /** Everything that is stored; `as` tells a look from a file that is taken away. Null: gone. */
  async extract(
    tenant: Tenant,
    customer: string,
    as: 'access' | 'portability' | null,
  ): Promise<PersonExtract | null> {
    if (as !== null) await this.requests.note(tenant.id, customer, as, 'page', 'person');
    return this.extracts.one(tenant, customer);
  }

  /**
   * `email`: a new one is asked to be confirmed first, null takes it away at once, undefined leaves it. `newPhone` is for
   * staff to look into, with a month's clock.
   */
  async correct(
    tenant: Tenant,
    customer: Customer,
    facts: Omit<Correction, 'email'>,
    {
      email,
      newPhone,
      locale,
    }: { email: string | null | undefined; newPhone: string | null; locale: string },
  ): Promise<Corrected> {
    const now: Correction = email === null ? { ...facts, email } : facts;
    if (Object.keys(now).length > 0) {
      const done = await this.rectification.rectify(tenant.id, customer.customer, now);
      if (done.kind !== 'rectified') return { kind: 'gone' };
      await this.requests.note(tenant.id, customer.customer, 'rectification', 'page', 'person');
    }
    if (newPhone !== null) {
      await this.requests.open(tenant.id, {
        ...{ customer: customer.customer, kind: 'rectification', way: 'page', by: 'person', waits: true },
        note: `phone: ${newPhone}`,
      });
    }
    if (typeof email !== 'string') return { kind: 'corrected', asked: undefined };
    return { kind: 'corrected', asked: await this.newEmail.ask(tenant.id, customer, email, locale) };
  }

  async restrict(tenant: Tenant, customer: string): Promise<void> {
    await this.restriction.restrict(tenant.id, customer);
    await this.requests.note(tenant.id, customer, 'restriction', 'page', 'person');
  }

  async unrestrict(tenant: Tenant, customer: string): Promise<void> {
    await this.restriction.unrestrict(tenant.id, customer);
  }

  /** Holds when it resolves (GDPR 21, PROTOCOL B). */
  async object(tenant: Tenant, customer: string, to: readonly Objection[], proof: Proof): Promise<void> {
    const at = this.clock.now();
    const how = { id: `me:${randomUUID()}`, at, recordedAt: at, via: 'page' } as const;
    const statements = to.flatMap((one) => objections(one, proof));
    await this.withdraw.hearChoices(tenant.id, customer, statements, how);
    await this.requests.note(tenant.id, customer, 'objection', 'page', 'person');
  }

  /** What an erasure would take, and what it would leave. Changes nothing; null: gone. */
  async beforeErasure(
    tenant: Tenant,
    customer: string,
  ): Promise<{ extract: PersonExtract; kept: Kept[] } | null> {
    const extract = await this.extracts.one(tenant, customer);
    if (extract === null) return null;
    const { person, messages, safetyRegister } = extract;
    const untils = safetyRegister.map(({ until }) => until.getTime());
    const safetyUntil = untils.length === 0 ? null : new Date(Math.max(...untils));
    const hadAddress = person.email !== null || person.phone !== null;
    const kept = keptAfterErasure(
      { hadAddress, newestMessage: newestOf(messages), safetyUntil },
      tenant.policy,
      this.clock.now(),
    );
    return { extract, kept };
  }

  erase(tenant: Tenant, customer: string): Promise<Erasure | null> {
    return this.erasure.erase(tenant.id, customer, 'person');
  }
}

function objections(to: Objection, proof: Proof): ChoiceStatement[] {
  const no = (purpose: ChoiceStatement['purpose']): ChoiceStatement => ({
    ...{ purpose, channel: 'all', state: 'objected' },
    ...proof,
  });
  if (to === 'marketing') return [no('marketing')];
  return PURPOSES.filter(
    (purpose) => RULES[purpose].stream === 'service' && RULES[purpose].stoppedByChoice,
  ).map(no);
}
