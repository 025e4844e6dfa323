import type { SuppressionCause } from '#consent/suppression';
import type { Channel } from '#purposes/channel';
import { STREAMS, type Stream } from '#purposes/stream';
import { accountsOf, type Tenant } from '#tenants/tenant';

/** What a provider's word means for the address, beside what became of the message. */
export type Mark =
  Extract<SuppressionCause, 'bounce' | 'bad-address' | 'complaint' | 'stop'> | 'unsubscribed';

/** What became of a message after the provider took it. Only a lasting bounce is one; `stopped` moves no row. */
export interface Receipt {
  kind: 'accepted' | 'delivered' | 'bounced' | 'complained' | 'failed' | 'stopped';
  ref: string;
  /** Where it was sent, as the provider says. */
  address: string;
  channel: Channel;
  /** Of the sender that it answers; used where no row is found. */
  stream: Stream;
  /** A code of ours: a provider's own words quote addresses. */
  why?: string;
  /** Where it is not what the kind says: a message may fail because of what was said about the address before. */
  mark?: Mark;
  /** It failed for a while only: where its purpose may be said twice, it is tried once more, late. */
  mayRetry?: boolean;
  /** What somebody has to look at, beside what it means for the message: a carrier took it for spam. */
  alarm?: 'filtered';
  /** The provider's name of what it told, and when it happened: a choice heard twice is one. */
  told?: { id: string; at: Date };
}

/** One thing that a provider told. */
export interface Told {
  /** Unique for the account; null: not told, so it may be heard twice. */
  id: string | null;
  /** Whose message it was about, where the provider says so. */
  tenant: string | null;
  /** null: it changes nothing (an open, a kind that is not known). */
  receipt: Receipt | null;
}

/**
 * The stream that an account's messages belong to, for what no row is found for: by sender where one is named, else the
 * only one that uses the account, else marketing: a complaint about it stops no reminder of a visit.
 */
export function streamOfAccount(tenant: Tenant, account: string, from?: string): Stream {
  const using = STREAMS.filter((stream) => {
    const { email, sms } = tenant.senders[stream];
    return accountsOf(email).includes(account) || accountsOf(sms).includes(account);
  });
  const bySender = using.find((stream) => from !== undefined && tenant.senders[stream].sms?.from === from);
  return bySender ?? (using.length === 1 ? using[0]! : 'marketing');
}
