import { createHmac, hkdfSync } from 'node:crypto';
import mongoose from 'mongoose';
import { isDuplicateKey } from '#platform/mongo';
import type { LinkPayload } from './link-payload.js';
import type { LinkUse } from './link-token.js';

/** What a code is for; a code of one use opens no other. */
export type CodeUse = Extract<LinkUse, 'unsubscribe' | 'survey' | 'confirm' | 'me' | 'email'>;

/** A short code and what it stands for. */
export interface ShortCode {
  code: string;
  tenant: string;
  message: string;
  payload: LinkPayload;
}

interface Kept {
  _id: string;
  use: CodeUse;
  tenant: string;
  message: string;
  payload: LinkPayload;
}

const schema = new mongoose.Schema(
  {
    _id: String,
    use: String,
    tenant: String,
    message: String,
    payload: {
      ...{ tenant: String, customer: String, purpose: String, channel: String },
      ...{ keyId: String, hash: String, subject: String, expiresAt: Date },
    },
  },
  { collection: 'short_codes', versionKey: false, autoIndex: false, autoCreate: false },
);
schema.index({ tenant: 1, 'payload.customer': 1 });

export const CODE_LENGTH = 10;
const CODE = /^[0-9A-Za-z]{10}$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Two messages share a code once in 10^17; more than a few times in a row is a bug. */
const TRIES = 5;

/**
 * Short codes for the links of SMS, where a sealed token would cost a segment. Derived from the message by a MAC: nobody
 * can guess one, and rendering again gives the same. They never run out.
 */
export class ShortCodeStore {
  private readonly codes;
  private readonly key: Buffer;

  constructor(connection: mongoose.Connection, secret: string) {
    this.codes = connection.model<Kept>('ShortCode', schema as unknown as mongoose.Schema<Kept>);
    this.key = Buffer.from(hkdfSync('sha256', secret, '', 'lagom short code', 32));
  }

  async createIndexes(): Promise<void> {
    await this.codes.createIndexes();
  }

  /** The code of each message for a use, made and stored where there is none yet. */
  async ensure(
    tenant: string,
    use: CodeUse,
    wanted: readonly { message: string; payload: LinkPayload }[],
  ): Promise<Map<string, string>> {
    const codes = new Map<string, string>();
    let open = [...new Map(wanted.map((one) => [one.message, one])).values()];
    for (let attempt = 0; open.length > 0; attempt += 1) {
      if (attempt === TRIES) throw new Error(`${open.length} short codes were taken ${TRIES} times in a row`);
      const tried = open.map((one) => ({ ...one, _id: this.derive(tenant, use, one, attempt) }));
      await this.insert(tried.map(({ _id, message, payload }) => ({ _id, use, tenant, message, payload })));
      const kept = await this.codes.find({ _id: { $in: tried.map((one) => one._id) } }).lean<Kept[]>();
      // What another message had before is left to it.
      const mine = new Set(
        kept
          .filter((one) => one.tenant === tenant && one.use === use)
          .map((one) => `${one._id} ${one.message}`),
      );
      open = tried.filter(({ _id, message }) => {
        if (!mine.has(`${_id} ${message}`)) return true;
        codes.set(message, _id);
        return false;
      });
    }
    return codes;
  }

  /** What a code stands for. The only look-up without a tenant: a code is all that the link says. */
  async find(use: CodeUse, code: string): Promise<ShortCode | null> {
    if (!CODE.test(code)) return null;
    const kept = await this.codes.findOne({ _id: code, use }).lean<Kept>();
    return kept && { code, tenant: kept.tenant, message: kept.message, payload: kept.payload };
  }

  /**
   * For an erasure: the codes no longer name the person. Those that say no go on working for the address; those of a
   * survey or a yes open nothing any more, and know the address no longer.
   */
  async forgetCustomer(tenant: string, customer: string): Promise<void> {
    const theirs = { tenant, 'payload.customer': customer };
    const nobody = { 'payload.customer': '', message: '' };
    const $unset = { 'payload.subject': 1 as const };
    const nowhere = { 'payload.keyId': '', 'payload.hash': '' };
    await this.codes.updateMany(
      { ...theirs, use: { $in: ['survey', 'confirm', 'me', 'email'] } },
      { $set: { ...nobody, ...nowhere }, $unset },
    );
    await this.codes.updateMany(theirs, { $set: nobody, $unset });
  }

  /** The links of these people (an extract): what each is for, never the code. */
  async findOfCustomers(
    tenant: string,
    customers: readonly string[],
  ): Promise<{ use: CodeUse; message: string; payload: LinkPayload }[]> {
    const named = customers.filter((customer) => customer !== '');
    if (named.length === 0) return [];
    const found = await this.codes
      .find({ tenant, 'payload.customer': { $in: named } })
      .sort({ _id: 1 })
      .lean<Kept[]>();
    return found.map(({ use, message, payload }) => ({ use, message, payload }));
  }

  /** The codes of one who was merged name who goes on for them; the links themselves stay as they are. */
  async moveCustomer(tenant: string, from: string, into: string): Promise<void> {
    await this.codes.updateMany({ tenant, 'payload.customer': from }, { $set: { 'payload.customer': into } });
  }

  private async insert(codes: readonly Kept[]): Promise<void> {
    try {
      await this.codes.collection.bulkWrite(
        codes.map(({ _id, ...rest }) => ({
          updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
        })) as never[],
        { ordered: false },
      );
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Of the message and the address: a retry to another number has a code of its own. */
  private derive(
    tenant: string,
    use: CodeUse,
    { message, payload }: { message: string; payload: LinkPayload },
    attempt: number,
  ): string {
    const mac = createHmac('sha256', this.key)
      .update(JSON.stringify([tenant, use, message, payload.hash, attempt]))
      .digest();
    let rest = mac.readBigUInt64BE();
    let code = '';
    for (let digit = 0; digit < CODE_LENGTH; digit += 1) {
      code += ALPHABET[Number(rest % 62n)] ?? '';
      rest /= 62n;
    }
    return code;
  }
}

/** Whether it may be a code at all: who else would know is the store. */
export function isShortCode(text: string): boolean {
  return CODE.test(text);
}
