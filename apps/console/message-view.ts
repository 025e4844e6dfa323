import type { MessageRow } from '#messages/message.types';

/** A message in a list: the single one's fields less history and trace. */
export interface ListedMessage {
  id: string;
  tenant: string;
  customer: string;
  purpose: string;
  channel: string;
  status: string;
  reason?: string;
  until?: Date;
  journey?: string;
  step?: string;
  booking?: string;
  cart?: string;
  campaign?: string;
  /** Of a campaign: which of its variants, or `hold-out`. */
  variant?: string;
  event?: string;
  dueAt: Date | null;
  createdAt: Date;
  attempts: {
    n: number;
    channel: string;
    account?: string;
    at: Date;
    outcome: string | null;
    providerId: string | null;
  }[];
}

/** All that a listed message may have, in the order in which a table has it. */
export const LISTED_COLUMNS = [
  ...([
    'id',
    'tenant',
    'customer',
    'purpose',
    'channel',
    'status',
    'reason',
    'until',
    'journey',
    'step',
  ] as const),
  ...(['booking', 'cart', 'campaign', 'variant', 'event', 'dueAt', 'createdAt', 'attempts'] as const),
] satisfies readonly (keyof ListedMessage)[];

export interface WholeMessage extends ListedMessage {
  history: { at: Date; status: string; why?: string }[];
  trace: { check: string; saw: string; passed: boolean; channel?: string }[];
}

/** Of a row, what its tenant's staff may see; refs stay between us and the provider. */
export function listed(row: MessageRow): ListedMessage {
  const { journey, booking, cart, campaign, event, reason, until, variant } = row;
  return {
    id: row._id,
    tenant: row.tenant,
    customer: row.customer,
    purpose: row.purpose,
    channel: row.channel,
    status: row.status,
    ...(reason === null ? {} : { reason }),
    ...(until === null ? {} : { until }),
    ...(journey === null ? {} : { journey, step: row.step }),
    ...(booking === null ? {} : { booking }),
    ...(cart === null ? {} : { cart }),
    ...(campaign === null ? {} : { campaign }),
    ...(variant === undefined ? {} : { variant }),
    ...(event === null ? {} : { event }),
    dueAt: row.dueAt,
    createdAt: row.createdAt,
    attempts: row.attempts.map(({ n, channel, account, at, outcome, providerId }) => ({
      n,
      channel,
      ...(account === undefined ? {} : { account }),
      at,
      outcome,
      providerId,
    })),
  };
}

export function whole(row: MessageRow): WholeMessage {
  return { ...listed(row), history: row.history, trace: [...row.trace] };
}
