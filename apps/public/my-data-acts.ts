import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { LinkPayload } from '#consent/link-payload';
import { localDate } from '#consent/hours';
import type { Customer } from '#customers/customer.types';
import { ReleaseDue } from '#dispatch/release-due';
import { Clock } from '#platform/clock';
import { extractCsv } from '#privacy/extract-csv';
import type { PersonExtract } from '#privacy/extract.types';
import type { Kept } from '#privacy/kept';
import { MyData, type MyPeople } from '#privacy/my-data';
import { OwnActs, type Objection } from '#privacy/own-acts';
import { maskAddress } from '#purposes/address';
import { languageName } from '#rendering/language-name';
import type { MyDataPages } from '#rendering/my-data-page';
import { myDataWords } from '#rendering/my-data-words';
import type { Tenant } from '#tenants/tenant';
import { AnswerPages } from './answer-pages.js';
import {
  readFactsForm,
  readWritten,
  writtenFacts,
  type FactFault,
  type WrittenFacts,
} from './my-data-form.js';
import { dataSections, dayInFull } from './my-data-view.js';

/** A page of one's own data that is open. */
export interface OnPage {
  tenant: Tenant;
  locale: string;
  link: LinkPayload;
  mine: MyPeople;
  /** Of the address of the page. */
  token: string;
  /** For the page's next form. */
  session: string;
}

type Done = NonNullable<MyDataPages['me-data']['done']>;
type Fields = ReadonlyMap<string, string>;

const NOTHING: Done = {
  ...{ corrected: false, nothing: false, tooOften: false, restricted: false, unrestricted: false },
  ...{ objected: false, phoneNoted: false, asked: null },
};
const NO_FAULTS: Record<FactFault, boolean> = {
  ...{ name: false, email: false, phone: false, birthDate: false, address: false },
};

/** What can be done on the page of one's own data, each as one form. */
@Injectable()
export class MyDataActs {
  constructor(
    private readonly own: OwnActs,
    private readonly myData: MyData,
    private readonly releaseDue: ReleaseDue,
    private readonly pages: AnswerPages,
    private readonly clock: Clock,
  ) {}

  async act(page: OnPage, fields: Fields, response: Response): Promise<void> {
    const asked = fields.get('do') ?? '';
    const { tenant, token, mine } = page;
    if (asked === 'close') {
      await this.myData.close(tenant.id, token);
      this.pages.send(response, 200, 'me-closed', page, { saved: false });
      return;
    }
    const named = mine.people.find(({ customer }) => customer === fields.get('person'));
    const person =
      asked === 'people' ? undefined : (named ?? (mine.people.length === 1 ? mine.people[0] : undefined));
    if (person === undefined) {
      this.choose(page, response);
      return;
    }
    switch (asked) {
      case 'json':
      case 'csv':
        await this.download(page, person, asked, response);
        return;
      case 'correct':
        await this.correct(page, person, fields, response);
        return;
      case 'restrict':
        await this.own.restrict(tenant, person.customer);
        await this.again(page, person, { ...NOTHING, restricted: true }, response);
        return;
      case 'unrestrict':
        await this.own.unrestrict(tenant, person.customer);
        await this.again(page, person, { ...NOTHING, unrestricted: true }, response);
        return;
      case 'object':
        await this.object(page, person, fields, response);
        return;
      case 'erase':
        await this.askToErase(page, person, response);
        return;
      case 'erase-yes':
        await this.erase(page, person, response);
        return;
      case 'open':
        await this.show(page, person, { as: 'access' }, response);
        return;
      default:
        await this.show(page, person, {}, response);
    }
  }

  /** Several have the address. */
  private choose(page: OnPage, response: Response): void {
    const { session, mine, tenant, locale } = page;
    const words = myDataWords(locale);
    this.pages.send(response, 200, 'me-people', page, {
      session,
      masked: maskAddress(mine.address.address),
      people: mine.people.map(({ customer, name, createdAt }) => ({
        id: customer,
        name,
        about: `${words.fields.since} ${dayInFull(locale, tenant.timeZone, createdAt)}`,
      })),
    });
  }

  private async show(
    page: OnPage,
    customer: Customer,
    about: {
      as?: 'access';
      done?: Done;
      written?: WrittenFacts;
      faults?: readonly FactFault[];
    },
    response: Response,
  ): Promise<void> {
    const { tenant, locale, session, mine } = page;
    const extract = await this.own.extract(tenant, customer.customer, about.as ?? null);
    if (extract === null || extract.person.erasedAt !== null) {
      this.pages.send(response, 410, 'me-gone', page, {});
      return;
    }
    const { faults = [], done = null } = about;
    const { language, ...written } = about.written ?? writtenFacts(customer, locale, tenant.country);
    const locales = this.pages.localesOf(tenant);
    const { restrictedAt, name } = extract.person;
    this.pages.send(response, faults.length > 0 ? 422 : 200, 'me-data', page, {
      ...{ session, person: customer.customer, name, shared: mine.people.length > 1, done, written },
      sections: dataSections(extract, locale, tenant.timeZone),
      languages:
        locales.length < 2
          ? []
          : locales.map((value) => ({ value, name: languageName(value), chosen: value === language })),
      hasFaults: faults.length > 0,
      faults: { ...NO_FAULTS, ...Object.fromEntries(faults.map((fault) => [fault, true])) },
      restrictedSince: restrictedAt && dayInFull(locale, tenant.timeZone, restrictedAt),
    });
  }

