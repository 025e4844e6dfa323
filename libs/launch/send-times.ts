import { DateTime, IANAZone } from 'luxon';
import type { Schedule } from '#campaigns/campaign.types';

/** Who is this late is on time: a scheduler takes a moment. */
const TOLERANCE_MS = 15 * 60_000;
/** The earliest clock of the earth runs this far ahead of UTC. */
const EASTMOST = 'Etc/GMT-14';

/** The instant at which a wall clock shows the time of a schedule; where the clock jumps over it, right after. */
export function instantIn(at: string, zone: string): Date {
  const instant = DateTime.fromISO(at, { zone });
  // Compared with, an invalid date is neither before nor after: it would be sent at once.
  if (!instant.isValid) throw new Error(`no instant: ${at} in ${zone}`);
  return instant.toJSDate();
}

/** When the launcher takes a campaign up: its hour in the tenant's zone, or where it comes first on earth; never before `earliest`. */
export function launchAt(schedule: Schedule, tenantZone: string, earliest: Date): Date {
  if (schedule.at === null) return earliest;
  const first = instantIn(schedule.at, schedule.zone === 'tenant' ? tenantZone : EASTMOST);
  return first > earliest ? first : earliest;
}

/** When one person gets it: from when on, or that their hour has passed and they do not. */
export function sendTime(
  schedule: Schedule,
  personZone: string | null,
  tenantZone: string,
  launchedAt: Date,
): { kind: 'from'; at: Date } | { kind: 'passed' } {
  if (schedule.at === null) return { kind: 'from', at: launchedAt };
  const zone =
    schedule.zone === 'recipient' && personZone !== null && IANAZone.isValidZone(personZone)
      ? personZone
      : tenantZone;
  const hour = instantIn(schedule.at, zone);
  if (hour.getTime() + TOLERANCE_MS >= launchedAt.getTime()) return { kind: 'from', at: hour };
  switch (schedule.ifPassed) {
    case 'send':
      return { kind: 'from', at: launchedAt };
    case 'skip':
      return { kind: 'passed' };
    case 'next-day': {
      let next = DateTime.fromISO(schedule.at, { zone });
      while (next.toMillis() < launchedAt.getTime()) next = next.plus({ days: 1 });
      return { kind: 'from', at: next.toJSDate() };
    }
  }
}
