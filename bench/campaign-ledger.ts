import type mongoose from 'mongoose';
import { campaignKey } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import type { Content } from '#campaigns/content';
import { CALL_REFUSED } from '#channels/sender';
import { newCustomer, type Customer } from '#customers/customer.types';
import { campaignRowId, rowOf } from '#launch/launch';
import type { OutRecord } from '#messaging/event-sink';
import type { MessageRow } from '#messages/message.types';
import { nonce } from '#platform/mongo';
import type { Tenant } from '#tenants/tenant';
import { personOf } from './events.js';
import { batches, insert, TENANT, type Range } from './ledger.js';

export const CAMPAIGN = 'c-bench';
const TEMPLATE = 't-bench';
const DAY = 86_400_000;

/** Members of a campaign; `singly`: each in a call of its own, as after a call that was refused. */
export interface Members extends Range {
  singly: boolean;
}

const words = (language: 'sv' | 'en'): Content[string] => ({
  email: {
    subject:
      language === 'sv'
        ? 'Vårens nyheter, {{person.firstName | vän}}'
        : 'News for {{person.firstName | you}}',
    preview: language === 'sv' ? 'Det här händer hos oss' : 'What is new with us',
    blocks: [
      {
        kind: 'heading',
        text: language === 'sv' ? 'Hej {{person.name | du}}!' : 'Hello {{person.name | you}}!',
      },
      { kind: 'text', text: (language === 'sv' ? 'Våren är här. ' : 'Spring is here. ').repeat(20) },
      { kind: 'image', url: 'https://bench.example.se/spring.png', alt: 'Östersund' },
      {
        kind: 'offer',
        title: '20 %',
        text: 'Massage',
        code: 'VAR26',
        until: '2027-06-01',
        href: 'https://bench.example.se/a',
      },
      { kind: 'divider' },
      { kind: 'text', text: (language === 'sv' ? 'Vi ses hos oss. ' : 'See you soon. ').repeat(20) },
      {
        kind: 'button',
        label: language === 'sv' ? 'Boka' : 'Book',
        href: 'https://bench.example.se/boka?utm_source=mail',
      },
    ],
  },
});

/** A campaign that is being sent, and what it says, in two languages. */
export async function addCampaign(connection: mongoose.Connection): Promise<void> {
  const now = new Date();
  await insert(connection, 'templates', [
    {
      ...{ _id: `${TENANT}/${TEMPLATE}`, tenant: TENANT, template: TEMPLATE, rev: nonce(), name: 'Bench' },
      ...{ latest: 1, published: 1, createdAt: now, createdBy: 'bench' },
    },
  ]);
  await insert(connection, 'template_versions', [
    {
      ...{ _id: `${TENANT}/${TEMPLATE}/1`, tenant: TENANT, template: TEMPLATE, n: 1, status: 'published' },
      ...{ content: { sv: words('sv'), en: words('en') }, hash: 'bench', from: null, createdAt: now },
      ...{ createdBy: 'bench', publishedAt: now, publishedBy: 'bench' },
    },
  ]);
  await insert(connection, 'campaigns', [campaignOf(now)]);
}

function campaignOf(now: Date): Campaign {
  return {
    ...{
      _id: campaignKey(TENANT, CAMPAIGN),
      tenant: TENANT,
      campaign: CAMPAIGN,
      rev: nonce(),
      status: 'sending',
    },
    ...{ name: 'Bench', purpose: 'newsletter', channel: 'email', segment: 's-bench' },
    variants: [{ name: 'A', template: TEMPLATE, version: 1, weight: 1 }],
    ...{ holdOut: 0, graceMinutes: 0, pace: null },
    limits: { complaints: 1, bounces: 1, errors: 1, least: 1_000_000 },
    ...{ submitted: null, approved: null, schedule: { at: null, zone: 'tenant', ifPassed: 'send' } },
    ...{ launchAt: now, pausedFor: null, pulledTo: null, sweptAt: null, history: [] },
    launch: { at: now, predicate: { and: [] }, after: null, members: 0, endedAt: now },
    ...{ createdAt: now, createdBy: 'bench', updatedAt: now },
  };
}

function readerOf(n: number, now: Date): Customer {
  const { id, name, email, locale } = personOf(n);
  return {
    ...newCustomer(TENANT, id, now),
    ...{ rev: nonce(), gen: { version: 1, time: now, event: `e${n}` }, name, email, locale },
    choiceLog: [
      {
        ...{ id: `e${n}`, purpose: 'newsletter', channel: 'email', state: 'given', at: now, recordedAt: now },
        ...{ via: 'event', noticeVersion: '2026-01', language: 'sv', method: 'checkbox', place: '/booking' },
      },
    ],
  };
}

/** Readers with a row each that their campaign has pulled and the scheduler has released. */
export async function addMembers(
  connection: mongoose.Connection,
  tenant: Tenant,
  { singly, ...range }: Members,
): Promise<void> {
  const now = new Date();
  const campaign = campaignOf(now);
  for (const numbers of batches(range)) {
    const readers = numbers.map((n) => readerOf(n, now));
    await insert(connection, 'customers', readers);
    await insert(
      connection,
      'messages',
      readers.map((reader): MessageRow => {
        const row = rowOf(tenant, campaign, reader, now);
        const refused = {
          n: 1,
          ref: nonce(),
          channel: 'email' as const,
          at: now,
          outcome: CALL_REFUSED,
          providerId: null,
        };
        return {
          ...{
            ...row,
            status: 'released',
            release: 1,
            dueAt: now,
            expiresAt: new Date(now.getTime() + 3 * DAY),
          },
          history: [...row.history, { at: now, status: 'released' }],
          attempts: singly ? [refused] : [],
        };
      }),
    );
  }
}

/** What the dispatcher is told of them. */
export const membersDue = ({ from, count }: Range): OutRecord[] =>
  Array.from({ length: count }, (_, index) => {
    const { id } = personOf(from + index);
    const message = campaignRowId(TENANT, id, CAMPAIGN);
    return { key: `${TENANT}/${id}`, value: JSON.stringify({ tenant: TENANT, id: message, release: 1 }) };
  });
