import type { Channel } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';

/** Whom a link speaks for, and of what. */
export interface LinkPayload {
  tenant: string;
  customer: string;
  /** What the message was about: the purpose that an unsubscribe stops. */
  purpose: Purpose | 'marketing';
  channel: Channel | 'all';
  /** The address that it was sent to, as the suppressions name it: it can be stopped even when the customer has gone. */
  keyId: string;
  hash: string;
  /** The row, the booking, the request: whatever the use needs to find again. */
  subject?: string | undefined;
  expiresAt?: Date | undefined;
}

/**
 * The payload of a link in as few bytes as it takes, since it stands in an SMS and in a header. Links live for ever:
 * the numbers below never change their meaning and are never given to another word; new words take new numbers.
 */
const VERSION = 1;

export const PURPOSE_CODE: Record<Purpose | 'marketing', number> = {
  marketing: 0,
  booking: 1,
  receipt: 2,
  delivery: 3,
  support: 4,
  recall: 5,
  'legal-notice': 6,
  handoff: 7,
  'enquiry-follow-up': 8,
  survey: 9,
  'offer-call': 10,
  'abandoned-booking': 11,
  newsletter: 12,
  offers: 13,
  news: 14,
  inspiration: 15,
  benefits: 16,
  recommendations: 17,
  audience: 18,
  'market-research': 19,
  measurement: 20,
};

export const CHANNEL_CODE: Record<Channel | 'all', number> = {
  all: 0,
  email: 1,
  sms: 2,
  push: 3,
  call: 4,
  whatsapp: 5,
  audience: 6,
  letter: 7,
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;
/** Stands in place of a length: a UUID follows as its 16 bytes. */
const IS_UUID = 255;

/** The payload as bytes: the same payload always gives the same ones. */
export function packLink(payload: LinkPayload): Buffer {
  const { tenant, customer, purpose, channel, keyId, hash, subject, expiresAt } = payload;
  const bytes = Buffer.from(hash, 'base64url');
  if (bytes.toString('base64url') !== hash) throw new Error('a hash that is not base64url');
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE(expiresAt ? Math.ceil(expiresAt.getTime() / 1000) : 0);
  return Buffer.concat([
    Buffer.from([VERSION, PURPOSE_CODE[purpose], CHANNEL_CODE[channel]]),
    ...[text(tenant), text(customer), text(keyId), sized(bytes)],
    // What is absent at the end takes no room.
    ...(subject === undefined && !expiresAt ? [] : [text(subject ?? '')]),
    ...(expiresAt ? [seconds] : []),
  ]);
}

/** What was packed, or null: bytes that say nothing. */
export function unpackLink(bytes: Buffer): LinkPayload | null {
  if (bytes[0] !== VERSION) return null;
  const purpose = wordOf(PURPOSE_CODE, bytes[1]);
  const channel = wordOf(CHANNEL_CODE, bytes[2]);
  const reader = { bytes, at: 3 };
  const [tenant, customer, keyId, hash] = [
    readText(reader),
    readText(reader),
    readText(reader),
    readSized(reader),
  ];
  if (!purpose || !channel || tenant === null || customer === null || keyId === null || hash === null)
    return null;
  const payload: LinkPayload = {
    tenant,
    customer,
    purpose,
    channel,
    keyId,
    hash: hash.toString('base64url'),
  };
  if (reader.at < bytes.length) {
    const subject = readText(reader);
    if (subject === null) return null;
    if (subject !== '') payload.subject = subject;
  }
  if (reader.at + 4 === bytes.length) payload.expiresAt = new Date(bytes.readUInt32BE(reader.at) * 1000);
  else if (reader.at !== bytes.length) return null;
  return payload;
}

function text(value: string): Buffer {
  if (UUID.test(value))
    return Buffer.concat([Buffer.from([IS_UUID]), Buffer.from(value.replaceAll('-', ''), 'hex')]);
  return sized(Buffer.from(value, 'utf8'));
}

function sized(bytes: Buffer): Buffer {
  if (bytes.length >= IS_UUID) throw new Error(`${bytes.length} bytes are too long for a link`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

interface Reader {
  bytes: Buffer;
  at: number;
}

function readText(reader: Reader): string | null {
  const isUuid = reader.bytes[reader.at] === IS_UUID;
  const bytes = readSized(reader);
  if (!bytes || !isUuid) return bytes?.toString('utf8') ?? null;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function readSized(reader: Reader): Buffer | null {
  const size = reader.bytes[reader.at];
  if (size === undefined) return null;
  const start = reader.at + 1;
  reader.at = start + (size === IS_UUID ? UUID_BYTES : size);
  return reader.at <= reader.bytes.length ? reader.bytes.subarray(start, reader.at) : null;
}

function wordOf<Word extends string>(
  codes: Record<Word, number>,
  code: number | undefined,
): Word | undefined {
  return (Object.keys(codes) as Word[]).find((word) => codes[word] === code);
}
