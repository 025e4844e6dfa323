import { ordinaryPolicy } from '#consent/permit.fixture';
import type { Account, Tenant } from '#tenants/tenant';

/** A clinic with mail and SMS on both streams. */
export function aClinic(accounts: Record<string, Account>, changes: Partial<Tenant> = {}): Tenant {
  return {
    id: 'wellnesskliniken',
    name: 'Wellnesskliniken',
    legalName: 'Wellnesskliniken AB',
    email: 'hej@wellnesskliniken.se',
    phone: '+4681234567',
    address: { lines: ['Storgatan 1'], postalCode: '111 22', city: 'Stockholm' },
    country: 'SE',
    locales: ['sv', 'en'],
    timeZone: 'Europe/Stockholm',
    host: 'm.wellnesskliniken.se',
    look: { colour: '#336655' },
    accounts,
    senders: {
      service: {
        email: {
          from: 'hej@mail.wellnesskliniken.se',
          replyTo: 'svar@wellnesskliniken.se',
          account: 'clinic-mail',
        },
        sms: { from: 'Kliniken', account: 'clinic-sms' },
      },
      marketing: {
        email: {
          from: 'nyheter@news.wellnesskliniken.se',
          fromName: 'Nytt från kliniken',
          account: 'clinic-mail',
          listId: 'nyheter.wellnesskliniken.se',
        },
      },
    },
    policy: ordinaryPolicy,
    journeys: {},
    attributes: {},
    approval: { people: [] },
    ...changes,
  };
}
