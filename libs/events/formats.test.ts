import { describe, expect, it } from '@jest/globals';
import { isCalendarDate, isCountry, isCurrency, isHttpUrl, isTimeZone, toInstant } from './formats.js';

describe('formats', () => {
  it.each([
    ['2026-05-04T09:00:00Z', '2026-05-04T09:00:00.000Z'],
    ['2026-05-04t09:00:00z', '2026-05-04T09:00:00.000Z'],
    ['2026-05-04T09:00:00.123456+02:00', '2026-05-04T07:00:00.123Z'],
    ['2026-05-04T09:00:00-23:59', '2026-05-05T08:59:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('takes %s', (text, instant) => {
    expect(toInstant(text)?.toISOString()).toBe(instant);
  });

  it.each([
    'tomorrow',
    '',
    '2026-05-04',
    '2026-05-04T09:00',
    '2026-05-04T09:00:00',
    '2026-05-04 09:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-05-04T24:00:00Z',
    '2026-05-04T09:60:00Z',
    '2026-05-04T09:00:00+24:00',
    '2026-05-04T09:00:00Z ',
    '0001-01-01T00:00:00Z',
    '+002026-05-04T09:00:00Z',
  ])('is no date-time: %j', (text) => {
    expect(toInstant(text)).toBeNull();
  });

  it('knows the calendar', () => {
    expect(['1984-02-29', '1900-02-28', '0099-01-01'].map(isCalendarDate)).toEqual([true, true, true]);
    expect(['1985-02-29', '1900-02-29', '1984-2-9', '84-02-29', '1984-00-10'].filter(isCalendarDate)).toEqual(
      [],
    );
  });

  it('knows zones by name only', () => {
    expect(
      ['Europe/Stockholm', 'UTC', 'America/Argentina/Ushuaia', 'Etc/GMT+5'].filter(isTimeZone),
    ).toHaveLength(4);
    expect(['+02:00', 'Europe/Östersund', 'Stockholm', '', 'GMT+2'].filter(isTimeZone)).toEqual([]);
  });

  it('knows countries and currencies', () => {
    expect(['SE', 'NO', 'GB'].every(isCountry)).toBe(true);
    expect(['EU', 'UK', 'se', 'XX'].filter(isCountry)).toEqual([]);
    expect(['SEK', 'EUR'].every(isCurrency)).toBe(true);
    expect(['KRO', 'sek'].filter(isCurrency)).toEqual([]);
  });

  it('takes web addresses only', () => {
    expect(
      ['https://example.se/b?x=1#y', 'http://localhost:3000/', 'HTTPS://EXAMPLE.SE'].every(isHttpUrl),
    ).toBe(true);
    expect(
      [
        'javascript:alert(1)',
        'ftp://example.se',
        'https://',
        'example.se',
        'https://anna:hemlig@example.se/',
        'https://example.se/ x',
        'https://example.se/"><script>',
      ].filter(isHttpUrl),
    ).toEqual([]);
  });
});
