import Handlebars from 'handlebars';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InboxStore } from '#channels/inbox.store';
import { type CapturedMessage } from '#channels/inbox.store';
import type { CustomerStore } from '#customers/customer.store';
import type { AdvanceClock } from '#dispatch/advance-clock';
import type { MessageStore } from '#messages/message.store';
import type { Clock } from '#platform/clock';
import { rootDir } from '#platform/root';
import { LOGO_CID } from '#rendering/rendered';
import type { Tenants } from '#tenants/tenant';
import {
  joinEntries,
  matching,
  pageOf,
  personOf,
  type Entry,
  type EntryFilter,
  type EntryPage,
  type State,
} from './inbox-entries.js';
import { messageView, moodOf, type MessageView } from './inbox-message.js';
import { InboxTimes, span } from './inbox-times.js';
import { DID_WORDS, STATUS_WORDS } from './inbox-words.js';

/** The list looks back over so many messages; older ones stand in `/v1/messages`. */
const MOST_ENTRIES = 5_000;
const FAR_MS = 20 * 365 * 86_400_000;

/** What the page was asked for. */
export interface PageQuery extends EntryFilter {
  page: number;
  /** The key of the message that is shown. */
  show?: string | undefined;
  /** Which button has just done its work. */
  did?: string | undefined;
}

const TABS: readonly { state: State | undefined; name: string }[] = [
  { state: undefined, name: 'All' },
  { state: 'sent', name: 'Sent' },
  { state: 'not-sent', name: 'Not sent' },
  { state: 'planned', name: 'Planned' },
];

/** `/inbox` for people: one page, drawn on the server, whole without a script. */
export class InboxPage {
  private readonly draw: (view: unknown) => string;

  constructor(
    private readonly inbox: InboxStore,
    private readonly messages: MessageStore,
    private readonly customers: CustomerStore,
    private readonly tenants: Tenants,
    private readonly advanceClock: AdvanceClock,
    private readonly clock: Clock,
  ) {
    this.draw = compilePage();
  }

  async html(query: PageQuery): Promise<string> {
    const now = this.clock.now();
    const times = new InboxTimes(this.tenants.all()[0]?.timeZone ?? 'UTC', now);
    const [rows, captured, nextDue] = await Promise.all([
      this.messages.headlines(MOST_ENTRIES),
      this.inbox.headlines(MOST_ENTRIES),
      this.messages.nextDueAt(new Date(now.getTime() + FAR_MS)),
    ]);
    const all = joinEntries(rows, captured);
    const everybody = query.find === undefined ? null : await this.names(all);
    const found = matching(all, query, everybody);
    const page = pageOf(found, query.state, query.page);
    // Nothing chosen: beside the list, where there is room, stands its newest message.
    const shown = query.show === undefined ? page.entries[0] : all.find((entry) => entry.key === query.show);
    const names = everybody ?? (await this.names([...page.ahead, ...page.entries]));
    const linkOf = (change: Partial<PageQuery>): string => link({ ...query, did: undefined, ...change });
    return this.draw({
      chosen: query.show !== undefined && shown !== undefined,
      gone: query.show !== undefined && shown === undefined,
      did: query.did === undefined ? undefined : DID_WORDS[query.did],
      clock: {
        now: times.clock(now),
        exact: times.exact(now),
        zone: times.zone,
        lead: leadWords(this.advanceClock.lead),
        next:
          nextDue === null
            ? undefined
            : {
                advance: `PT${Math.max(0, nextDue.getTime() - now.getTime()) / 1_000}S`,
                at: times.short(nextDue),
                ahead: times.ahead(nextDue),
              },
      },
      back: link({ ...query, did: undefined }),
      backToShown: link({ ...query, did: undefined, show: shown?.key }),
      toList: linkOf({ show: undefined }),
      tabs: TABS.map(({ state, name }) => ({
        name,
        current: query.state === state,
        count: state === undefined ? found.length : found.filter((one) => one.state === state).length,
        href: linkOf({ state, page: 1, show: undefined }),
      })),
      tenants: [
        {
          name: 'All',
          current: query.tenant === undefined,
          href: linkOf({ tenant: undefined, page: 1, show: undefined }),
        },
        ...this.tenants.all().map(({ id, name }, index) => ({
          name,
          mark: index,
          current: query.tenant === id,
          href: linkOf({ tenant: id, page: 1, show: undefined }),
        })),
      ],
      filter: { tenant: query.tenant, state: query.state, find: query.find ?? '' },
      allHref: all.length === found.length ? undefined : '/inbox',
      empty: all.length === 0,
      none: all.length > 0 && page.ahead.length + page.entries.length === 0,
      ...this.list(page, { query, shown, names, times, linkOf }),
      message: shown === undefined ? undefined : await this.message(shown, times),
    });
  }

