import type { AddressClaimStore } from '#campaigns/address-claim.store';
import { utmOf } from '#campaigns/utm-of';
import type { CampaignStore } from '#campaigns/campaign.store';
import type { Campaign } from '#campaigns/campaign.types';
import type { HashedAddress, HashRing } from '#consent/hash-ring';
import type { Customer } from '#customers/customer.types';
import type { MessageRow } from '#messages/message.types';
import { addressOn } from '#privacy/person-facts';
import { ADDRESS_KIND, type AddressKind } from '#purposes/channel';
import { isWrittenFor, type CompiledContent } from '#rendering/compile-content';
import type { ContentLibrary } from '#rendering/content-library';
import type { Tenants } from '#tenants/tenant';

/** What a pass knows of the campaign of a row. */
export interface OfCampaign {
  /** Only what is `sending` is sent; what waits is given back to its campaign, what is over for good is called off. */
  stands: 'sending' | 'waits' | 'cancelled' | 'archived';
  content: CompiledContent | null;
  /** Why there is nothing to say; null: there is. */
  problem: string | null;
  /** The row that has this address in the campaign already; null: none has, or this one. */
  duplicateOf: string | null;
}

/** Campaigns, their content and who has which address in them, for the rows of a pass. */
export class LoadCampaigns {
  constructor(
    private readonly campaigns: CampaignStore,
    private readonly claims: AddressClaimStore,
    private readonly library: ContentLibrary,
    private readonly ring: HashRing,
    private readonly tenants: Tenants,
  ) {}

  /** By row id; a row of no campaign is not in the map. */
  async load(
    tenant: string,
    rows: readonly MessageRow[],
    customers: ReadonlyMap<string, Customer>,
  ): Promise<Map<string, OfCampaign>> {
    const own = rows.filter((row) => row.campaign !== null);
    if (own.length === 0) return new Map();
    const addressed = own.flatMap((row) => {
      const address = addressOn(row.channel, customers.get(row.customer) ?? null);
      return address === null ? [] : [{ row, address }];
    });
    const [campaigns, holders] = await Promise.all([
      this.campaigns.findMany(
        tenant,
        own.flatMap(({ campaign }) => campaign ?? []),
      ),
      // Under every key: one that was taken before the ring got a new one is taken still.
      this.claims.holders(
        tenant,
        this.claimed(addressed, (kind, address) => this.ring.every(kind, address, tenant)),
      ),
    ]);
    const locales = this.tenants.get(tenant)?.locales ?? [];
    const known = new Map<string, OfCampaign>();
    for (const row of own) {
      const campaign = campaigns.get(row.campaign ?? '');
      const variant = campaign?.variants.find(({ name }) => name === row.variant);
      const content =
        variant && campaign
          ? await this.library.get(
              ...([tenant, variant.template, variant.version, row.purpose] as const),
              utmOf(campaign, variant.name),
            )
          : null;
      const isWritten =
        content !== null &&
        (row.channel === 'email' || row.channel === 'sms') &&
        isWrittenFor(content, row.channel, locales);
      const holder = holders.get(row._id);
      known.set(row._id, {
        stands: standing(campaign, row),
        content,
        problem: isWritten ? null : `its campaign has nothing written for ${row.channel}`,
        duplicateOf: holder === undefined || holder === row._id ? null : holder,
      });
    }
    return known;
  }

  /** Takes the address of each of these rows for it (PROTOCOL C7); the row that has it, by the row that asked. */
  async claim(
    tenant: string,
    permitted: readonly { row: MessageRow; address: string }[],
  ): Promise<Map<string, string>> {
    const current = (kind: AddressKind, address: string) => [this.ring.current(kind, address, tenant)];
    return this.claims.claim(tenant, this.claimed(permitted, current));
  }

  private claimed(
    addressed: readonly { row: MessageRow; address: string }[],
    hashes: (kind: AddressKind, address: string) => readonly HashedAddress[],
  ) {
    return addressed.flatMap(({ row: { campaign, channel, _id: message }, address }) =>
      campaign === null
        ? []
        : hashes(ADDRESS_KIND[channel], address).map((hashed) => ({ campaign, message, ...hashed })),
    );
  }
}

/**
 * How its campaign stands to a row. Pure. Of one that is `sent` only what was tried again has a `dueAt`: nobody pulls its
 * rows any more, so that what is given back to it would wait for ever.
 */
export function standing(
  campaign: Pick<Campaign, 'status' | 'variants'> | undefined,
  { variant, dueAt }: Pick<MessageRow, 'variant' | 'dueAt'>,
): OfCampaign['stands'] {
  const status = campaign?.status;
  if (status === 'cancelled' || status === 'archived') return status;
  const goes = status === 'sending' || (status === 'sent' && dueAt !== null);
  // Without a variant there is nothing to say: it waits for the winner.
  return goes && campaign?.variants.some(({ name }) => name === variant) ? 'sending' : 'waits';
}
