import { describe, expect, it } from '@jest/globals';
import { readInvite } from './read-invite.js';

const FILE = [
  'BEGIN:VCALENDAR',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  'UID:abc@example.se',
  'SEQUENCE:2',
  'DTSTART:20260512T080000Z',
  'DTEND:20260512T090000Z',
  'SUMMARY:Bokning hos Klin',
  ' iken\\, centrum',
  'LOCATION:Prästgatan 31\\, Östersund',
  'DESCRIPTION:Ring\\noss',
  'ORGANIZER;CN="Klinik: en":mailto:hej@example.se',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\r\n');

describe('an invitation', () => {
  it('is read as a calendar shows it, in the zone of the page', () => {
    expect(readInvite(FILE, 'Europe/Stockholm')).toEqual({
      method: 'REQUEST',
      summary: 'Bokning hos Kliniken, centrum',
      when: 'Tuesday 12 May 2026, 10:00–11:00',
      location: 'Prästgatan 31, Östersund',
      description: 'Ring\noss',
      sequence: '2',
      uid: 'abc@example.se',
    });
  });

  it('says the end’s day where it is another', () => {
    const overnight = FILE.replace('DTEND:20260512T090000Z', 'DTEND:20260513T060000Z');
    expect(readInvite(overnight, 'Europe/Stockholm')?.when).toBe(
      'Tuesday 12 May 2026, 10:00 – 13 May, 08:00',
    );
  });

  it.each(['', 'no calendar', 'BEGIN:VCALENDAR\r\nEND:VCALENDAR'])('is none: %j', (text) => {
    expect(readInvite(text, 'Europe/Stockholm')).toBeNull();
  });
});
