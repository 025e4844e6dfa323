import { z } from 'zod';
import { absent, field } from './field.js';
import { dateTime, id } from './fields.js';

const JSON_TYPE = /^application\/([\w.!#$&^-]+\+)?json\s*(;\s*charset="?utf-8"?\s*)?$/i;

/** Attributes that CloudEvents and its extensions name, and that we have no use for. */
const ignored = absent(z.unknown());

/** The context attributes of a CloudEvent, as we need them. Others are extensions that we do not know. */
export const envelope = z.object({
  specversion: field(z.literal('1.0'), '1.0', { echo: true }),
  id: id(256).describe('Unique per source. The same id heard again changes nothing'),
  source: field(
    z
      .string()
      .max(256)
      .regex(/^\/tenants\/[^/\s]+$/),
    '/tenants/<tenant>',
  ).meta({ examples: ['/tenants/wellnesskliniken'] }),
  type: field(z.string().min(1).max(200), 'event type'),
  time: dateTime().describe('When it happened'),
  datacontenttype: absent(field(z.string().regex(JSON_TYPE), 'application/json', { echo: true })),
  backfill: field(z.union([z.boolean(), z.enum(['true', 'false'])]), 'true or false', { echo: true })
    .nullish()
    .transform((v) => v === true || v === 'true')
    .describe('Facts are taken, nothing that is already past is sent'),
  subject: ignored,
  dataschema: ignored,
  partitionkey: ignored,
  traceparent: ignored,
  tracestate: ignored,
});

/** What is wrong with these makes it no CloudEvent at all; the others are wrong data of a CloudEvent. */
export const IDENTIFYING = ['specversion', 'id', 'source', 'type'] as const;
