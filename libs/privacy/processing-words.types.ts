import type { Purpose } from '#purposes/purpose';
import type { OwnProcessing, Safeguard } from '#tenants/tenant-privacy';
import type { DataRecipient } from './processing.js';
import type { Ground, Person, PersonalData } from './processing-table.js';

/** What the notice and the record of processing say of each code, in one language. */
export interface ProcessingWords {
  /** Why we write for it, as a sentence to the person. */
  purposes: Record<Purpose, string>;
  own: Record<OwnProcessing, { what: string; why: string }>;
  grounds: Record<Ground, string>;
  persons: Record<Person, string>;
  data: Record<PersonalData, string>;
  /** What it does for the tenant, and who they are where they have no name. */
  recipients: Record<DataRecipient['kind'], { what: string; who: string }>;
  roles: Record<DataRecipient['role'], string>;
  safeguards: Record<Safeguard, string>;
  withinEea: string;
  /** Technical and organisational measures (GDPR 32), each true of this house. */
  measures: readonly string[];
  retention(months: number): string;
}
