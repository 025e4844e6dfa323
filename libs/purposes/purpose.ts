/** Why we write. Each carries its legal basis and its rules in `purposes.ts`. */
export const PURPOSES = [
  'booking',
  'receipt',
  'delivery',
  'support',
  'recall',
  'legal-notice',
  'handoff',
  'enquiry-follow-up',
  'survey',
  'offer-call',
  'abandoned-booking',
  'newsletter',
  'offers',
  'news',
  'inspiration',
  'benefits',
  'recommendations',
  'audience',
  'market-research',
  'measurement',
] as const;
export type Purpose = (typeof PURPOSES)[number];
