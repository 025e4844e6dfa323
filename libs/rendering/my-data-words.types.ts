import type { Reason } from '#purposes/reason';

/** The words in which a person's own page says what is stored. */
export interface MyDataWords {
  /** Where nothing is known. */
  none: string;
  yes: string;
  sections: Record<SectionName, { title: string; empty: string }>;
  fields: Record<FieldName, string>;
  bookingStatus: Record<string, string>;
  /** How a message ended, by the ledger's states. */
  status: Record<string, string>;
  reasons: Record<Reason, string>;
  choiceStates: Record<string, string>;
  via: Record<string, string>;
  basis: Record<string, string>;
  causes: Record<string, string>;
  requestKinds: Record<string, string>;
  requestStates: Record<string, string>;
  taskKinds: Record<string, string>;
  retention: Record<string, string>;
  sources: Record<string, string>;
  /** `endless`: why it has no end, where it has none. */
  kept: Record<string, { what: string; ground: string; endless?: string }>;
  gone: Record<string, string>;
}

export type SectionName =
  | 'person'
  | 'bookings'
  | 'purchases'
  | 'choices'
  | 'messages'
  | 'answers'
  | 'replies'
  | 'requests'
  | 'recipients'
  | 'suppressions'
  | 'purposes'
  | 'retention'
  | 'more';

export type FieldName =
  | 'name'
  | 'email'
  | 'phone'
  | 'birthDate'
  | 'language'
  | 'timeZone'
  | 'address'
  | 'guardian'
  | 'attributes'
  | 'devices'
  | 'since'
  | 'changed'
  | 'restricted'
  | 'paused'
  | 'id'
  | 'when'
  | 'service'
  | 'place'
  | 'practitioner'
  | 'price'
  | 'status'
  | 'items'
  | 'channel'
  | 'answer'
  | 'how'
  | 'proof'
  | 'why'
  | 'score'
  | 'comment'
  | 'text'
  | 'what'
  | 'times'
  | 'due'
  | 'until'
  | 'basis'
  | 'source'
  | 'staff'
  | 'links'
  | 'confirmations'
  | 'unreadable'
  | 'captured'
  | 'opened'
  | 'softOptIn';
