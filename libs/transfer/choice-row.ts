import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { dateTime, id, prose } from '#events/fields';
import { choice } from '#events/parts';
import type { Address } from '#privacy/withdraw';
import { isShared } from '#privacy/withdraw';
import type { ChoiceStatement } from '#purposes/choice';
import { plainName } from './columns.js';
import {
  addressesIn,
  faultOf,
  pastTimeOf,
  refusedRow,
  textOf,
  throughSchema,
  type RowContext,
  type RowRead,
} from './row-values.js';

/** A row of choices: who said what, when, and how that is known. */
export interface ChoiceRow {
  /** null: a no about an address only. */
  customer: string | null;
  /** Of a no: addresses that it concerns beside those of the customer. */
  addresses: Address[];
  statement: ChoiceStatement;
  /** null: a no that does not say when; it counts from the import. */
  at: Date | null;
  /** The same row is the same entry of the log wherever it comes again. */
  id: string;
}

/** A yes is proved (GDPR 7(1)): all of it, or it is none. */
const given = choice.extend({ customer: id(), at: dateTime(), evidence: prose() });

/** What a no without proof is kept with: nobody has to prove a no. */
const UNPROVED = { noticeVersion: 'none', language: 'und', method: 'import', place: 'import' } as const;

/** Other words for the same; of states only those of a no, as a yes is not guessed. */
const WORDS: Readonly<Record<'purpose' | 'channel' | 'state', Readonly<Record<string, string>>>> = {
  purpose: {
    nyhetsbrev: 'newsletter',
    marknadsforing: 'marketing',
    erbjudanden: 'offers',
    alla: 'marketing',
    all: 'marketing',
  },
  channel: {
    epost: 'email',
    mail: 'email',
    mejl: 'email',
    text: 'sms',
    telefon: 'call',
    phone: 'call',
    brev: 'letter',
    alla: 'all',
  },
  state: {
    unsubscribed: 'withdrawn',
    unsubscribe: 'withdrawn',
    optout: 'withdrawn',
    no: 'withdrawn',
    nej: 'withdrawn',
    avregistrerad: 'withdrawn',
    aterkallat: 'withdrawn',
    invandning: 'objected',
    objection: 'objected',
  },
};

/** Reads a row of choices. A `given` needs all of its proof, a no as much as is known. */
export function readChoiceRow(
  row: Readonly<Record<string, unknown>>,
  context: RowContext,
): RowRead<ChoiceRow> {
  const { addresses, faults } = addressesIn(row, context);
  const customer = textOf(row['customer']);
  const at = row['at'] == null ? null : pastTimeOf('at', row['at'], context);
  if (at !== null && 'fault' in at) faults.push(at.fault);
  const told = {
    purpose: inOurWords('purpose', row['purpose']),
    channel: inOurWords('channel', row['channel']),
    state: inOurWords('state', row['state']),
    noticeVersion: textOf(row['noticeVersion']),
    language: textOf(row['language']),
    method: textOf(row['method']),
    place: textOf(row['place']),
    evidence: textOf(row['evidence']),
  };
  const isGiven = told.state === 'given';
  const record = isGiven
    ? { ...told, customer, at: at !== null && 'at' in at ? at.at.toISOString() : undefined }
    : { ...told, ...missing(told) };
  const schema: z.ZodType<ChoiceStatement> = isGiven ? given : choice;
  const read = throughSchema(schema, withoutNothing(record));
  if ('faults' in read) {
    faults.push(...read.faults.filter(({ field }) => !faults.some((one) => one.field === field)));
  }
  if (!isGiven && customer !== undefined && !isId(customer)) {
    faults.push(faultOf('customer', 'id of 1 to 128 characters', customer));
  }
  if (!isGiven && customer === undefined && addresses.length === 0 && faults.length === 0) {
    faults.push(faultOf('customer', 'a customer id, an email address or a phone number', undefined));
  }
  if ('faults' in read || faults.length > 0) return refusedRow(...faults);
  const statement = statementOf(read.value);
  if (customer === undefined && !isShared(statement)) {
    return refusedRow(
      faultOf(
        'customer',
        'a customer id: a no about this purpose is one person’s, not an address’s',
        undefined,
      ),
    );
  }
  const when = at !== null && 'at' in at ? at.at : null;
  return {
    kind: 'row',
    warnings: [],
    value: {
      customer: typeof customer === 'string' ? customer : null,
      addresses: isGiven ? [] : addresses,
      statement,
      at: when,
      id: `import:${digestOf(statement, when)}`,
    },
  };
}

const isId = (value: unknown): boolean => id().safeParse(value).success;

function statementOf(said: ChoiceStatement): ChoiceStatement {
  const { purpose, channel, state, noticeVersion, language, method, place, evidence } = said;
  const proof = { noticeVersion, language, method, place };
  return { purpose, channel, state, ...proof, ...(evidence === undefined ? {} : { evidence }) };
}

function digestOf(statement: ChoiceStatement, at: Date | null): string {
  const { purpose, channel, state, noticeVersion, language, method, place, evidence } = statement;
  const parts = [purpose, channel, state, noticeVersion, language, method, place, evidence ?? null, at];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

function inOurWords(field: keyof typeof WORDS, value: unknown): unknown {
  const text = textOf(value);
  if (typeof text !== 'string') return text;
  return WORDS[field][plainName(text)] ?? text.toLowerCase();
}

function missing(told: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(UNPROVED).filter(([field]) => told[field] === undefined || told[field] === ''),
  );
}

function withoutNothing(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
