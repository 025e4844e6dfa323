import { shownStatus } from '#campaigns/campaign-table';
import type { Campaign, Signature } from '#campaigns/campaign.types';
import type { RampView } from '#launch/ramp-view';

/** A campaign as the API shows it. */
export interface CampaignView extends Omit<
  Campaign,
  | '_id'
  | 'rev'
  | 'campaign'
  | 'tenant'
  | 'submitted'
  | 'approved'
  | 'launch'
  | 'pulledTo'
  | 'limitsFrom'
  | 'sweptAt'
  | 'claimsDeletedAt'
  | 'lookedThroughAt'
  | 'history'
  | 'unaudited'
  | 'status'
> {
  id: string;
  status: string;
  submitted: Omit<Signature, 'key' | 'person'> | null;
  approved: Omit<Signature, 'key' | 'person'> | null;
  launch: { at: Date; members: number; endedAt: Date | null } | null;
  /** Null: its sending domain is not being warmed up. */
  ramp: RampView | null;
  history?: Campaign['history'];
}

/** All that a listed campaign may have, in the order in which a table has it. */
export const CAMPAIGN_COLUMNS = [
  ...(['id', 'name', 'purpose', 'channel', 'segment', 'variants', 'holdOut', 'testShare'] as const),
  ...(['winnerRule', 'graceMinutes', 'pace', 'utm', 'limits', 'schedule', 'launchAt', 'pausedFor'] as const),
  ...(['testEndedAt', 'winner', 'undecided', 'lapsedAt', 'createdAt', 'createdBy', 'updatedAt'] as const),
  ...(['status', 'submitted', 'approved', 'ramp', 'launch'] as const),
] satisfies readonly (keyof CampaignView)[];

/** Whole: with its history. */
export function campaignView(campaign: Campaign, ramp: RampView | null, whole = false): CampaignView {
  const {
    _id,
    rev: _rev,
    tenant: _tenant,
    campaign: id,
    pulledTo: _pulled,
    sweptAt: _swept,
    limitsFrom: _seen,
    claimsDeletedAt: _forgotten,
    lookedThroughAt: _looked,
    unaudited: _unaudited,
    ...rest
  } = campaign;
  const { submitted, approved, launch, history, status, ...plan } = rest;
  return {
    id,
    ...plan,
    status: shownStatus(status),
    submitted: signed(submitted),
    approved: signed(approved),
    ramp,
    launch: launch && { at: launch.at, members: launch.members, endedAt: launch.endedAt },
    ...(whole
      ? {
          history: history.map((entry) => ({
            ...entry,
            from: shownStatus(entry.from),
            to: shownStatus(entry.to),
          })),
        }
      : {}),
  };
}

const signed = (signature: Signature | null): Omit<Signature, 'key' | 'person'> | null =>
  signature && { by: signature.by, at: signature.at, hash: signature.hash };
