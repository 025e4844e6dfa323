import type { MessageRow } from '#messages/message.types';
import type { MessageStore } from '#messages/message.store';
import type { Tenant } from '#tenants/tenant';

/** What a journey's definition says of its messages that their rows do not. */
export interface Script {
  /** How many messages it has with this tenant. */
  steps: number;
  /** Said in place of its own template where the person has heard nothing of the booking yet. */
  opening: string | null;
}

/** A journey's script with a tenant; null where no journey has that name any more. */
export type ScriptOf = (journey: string, tenant: Tenant) => Script | null;

/** Where a message stands among those about the same thing. */
export interface Standing {
  /** What it is said with. */
  template: string;
  /** The last of several: none follows. */
  isLast: boolean;
}

type Standable = Pick<MessageRow, '_id' | 'customer' | 'journey' | 'step' | 'booking' | 'template'>;

/** Tells the last of several from those before it, and what overtook its own beginning. */
export class Standings {
  constructor(
    private readonly messages: Pick<MessageStore, 'findAboutBookings'>,
    private readonly scriptOf: ScriptOf,
  ) {}

  /** By row id. Asks the ledger once a batch, and only where a journey has an opening. */
  async of(tenant: Tenant, rows: readonly Standable[]): Promise<Map<string, Standing>> {
    const scripted = rows.map((row) => ({
      row,
      script: row.journey === null ? null : this.scriptOf(row.journey, tenant),
    }));
    const asked = scripted.flatMap(({ row, script }) =>
      script?.opening == null || row.booking === null ? [] : [row.booking],
    );
    const told = asked.length === 0 ? [] : await this.messages.findAboutBookings(tenant.id, asked);
    return new Map(
      scripted.map(({ row, script }) => {
        const opening = script?.opening ?? null;
        const opens = opening !== null && isUnheard(row, opening, told);
        const { steps } = script ?? { steps: 1 };
        return [
          row._id,
          { template: opens ? opening : row.template, isLast: steps > 1 && Number(row.step) >= steps },
        ];
      }),
    );
  }
}

/**
 * Whether this is the first that its person hears of the booking: the opening was to be said and has not been, nor has
 * anything else. What was never to be said (a booking made before we knew of it) was heard elsewhere.
 */
function isUnheard(row: Standable, opening: string, told: readonly MessageRow[]): boolean {
  const before = told.filter(
    ({ _id, booking, customer, purpose }) =>
      _id !== row._id && booking === row.booking && customer === row.customer && purpose === 'booking',
  );
  const wasMeant = before.some(
    ({ template, history }) => template === opening && history[0]?.status === 'planned',
  );
  return wasMeant && !before.some(mayHaveReached);
}

function mayHaveReached({ status, attempts }: MessageRow): boolean {
  return (
    status !== 'bounced' &&
    attempts.some(({ outcome }) => outcome === null || outcome === 'unknown' || outcome === 'accepted')
  );
}