  private list(
    { ahead, moreAhead, entries, page, pages }: EntryPage,
    {
      query,
      shown,
      names,
      times,
      linkOf,
    }: {
      query: PageQuery;
      shown: Entry | undefined;
      names: ReadonlyMap<string, string>;
      times: InboxTimes;
      linkOf: (change: Partial<PageQuery>) => string;
    },
  ) {
    const tenants = this.tenants.all();
    let day = '';
    const item = (entry: Entry, { isAhead }: { isAhead: boolean }) => {
      const isNewDay = !isAhead && times.day(entry.at) !== day;
      if (!isAhead) day = times.day(entry.at);
      const name = names.get(personOf(entry)) ?? entry.to ?? entry.customer;
      return {
        day: isNewDay ? day : undefined,
        key: entry.key,
        href: `${linkOf({ show: entry.key })}#at-${entry.key}`,
        current: entry.key === shown?.key,
        isSms: entry.channel === 'sms',
        mark: tenants.findIndex(({ id }) => id === entry.tenant),
        tenant: tenants.find(({ id }) => id === entry.tenant)?.name ?? entry.tenant,
        name,
        time: isAhead ? times.short(entry.at) : times.time(entry.at),
        exact: times.exact(entry.at),
        line: entry.line,
        mood: moodOf(entry, entry.status),
        status:
          (isAhead && entry.why === '') || isPlain(entry) ? '' : STATUS_WORDS[entry.status ?? 'accepted'],
        why: entry.why,
        due: entry.state === 'planned' && !isAhead ? times.ahead(entry.at) : '',
      };
    };
    return {
      ahead: ahead.map((entry) => item(entry, { isAhead: true })),
      moreAhead:
        moreAhead > 0 ? { count: moreAhead, href: linkOf({ state: 'planned', page: 1 }) } : undefined,
      nowLine: query.state === undefined && page === 1 && ahead.length > 0,
      entries: entries.map((entry) => item(entry, { isAhead: false })),
      paging:
        pages === 1
          ? undefined
          : {
              page,
              pages,
              newer: page > 1 ? linkOf({ page: page - 1, show: undefined }) : undefined,
              older: page < pages ? linkOf({ page: page + 1, show: undefined }) : undefined,
            },
    };
  }

  private async message(entry: Entry, times: InboxTimes): Promise<MessageView> {
    const [[row], [captured], customer] = await Promise.all([
      this.messages.findByIds(entry.tenant, [entry.message]),
      this.inbox.ofMessage(entry.tenant, entry.message),
      entry.customer === null ? null : this.customers.find(entry.tenant, entry.customer),
    ]);
    const tenant = this.tenants.get(entry.tenant);
    const known = { entry, row: row ?? null, customer, tenant };
    return messageView({ ...known, captured: captured ?? null }, times);
  }

  /** By tenant and customer. */
  private async names(entries: readonly Entry[]): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    for (const tenant of new Set(entries.map((entry) => entry.tenant))) {
      const ids = entries.flatMap((one) =>
        one.tenant === tenant && one.customer !== null ? [one.customer] : [],
      );
      for (const [id, { name }] of await this.customers.findMany(tenant, ids))
        if (name !== null) names.set(personOf({ tenant, customer: id }), name);
    }
    return names;
  }
}

/** The mail for its frame: its links open beside the page, not inside the frame, and the logo comes from where it lies. */
export function framed({ html = '', tenant }: CapturedMessage): string {
  const base = '<base target="_blank">';
  const shown = html.replaceAll(`"cid:${LOGO_CID}"`, `"../../logo/${encodeURIComponent(tenant)}"`);
  return /<head[^>]*>/i.test(shown)
    ? shown.replace(/<head[^>]*>/i, (head) => `${head}${base}`)
    : base + shown;
}

/** It went, and nothing more was heard: nothing to say. */
const isPlain = ({ status }: Entry): boolean => status === null || status === 'accepted';

/** How far the clock was moved; a second is the machine's own hurry. */
function leadWords(ms: number): { by: string; where: string } | undefined {
  if (Math.abs(ms) < 1_000) return undefined;
  return { by: span(Math.abs(ms)), where: ms > 0 ? 'ahead' : 'behind' };
}

function link(query: Partial<PageQuery>): string {
  const { page, ...rest } = query;
  const given = Object.entries({ ...rest, page: page === 1 ? undefined : page }).flatMap(
    ([name, value]): [string, string][] =>
      value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '/inbox' : `/inbox?${new URLSearchParams(given).toString()}`;
}

const FOLDER = 'templates/inbox';

function compilePage(): (view: unknown) => string {
  const folder = join(rootDir(), FOLDER);
  const handlebars = Handlebars.create();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.html.hbs'))) {
    handlebars.registerPartial(file.replace('.html.hbs', ''), readFileSync(join(folder, file), 'utf8'));
  }
  handlebars.registerHelper('linked', (text: string) => new Handlebars.SafeString(linked(text)));
  return handlebars.compile('{{> page}}', { preventIndent: true });
}

/** The page's stylesheet, with each tenant's colour. */
export function stylesheet(tenants: Tenants): string {
  const colours = tenants
    .all()
    .map(
      ({ look }, index) =>
        `.mark-${index} { --mark: ${/^#[\da-f]{3,8}$/i.exec(look.colour)?.[0] ?? 'gray'}; }`,
    );
  return `${readFileSync(join(rootDir(), FOLDER, 'style.css'), 'utf8')}\n${colours.join('\n')}\n`;
}

/** A text with what is a link in it made one. */
export function linked(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"')]*[^\s<>"').,;:!?])/)
    .map((part, index) => {
      const escaped = Handlebars.escapeExpression(part);
      return index % 2 === 0
        ? escaped
        : `<a href="${escaped}" target="_blank" rel="noopener noreferrer">${escaped}</a>`;
    })
    .join('');
}
