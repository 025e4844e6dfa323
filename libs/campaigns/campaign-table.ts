/** The states of a campaign. `pausing` is shown as `sending`: what is under way may still go out. */
export const CAMPAIGN_STATUSES = [
  'draft',
  'submitted',
  'approved',
  'scheduled',
  'sending',
  'pausing',
  'paused',
  'sent',
  'cancelled',
  'archived',
] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

/** Every move that exists. One that is not here is refused, whoever asks. */
export const CAMPAIGN_MOVES = {
  edit: { from: ['draft', 'submitted', 'approved', 'scheduled'], to: 'draft' },
  submit: { from: ['draft'], to: 'submitted' },
  approve: { from: ['submitted'], to: 'approved' },
  reject: { from: ['submitted'], to: 'draft' },
  schedule: { from: ['approved'], to: 'scheduled' },
  unschedule: { from: ['scheduled'], to: 'approved' },
  /** What was approved is not what stands any more. */
  void: { from: ['submitted', 'approved', 'scheduled'], to: 'draft' },
  launch: { from: ['scheduled'], to: 'sending' },
  pause: { from: ['sending'], to: 'pausing' },
  halt: { from: ['pausing'], to: 'paused' },
  resume: { from: ['paused'], to: 'sending' },
  cancel: {
    from: ['draft', 'submitted', 'approved', 'scheduled', 'sending', 'pausing', 'paused'],
    to: 'cancelled',
  },
  end: { from: ['sending'], to: 'sent' },
  archive: { from: ['draft', 'sent', 'cancelled'], to: 'archived' },
} as const satisfies Record<string, { from: readonly CampaignStatus[]; to: CampaignStatus }>;
export type CampaignMove = keyof typeof CAMPAIGN_MOVES;

/** What is written down of a campaign and moves it nowhere. */
export type CampaignNote = 'winner' | 'undecided' | 'lapse';

export type ShownStatus = Exclude<CampaignStatus, 'pausing'>;
export const SHOWN_STATUSES = CAMPAIGN_STATUSES.filter((one): one is ShownStatus => one !== 'pausing');

export const shownStatus = (status: CampaignStatus): ShownStatus =>
  status === 'pausing' ? 'sending' : status;
