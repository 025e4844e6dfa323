/** Spaces and dashes say nothing, nor does case. */
export const foldPostalCode = (code: string): string => code.replace(/[\s-]/g, '').toUpperCase();

/** NFC, lower case. */
export const foldCity = (city: string): string => city.normalize('NFC').trim().toLowerCase();

/** The first subtag of a locale (BCP 47): `sv` of `sv-SE` and `sv_SE`. */
export const languageOf = (locale: string): string => locale.toLowerCase().split(/[-_]/)[0] ?? '';
