const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The instant of an RFC 3339 date-time (offset required, real date, years from 1970), else null. */
export function toInstant(text: string): Date | null {
  if (text.length > 64) return null;
  const upper = text.toUpperCase();
  const match = DATE_TIME.exec(upper);
  if (!match || !isCalendarDate(match[1]!) || match[1]! < '1970') return null;
  // RFC 3339 has leap seconds, Date has none: the last second of a minute stands for it.
  const at = new Date(match[3] === '60' ? upper.replace(/:60(?=[.Z+-])/, ':59') : upper);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** Whether `YYYY-MM-DD` is a day that the calendar has. */
export function isCalendarDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const at = new Date(0);
  at.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return at.toISOString().startsWith(`${text}T`);
}

const knownZones = new Set<string>();
const ZONES_KEPT = 1000;

/** Whether Intl knows the zone by name; offsets such as `+02:00` are none. */
export function isTimeZone(text: string): boolean {
  if (knownZones.has(text)) return true;
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
  } catch {
    return false;
  }
  if (knownZones.size < ZONES_KEPT) knownZones.add(text);
  return true;
}

const currencies = new Set(Intl.supportedValuesOf('currency'));

/** Whether Intl knows the ISO 4217 code. */
export const isCurrency = (text: string): boolean => currencies.has(text);

const COUNTRIES = new Set(
  (
    'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ ' +
    'CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO ' +
    'FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE ' +
    'JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO ' +
    'MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW ' +
    'PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM ' +
    'TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'
  ).split(' '),
);

/** Whether it is one of the 249 codes of ISO 3166-1 alpha-2. */
export const isCountry = (text: string): boolean => COUNTRIES.has(text);

/** Whether it is a web address without a name or password in it: it will stand in mails and pages. */
export function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s\p{Cc}\p{Cs}"<>\\]+$/iu.test(text) || !URL.canParse(text)) return false;
  const { hostname, username, password } = new URL(text);
  return hostname !== '' && username === '' && password === '';
}
