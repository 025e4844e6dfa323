const ADULT_YEARS = 18;

/** Whether it is a day of the calendar, written `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8))];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
}

const daysOf = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
};

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
