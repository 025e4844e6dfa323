/** A day in words, as it is in a zone: `29 november`, never broken in two. */
export function dayIn(timeZone: string, locale: string, at: Date): string {
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, {
    day: 'numeric',
    month: 'long',
    timeZone,
  })
    .format(at)
    .replaceAll(' ', '\u00a0');
}
