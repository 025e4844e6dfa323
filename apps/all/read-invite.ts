import { DateTime } from 'luxon';

/** What a calendar would show of an attached invitation. */
export interface Invite {
  /** `REQUEST` puts it into the calendar, `CANCEL` takes it away. */
  method: string;
  summary: string;
  when: string;
  location: string;
  description: string;
  sequence: string;
  uid: string;
}

/** Reads a calendar file as far as a person wants to see it; null where it holds no event. */
export function readInvite(text: string, zone: string): Invite | null {
  const lines = text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const begin = lines.indexOf('BEGIN:VEVENT');
  if (begin < 0) return null;
  const event = properties(lines.slice(begin));
  const start = instant(event.get('DTSTART'), zone);
  const end = instant(event.get('DTEND'), zone);
  return {
    method: properties(lines.slice(0, begin)).get('METHOD') ?? 'PUBLISH',
    summary: event.get('SUMMARY') ?? '',
    when: start === null ? '' : `${start.toFormat('cccc d LLLL yyyy, HH:mm')}${until(start, end)}`,
    location: event.get('LOCATION') ?? '',
    description: event.get('DESCRIPTION') ?? '',
    sequence: event.get('SEQUENCE') ?? '0',
    uid: event.get('UID') ?? '',
  };
}

function until(start: DateTime, end: DateTime | null): string {
  if (end === null) return '';
  return end.hasSame(start, 'day') ? `–${end.toFormat('HH:mm')}` : ` – ${end.toFormat('d LLLL, HH:mm')}`;
}

/** The first value of each property, its parameters left out, its escapes undone (RFC 5545 3.3.11). */
function properties(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([A-Z-]+)(?:;(?:"[^"]*"|[^":])*)?:(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined || found.has(name)) continue;
    found.set(
      name,
      value.replace(/\\([\\;,nN])/g, (_, char: string) => (char === 'n' || char === 'N' ? '\n' : char)),
    );
  }
  return found;
}

function instant(value: string | undefined, zone: string): DateTime | null {
  if (value === undefined) return null;
  const at = DateTime.fromISO(value, { zone: value.endsWith('Z') ? 'utc' : zone });
  return at.isValid ? at.setZone(zone).setLocale('en-GB') : null;
}
