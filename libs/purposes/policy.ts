import type { Purpose } from './purpose.js';

/** Local wall-clock times `HH:mm`; `from` later than `to` spans midnight. */
export interface Hours {
  from: string;
  to: string;
}

/** At most `max` messages of the cap group in any `withinMs`. */
export interface Cap {
  max: number;
  withinMs: number;
}

/** The tenant's house rules that the gate reads. */
export interface Policy {
  /** Marketing by SMS, push, call and WhatsApp is held in these hours of the person's zone. Default 21:00–08:00. */
  quietHours: Hours;
  /** Reminders keep to these hours of the venue's zone: moved earlier, never later. */
  serviceHours: Hours;
  caps: { marketing: Cap };
  softOptIn: boolean;
  /** Purposes for which the tenant names its legitimate interest assessment. */
  legitimateInterest: Partial<Record<Purpose, { assessment: string }>>;
  /** Whether names of services may stand in subjects, SMS and calendar summaries (GDPR 9). */
  showServiceNames: boolean;
  /** By which services people may be chosen for a campaign: their names can be health data (GDPR 9). Absent: none. */
  segmentServices?: 'none' | 'all' | string[] | undefined;
  /** What a person without a birth date is taken for. */
  unknownAge: 'adult' | 'minor';
  timeZone: string;
  /** Events older than this are treated as backfill. Default 72 h. */
  maxEventAgeMs: number;
  retentionMonths: number;
  /** How long the data of a known minor may wait for a guardian's consent before it is deleted. Default 30 days. */
  minors: { deleteAfterMs: number };
}
