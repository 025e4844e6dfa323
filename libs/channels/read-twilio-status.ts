import { z } from 'zod';
import type { Stream } from '#purposes/stream';
import type { Mark, Receipt, Told } from './receipt.js';

const STATUS = z.object({
  MessageSid: z.string().min(1).max(64),
  MessageStatus: z.string(),
  To: z.string().min(1).max(64),
  ErrorCode: z.string().max(10).optional(),
});

/** What Twilio's codes say of the number (providers.md): any other says nothing of it, and it may be used again. */
const MARKS: Record<string, Mark> = {
  21610: 'stop',
  21211: 'bad-address',
  21614: 'bad-address',
  21635: 'bad-address',
  30005: 'bad-address',
  30006: 'bad-address',
};

/** A carrier, or Twilio, took it for spam: not tried again, and somebody should look. */
const FILTERED = '30007';

/** Unreachable (switched off, out of coverage), or unknown: both may pass. */
const MAY_PASS = new Set(['30003', '30008']);

/** One status of one message; null where the form is none. `ref` is what we put into the callback's query. */
export function readTwilioStatus(
  form: URLSearchParams,
  ref: string,
  streamOf: (from: string | undefined) => Stream,
): Told | null {
  const read = STATUS.safeParse(Object.fromEntries(form));
  if (!read.success) return null;
  const { MessageSid: sid, MessageStatus: status, To: address, ErrorCode: code } = read.data;
  const id = `${sid}/${status}/${code ?? ''}`;
  const meaning = meaningOfTwilio(status, code);
  if (meaning === null) return { id, tenant: null, receipt: null };
  const stream = streamOf(form.get('From') ?? undefined);
  return { id, tenant: null, receipt: { ...meaning, ref, address, channel: 'sms', stream } };
}

/** What a status says of the message and the number; null: nothing. They may come in any order. */
export function meaningOfTwilio(
  status: string,
  code?: string,
): (Pick<Receipt, 'kind' | 'mark' | 'mayRetry' | 'alarm'> & { why: string }) | null {
  const failed = `twilio ${status}${code && /^\d{1,6}$/.test(code) ? ` ${code}` : ''}`;
  switch (status) {
    case 'accepted':
    case 'scheduled':
    case 'queued':
    case 'sending':
    case 'sent':
      return { kind: 'accepted', why: status };
    case 'delivered':
    case 'read':
      return { kind: 'delivered', why: status };
    case 'failed':
    case 'undelivered': {
      const mark = code === undefined ? undefined : MARKS[code];
      // A number that does not exist or takes no SMS: as lasting as a bounce.
      if (mark === 'bad-address') return { kind: 'bounced', why: failed, mark };
      const mayRetry = code !== undefined && MAY_PASS.has(code);
      return {
        ...{ kind: 'failed', why: failed },
        ...(mark === undefined ? {} : { mark }),
        ...(mayRetry ? { mayRetry } : {}),
        ...(code === FILTERED ? { alarm: 'filtered' as const } : {}),
      };
    }
    case 'canceled':
      return { kind: 'failed', why: failed };
    default:
      return null;
  }
}
