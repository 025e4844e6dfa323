import { stringify } from 'csv-stringify/sync';
import { inForce } from '#consent/choices';
import type { SuppressionStore } from '#consent/suppression.store';
import type { CustomerStore } from '#customers/customer.store';
import type { Customer } from '#customers/customer.types';
import type { MessageStore } from '#messages/message.store';
import type { MessageRow } from '#messages/message.types';
import type { Choice } from '#purposes/choice';
import type { Tenant } from '#tenants/tenant';

export const EXPORTS = ['customers', 'choices', 'suppressions', 'messages'] as const;
export type ExportKind = (typeof EXPORTS)[number];
export const EXPORT_FORMATS = ['csv', 'jsonl'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How many documents are read at once: what is in memory, however much there is. */
const PAGE = 1_000;

type Fields = Record<string, unknown>;

/**
 * Everything of one kind that the ledger has of a tenant, page by page by `_id`, as text: nothing is read before the last
 * page is on its way. What changes meanwhile is in it or not. Customers and choices come in the columns that an import
 * reads; a CSV's cells that begin like a formula get an apostrophe.
 */
export class ExportRecords {
  constructor(
    private readonly customers: CustomerStore,
    private readonly suppressions: SuppressionStore,
    private readonly messages: MessageStore,
  ) {}

  async *text(tenant: Tenant, kind: ExportKind, format: ExportFormat): AsyncGenerator<string> {
    const columns = columnsOf(kind, tenant);
    if (format === 'csv') yield csv([], columns, true);
    for await (const page of this.pages(tenant, kind)) {
      if (page.length === 0) continue;
      yield format === 'csv'
        ? csv(page.map(flat), columns, false)
        : page.map((record) => `${JSON.stringify(withoutNothing(record))}\n`).join('');
    }
  }

  /** How many records `text` would give now. */
  async count(tenant: Tenant, kind: ExportKind): Promise<number> {
    switch (kind) {
      case 'customers':
        return (await this.customers.countKnown(tenant.id)).people;
      case 'choices':
        return (await this.customers.countKnown(tenant.id)).choices;
      case 'suppressions':
        return this.suppressions.count(tenant.id);
      case 'messages':
        return this.messages.count(tenant.id);
    }
  }

  private async *pages(tenant: Tenant, kind: ExportKind): AsyncGenerator<Fields[]> {
    switch (kind) {
      case 'customers':
        for await (const page of pagesOf((after) => this.customers.page(tenant.id, after, PAGE)))
          yield page.filter(({ erasedAt }) => erasedAt === null).map(customerRecord);
        return;
      case 'choices':
        for await (const page of pagesOf((after) => this.customers.page(tenant.id, after, PAGE)))
          yield page.filter(({ erasedAt }) => erasedAt === null).flatMap(choiceRecords);
        return;
      case 'suppressions':
        for await (const page of pagesOf((after) => this.suppressions.page(tenant.id, after, PAGE)))
          yield page.map(suppressionRecord);
        return;
      case 'messages':
        for await (const page of pagesOf((after) => this.messages.page(tenant.id, after, PAGE)))
          yield page.map(messageRecord);
    }
  }
}

async function* pagesOf<T extends { _id: string }>(
  read: (after: string | null) => Promise<T[]>,
): AsyncGenerator<T[]> {
  for (let after: string | null = null; ;) {
    const page: T[] = await read(after);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last._id;
  }
}

const COLUMNS: Readonly<Record<ExportKind, readonly string[]>> = {
  customers: [
    ...['id', 'version', 'updatedAt', 'name', 'email', 'phone', 'locale', 'timeZone', 'birthDate'],
    ...['guardianConsent.by', 'guardianConsent.at', 'guardianConsent.evidence'],
    ...['address.line1', 'address.line2', 'address.postalCode', 'address.city', 'address.country'],
  ],
  choices: [
    ...['customer', 'purpose', 'channel', 'state', 'at', 'noticeVersion', 'language', 'method', 'place'],
    ...['evidence', 'via', 'recordedAt', 'inForce'],
  ],
  suppressions: [
    ...['kind', 'addressKind', 'keyId', 'hash', 'channel', 'scope', 'cause', 'purpose', 'state', 'customer'],
    ...['at', 'recordedAt'],
  ],
  messages: [
    ...['id', 'customer', 'purpose', 'channel', 'status', 'reason', 'journey', 'step', 'campaign', 'booking'],
    ...['event', 'dueAt', 'createdAt', 'attempts'],
  ],
};

/** After what an import reads, what it leaves alone. */
const columnsOf = (kind: ExportKind, tenant: Tenant): string[] => [
  ...COLUMNS[kind],
  ...(kind === 'customers'
    ? [
        ...Object.keys(tenant.attributes).map((name) => `attributes.${name}`),
        ...['marketingPausedUntil', 'restrictedAt', 'createdAt'],
      ]
    : []),
];

/** `updatedAt` is what an import compares with: when the facts were true, not when we wrote them. */
function customerRecord(customer: Customer): Fields {
  const { gen, name, email, phone, locale, timeZone, birthDate, guardianConsent, address } = customer;
  return {
    ...{
      id: customer.customer,
      version: gen?.version,
      updatedAt: gen !== null && gen.time > EPOCH ? gen.time : undefined,
    },
    ...{ name, email, phone, locale, timeZone, birthDate, guardianConsent, address },
    ...(Object.keys(customer.attributes).length === 0 ? {} : { attributes: customer.attributes }),
    ...{ marketingPausedUntil: customer.marketingPausedUntil, restrictedAt: customer.restrictedAt },
    createdAt: customer.createdAt,
  };
}

const EPOCH = new Date(0);

/** Each entry of the log with its proof, also those that decide nothing any more. */
function choiceRecords({ customer, choiceLog }: Customer): Fields[] {
  if (choiceLog.length === 0) return [];
  const standing = inForce(choiceLog);
  const stands = (choice: Choice): boolean =>
    standing.some(
      (one) =>
        one.at === choice.at &&
        one.purpose === choice.purpose &&
        one.channel === choice.channel &&
        one.via === choice.via,
    );
  return choiceLog.map((choice) => {
    const { purpose, channel, state, at, noticeVersion, language, method, place, evidence, via, recordedAt } =
      choice;
    return {
      ...{ customer, purpose, channel, state, at, noticeVersion, language, method, place, evidence },
      ...{ via, recordedAt, inForce: stands(choice) },
    };
  });
}

/** An address was never kept: its keyed hash tells only whoever has the address and the key. */
function suppressionRecord(record: Awaited<ReturnType<SuppressionStore['page']>>[number]): Fields {
  const { kind, addressKind, keyId, hash, channel, at, recordedAt } = record;
  const said =
    record.kind === 'suppressed'
      ? { scope: record.scope, cause: record.cause }
      : { purpose: record.purpose, state: record.state, customer: record.by === '' ? undefined : record.by };
  return { kind, addressKind, keyId, hash, channel, ...said, at, recordedAt };
}

function messageRecord(row: MessageRow): Fields {
  const { customer, purpose, channel, status, reason, journey, step, campaign, booking, event } = row;
  return {
    ...{ id: row._id, customer, purpose, channel, status, reason, journey, step, campaign, booking, event },
    ...{ dueAt: row.dueAt, createdAt: row.createdAt, attempts: row.attempts.length },
  };
}

/** A record as one line of cells. */
function flat(record: Fields): Fields {
  const cells: Fields = {};
  for (const [name, value] of Object.entries(record)) {
    if (name === 'address' && value !== null && value !== undefined) {
      const { lines, postalCode, city, country } = value as NonNullable<Customer['address']>;
      cells['address.line1'] = lines[0];
      if (lines.length > 1) cells['address.line2'] = lines.slice(1).join(', ');
      Object.assign(cells, {
        'address.postalCode': postalCode,
        'address.city': city,
        'address.country': country,
      });
    } else if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
      for (const [part, inner] of Object.entries(value)) cells[`${name}.${part}`] = inner;
    } else cells[name] = value;
  }
  return cells;
}

function csv(records: readonly Fields[], columns: readonly string[], header: boolean): string {
  return stringify([...records], {
    header,
    columns: [...columns],
    record_delimiter: 'windows',
    // A spreadsheet would run what begins like a formula.
    escape_formulas: true,
    cast: { date: (value) => value.toISOString(), boolean: (value) => String(value) },
  });
}

const withoutNothing = (record: Fields): Fields =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined));
