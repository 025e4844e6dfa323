const ADULT_YEARS = 18;

/** Whether it is a day of the calendar, written `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/**
 * Whether who was born on `birthDate` is under 18 on `day`, both `YYYY-MM-DD`, the day by the person's own calendar.
 * Compared as text, so that who is born on a leap day comes of age on 1 March: the later, careful reading. A birth date
 * that cannot be read says nothing here.
 */
export function isMinorOn(birthDate: string, day: string): boolean {
  return isDate(birthDate) && day < adultOn(birthDate);
}

/** The day on which they come of age, as text to be compared (29 February also in years that have none). */
export function adultOn(birthDate: string): string {
  return `${Number(birthDate.slice(0, 4)) + ADULT_YEARS}${birthDate.slice(4)}`;
}
