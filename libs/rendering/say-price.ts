const formats = new Map<string, Intl.NumberFormat>();

/** `850 kr`, `SEK 850`; whole amounts without decimals. Null where it is not an amount of a currency. */
export function sayPrice(price: { amount: string; currency: string }, locale: string): string | null {
  if (!/^-?\d{1,15}(\.\d{1,4})?$/.test(price.amount) || !/^[A-Z]{3}$/.test(price.currency)) return null;
  const key = `${locale} ${price.currency}`;
  let format = formats.get(key);
  if (!format) {
    const options = { style: 'currency', currency: price.currency, trailingZeroDisplay: 'stripIfInteger' };
    format = new Intl.NumberFormat(locale === 'en' ? 'en-GB' : locale, options as Intl.NumberFormatOptions);
    formats.set(key, format);
  }
  return format.format(Number(price.amount));
}