  /** As it stands after an act, in the language that is spoken now; closed where the link's address is theirs no more. */
  private async again(page: OnPage, { customer }: Customer, done: Done, response: Response): Promise<void> {
    const mine = await this.myData.people(page.link);
    const person = mine?.people.find((one) => one.customer === customer);
    if (mine === null || person === undefined) {
      await this.myData.close(page.tenant.id, page.token);
      this.pages.send(response, 200, 'me-closed', page, { saved: true });
      return;
    }
    const spoken = mine.people.length === 1 && person.locale !== null ? [person.locale] : [];
    const locale = this.pages.chooseFor(page.tenant, [...spoken, page.locale]);
    await this.show({ ...page, mine, locale }, person, { done }, response);
  }

  private async download(
    page: OnPage,
    { customer }: Customer,
    as: 'json' | 'csv',
    response: Response,
  ): Promise<void> {
    const extract = await this.own.extract(page.tenant, customer, 'portability');
    if (extract === null) {
      this.pages.send(response, 410, 'me-gone', page, {});
      return;
    }
    response
      .status(200)
      .set({
        'Content-Type': as === 'json' ? 'application/json; charset=utf-8' : 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="${page.tenant.id}-${dateOf(extract)}.${as}"`,
        'X-Robots-Tag': 'noindex, nofollow',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-store',
      })
      .send(as === 'json' ? `${JSON.stringify(extract, null, 2)}\n` : extractCsv(extract));
  }

  private async correct(page: OnPage, person: Customer, fields: Fields, response: Response): Promise<void> {
    const { tenant, locale } = page;
    const before = writtenFacts(person, locale, tenant.country);
    const written = readWritten(fields, before);
    const today = localDate(this.clock.now(), tenant.timeZone);
    const locales = this.pages.localesOf(tenant);
    const form = readFactsForm(written, before, { locales, country: tenant.country, today });
    if (form.kind === 'wrong') {
      await this.show(page, person, { written, faults: form.faults }, response);
      return;
    }
    const { facts, email, newPhone } = form;
    const done = await this.own.correct(tenant, person, facts, { email, newPhone, locale });
    if (done.kind === 'gone') {
      this.pages.send(response, 410, 'me-gone', page, {});
      return;
    }
    const { asked } = done;
    if (asked) await this.releaseDue.release([asked], this.clock.now()).catch(() => undefined);
    const corrected = Object.keys(facts).length > 0 || email === null;
    await this.again(
      page,
      person,
      {
        ...NOTHING,
        corrected,
        phoneNoted: newPhone !== null,
        nothing: !corrected && asked === undefined && newPhone === null,
        asked: asked && typeof email === 'string' ? maskAddress(email) : null,
        tooOften: asked === null,
      },
      response,
    );
  }

  private async object(page: OnPage, person: Customer, fields: Fields, response: Response): Promise<void> {
    const to = (['marketing', 'followup'] as const).filter((one): one is Objection => fields.has(one));
    if (to.length === 0) {
      await this.show(page, person, { done: { ...NOTHING, nothing: true } }, response);
      return;
    }
    const proof = { noticeVersion: this.pages.noticeVersion(page.tenant), language: page.locale };
    await this.own.object(page.tenant, person.customer, to, { ...proof, method: 'page', place: '/me' });
    await this.again(page, person, { ...NOTHING, objected: true }, response);
  }

  /** What would go and what would stay: nothing is erased here. */
  private async askToErase(page: OnPage, { customer }: Customer, response: Response): Promise<void> {
    const { tenant, locale, session } = page;
    const before = await this.own.beforeErasure(tenant, customer);
    if (before === null) {
      this.pages.send(response, 410, 'me-gone', page, {});
      return;
    }
    const { extract, kept } = before;
    const { gone } = myDataWords(locale);
    const parts: [string, readonly unknown[]][] = [
      ['bookings', extract.bookings],
      ['purchases', extract.purchases],
      ['survey answers', extract.surveyAnswers],
      ['handoffs', extract.disclosures],
      ['messages', extract.messages],
    ];
    const now = this.clock.now();
    const next = extract.bookings
      .flatMap(({ startsAt, status }) =>
        status === 'confirmed' && startsAt && startsAt > now ? [startsAt] : [],
      )
      .sort((a, b) => a.getTime() - b.getTime())[0];
    this.pages.send(response, 200, 'me-erase', page, {
      ...{ session, person: customer, name: extract.person.name },
      ahead: next === undefined ? null : dayInFull(locale, tenant.timeZone, next),
      goes: ['customer', ...parts.flatMap(([name, all]) => (all.length > 0 ? [name] : []))].map(
        (name) => gone[name] ?? name,
      ),
      kept: keptWords(kept, page),
    });
  }

  private async erase(page: OnPage, { customer }: Customer, response: Response): Promise<void> {
    const { tenant, token, mine } = page;
    const erased = await this.own.erase(tenant, customer);
    // Others who share the address may go on, unless the link was this person's.
    if (mine.people.length === 1 || page.link.customer === customer)
      await this.myData.close(tenant.id, token);
    if (erased === null) this.pages.send(response, 410, 'me-gone', page, {});
    else this.pages.send(response, 200, 'me-erased', page, { kept: keptWords(erased.kept, page) });
  }
}

function keptWords(kept: readonly Kept[], { locale, tenant }: OnPage): MyDataPages['me-erased']['kept'] {
  const words = myDataWords(locale).kept;
  return kept.map(({ code, what, ground, until, howLong }) => ({
    what: words[code]?.what ?? what,
    ground: words[code]?.ground ?? ground,
    until: until === null ? null : dayInFull(locale, tenant.timeZone, new Date(until)),
    endless: until === null ? (words[code]?.endless ?? howLong) : null,
  }));
}

const dateOf = ({ madeAt }: PersonExtract): string => madeAt.toISOString().slice(0, 10);
