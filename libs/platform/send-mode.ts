/** What may leave the house (`LAGOM_SEND`). Anything but `live` never reaches a stranger. */
export type SendMode =
  { mode: 'capture' } | { mode: 'redirect'; to: string } | { mode: 'allow'; to: string[] } | { mode: 'live' };

/** An email address (lower-cased) or a phone number in E.164, or null. */
export function plainAddress(text: string): string | null {
  const address = text.trim().normalize('NFC').toLowerCase();
  return /^[^\s@,:]+@[^\s@,:]+\.[^\s@,:.]+$/.test(address) || /^\+[1-9]\d{6,14}$/.test(address)
    ? address
    : null;
}

/** Reads `capture`, `redirect:<address>`, `allow:<address,…>` or `live`; anything else is what is wrong with it. */
export function parseSendMode(text: string): SendMode | { problem: string } {
  const colon = text.indexOf(':');
  const mode = colon < 0 ? text : text.slice(0, colon);
  const addresses = colon < 0 ? [] : text.slice(colon + 1).split(',');
  const plain = addresses.map(plainAddress);
  switch (mode) {
    case 'capture':
    case 'live':
      return colon < 0 ? { mode } : { problem: `\`${mode}\` takes no address` };
    case 'redirect':
    case 'allow': {
      const to = plain.filter((address) => address !== null);
      if (to.length === 0 || to.length < plain.length) {
        return { problem: `\`${mode}:\` needs email addresses or phone numbers in E.164` };
      }
      if (mode === 'allow') return { mode, to };
      const [only] = to;
      return to.length === 1 && only !== undefined
        ? { mode, to: only }
        : { problem: '`redirect:` takes exactly one address' };
    }
    default:
      return { problem: 'is none of capture, redirect:<address>, allow:<address,…>, live' };
  }
}
