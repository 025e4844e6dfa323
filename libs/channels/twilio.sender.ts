import twilio from 'twilio';
import { RULES } from '#purposes/purposes';
import type { Deadline } from './deadline.js';
import { networkFailure, rateLimited } from './provider-failure.js';
import { meaningOfTwilio } from './read-twilio-status.js';
import type { Envelope, Outcome } from './outcome.js';
import { Sender, type Looked, type SenderOptions, type Sought } from './sender.js';
import { TwilioHttp, type RateLimited } from './twilio-http.js';

export interface TwilioAccount {
  accountSid: string;
  authToken: string;
  baseUrl?: string | undefined;
  messagingServiceSid?: string | undefined;
}

export interface TwilioOptions extends SenderOptions {
  /** Where Twilio can reach us: without it no StatusCallback is asked for. */
  publicUrl?: string | undefined;
}

/** Marketing that waits longer in a queue would land in quiet hours. */
const MARKETING_VALIDITY_S = 900;
const SERVICE_VALIDITY_S = 4 * 3600;

/** How many of a number's newest messages are looked at. */
const LOOK_AT = 50;
/** Twilio's clock is not ours: a message of this try was made between so long before and after it. */
const EARLIEST_MS = 5 * 60_000;
const LATEST_MS = 10 * 60_000;

/** What Twilio's codes say about the call (providers.md); any other 4xx was refused for ever. */
const BAD_ADDRESS = new Set([21211, 21614, 21635]);
const OPTED_OUT = 21610;
const TOO_MANY_QUEUED = 21611;
/** The credentials are wrong; the account is suspended or closed. */
const ACCOUNT_REFUSED = new Set([20003, 20005]);

interface Refused {
  status?: unknown;
  code?: unknown;
}

/** SMS through Twilio, with a client of its own. */
export class TwilioSender extends Sender {
  private readonly http: TwilioHttp;
  private readonly client: InstanceType<typeof twilio.Twilio>;
  private readonly messagingServiceSid: string | undefined;
  private readonly callback: string | null;

  constructor(account: TwilioAccount, options: TwilioOptions) {
    super(options);
    this.http = new TwilioHttp(this.width, this.timeoutMs);
    this.client = new twilio.Twilio(account.accountSid, account.authToken, {
      httpClient: this.http,
      // Said, not inherited from the environment: the client's debug log prints numbers and texts.
      logLevel: 'error',
    });
    if (account.baseUrl) this.client.api.baseUrl = account.baseUrl.replace(/\/$/, '');
    this.messagingServiceSid = account.messagingServiceSid || undefined;
    this.callback = options.publicUrl
      ? `${options.publicUrl.replace(/\/$/, '')}/webhooks/twilio/${encodeURIComponent(this.account)}/status`
      : null;
  }

  protected override async deliver(envelope: Envelope, deadline: Deadline): Promise<Outcome> {
    const marketing = RULES[envelope.purpose].stream === 'marketing';
    try {
      // `create` reaches the HTTP client before it returns its promise, so this is this call's signal alone.
      this.http.deadline = deadline.signal;
      const message = await this.client.messages.create({
        to: envelope.to,
        from: envelope.from,
        body: envelope.content.text,
        validityPeriod: marketing ? MARKETING_VALIDITY_S : SERVICE_VALIDITY_S,
        ...(this.messagingServiceSid ? { messagingServiceSid: this.messagingServiceSid } : {}),
        ...(this.callback
          ? { statusCallback: `${this.callback}?r=${encodeURIComponent(envelope.ref)}` }
          : {}),
      });
      return { kind: 'accepted', providerId: message.sid ?? null };
    } catch (error) {
      return explain(error as Refused & Partial<RateLimited>, deadline);
    }
  }

  /**
   * Looks for a message in Twilio's own list, by number, sender, time and text: the newest come first. Where others are
   * there that it might be, or the list is longer than one looks, it says so.
   */
  override async lookUp({ to, from, at, isIt }: Sought): Promise<Looked> {
    const deadline = AbortSignal.timeout(this.timeoutMs);
    try {
      this.http.deadline = deadline;
      const newest = await this.client.messages.list({ to, limit: LOOK_AT, pageSize: LOOK_AT });
      const earliest = at.getTime() - EARLIEST_MS;
      const near = newest.filter(({ dateCreated, direction }) => {
        const created = dateCreated.getTime();
        return direction !== 'inbound' && created >= earliest && created <= at.getTime() + LATEST_MS;
      });
      const ours = near.filter(
        (one) =>
          one.from === from ||
          (this.messagingServiceSid !== undefined && one.messagingServiceSid === this.messagingServiceSid),
      );
      const found = ours.find(({ body }) => isIt(body));
      if (found) {
        const { errorCode } = found;
        return {
          kind: 'found',
          providerId: found.sid,
          // An error code of none is null, whatever the client's types say.
          meaning: meaningOfTwilio(found.status, (errorCode as number | null)?.toString()),
        };
      }
      const oldest = newest.at(-1)?.dateCreated.getTime() ?? 0;
      const sawAll = newest.length < LOOK_AT || oldest < earliest;
      return { kind: sawAll && ours.length === 0 ? 'absent' : 'unsure' };
    } catch {
      return { kind: 'cannot' };
    }
  }

  override close(): void {
    this.http.close();
  }
}

function explain(error: Refused & Partial<RateLimited>, deadline: Deadline): Outcome {
  if (error.rateLimit) return rateLimited(error.rateLimit, 'twilio-20429');
  const { status } = error;
  if (typeof status !== 'number') return networkFailure(error, deadline);
  const code = Number(error.code) || status;
  const reason = `twilio-${code}`;
  if (status >= 500) return { kind: 'unknown', reason };
  if (code === TOO_MANY_QUEUED) return rateLimited({}, reason);
  if (code === OPTED_OUT) return { kind: 'opted-out', reason };
  if (BAD_ADDRESS.has(code)) return { kind: 'bad-address', reason };
  if (status === 401 || ACCOUNT_REFUSED.has(code)) return { kind: 'rejected', reason, trouble: 'refused' };
  return { kind: 'rejected', reason };
}
