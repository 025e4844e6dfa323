import type { Tenant } from '#tenants/tenant';
import { FileFault } from './file-fault.js';
import type { ImportKind } from './import.types.js';

/**
 * The names by which a column is known, by the field that it fills; of several columns for one field the first name here
 * that has something in a row counts. Compared without case, accents, spaces and signs: `E-post` is `epost`.
 */
export const COLUMNS: Readonly<Record<ImportKind, Readonly<Record<string, readonly string[]>>>> = {
  customers: {
    id: ['id', 'customer', 'customer id', 'customer number', 'kund', 'kund-id', 'kundnr', 'kundnummer'],
    version: ['version', 'revision'],
    updatedAt: [
      'updated at',
      'modified at',
      'last modified',
      'updated',
      'uppdaterad',
      'senast ändrad',
      'ändrad',
    ],
    name: ['name', 'full name', 'namn', 'fullständigt namn', 'kundnamn'],
    firstName: ['first name', 'given name', 'förnamn'],
    lastName: ['last name', 'surname', 'family name', 'efternamn'],
    email: ['email', 'e-mail address', 'mail', 'e-post', 'epostadress', 'mejl', 'mejladress'],
    phone: [
      'mobile',
      'mobile phone',
      'cell',
      'mobil',
      'mobilnummer',
      'mobiltelefon',
      'phone',
      'phone number',
      'telefon',
      'telefonnummer',
      'tel',
    ],
    locale: ['locale', 'language', 'språk'],
    timeZone: ['time zone', 'tidszon'],
    birthDate: ['birth date', 'date of birth', 'birthday', 'född', 'födelsedatum'],
    'guardianConsent.by': ['guardian consent by', 'guardian', 'vårdnadshavare', 'målsman'],
    'guardianConsent.at': ['guardian consent at', 'vårdnadshavares samtycke'],
    'guardianConsent.evidence': ['guardian consent evidence'],
    'address.line1': [
      'address',
      'address line 1',
      'street',
      'street address',
      'adress',
      'gatuadress',
      'gata',
    ],
    'address.line2': ['address line 2', 'c/o', 'adressrad 2'],
    'address.postalCode': [
      'postal code',
      'address postal code',
      'postcode',
      'zip',
      'zip code',
      'postnummer',
      'postnr',
    ],
    'address.city': ['city', 'address city', 'town', 'postort', 'ort', 'stad'],
    'address.country': ['country', 'address country', 'land', 'landskod', 'country code'],
  },
  choices: {
    customer: ['customer', 'customer id', 'id', 'customer number', 'kund', 'kund-id', 'kundnr', 'kundnummer'],
    email: ['email', 'e-mail address', 'mail', 'e-post', 'epostadress', 'mejl'],
    phone: ['phone', 'phone number', 'mobile', 'mobil', 'mobilnummer', 'telefon', 'telefonnummer'],
    purpose: ['purpose', 'ändamål'],
    channel: ['channel', 'kanal'],
    state: ['state', 'status', 'choice', 'val'],
    at: ['at', 'time', 'date', 'when', 'datum', 'tidpunkt'],
    noticeVersion: ['notice version', 'policy version', 'version'],
    language: ['language', 'locale', 'språk'],
    method: ['method', 'metod'],
    place: ['place', 'source', 'plats', 'källa'],
    evidence: ['evidence', 'proof', 'bevis', 'underlag'],
  },
  suppressions: {
    email: ['email', 'e-mail address', 'mail', 'e-post', 'epostadress', 'mejl', 'address', 'adress'],
    phone: ['phone', 'phone number', 'mobile', 'mobil', 'mobilnummer', 'telefon', 'telefonnummer'],
    channel: ['channel', 'kanal'],
    scope: ['scope', 'omfattning'],
    cause: ['cause', 'type', 'orsak'],
    at: ['at', 'time', 'created', 'created at', 'date', 'datum', 'tidpunkt'],
  },
};

/** Members of a JSON record that are objects or lists: they are taken as events have them. */
const WHOLE: Readonly<Record<ImportKind, readonly string[]>> = {
  customers: ['address', 'guardianConsent', 'attributes', 'devices'],
  choices: [],
  suppressions: [],
};

/** One of each of these groups has to be there. */
const NEEDED: Readonly<Record<ImportKind, readonly (readonly string[])[]>> = {
  customers: [['id']],
  choices: [['customer', 'email', 'phone'], ['purpose'], ['channel'], ['state']],
  suppressions: [['email', 'phone']],
};

/** A name as it is compared. */
export function plainName(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** Finds the field of a column. Attributes that the tenant declares are columns too: `attributes.member`, or `member`. */
export class ColumnNames {
  private readonly fields = new Map<string, { field: string; rank: number }>();
  private readonly whole: ReadonlySet<string>;

  constructor(kind: ImportKind, tenant: Pick<Tenant, 'attributes'>) {
    this.whole = new Set(WHOLE[kind]);
    if (kind === 'customers') {
      for (const name of Object.keys(tenant.attributes)) {
        this.add(name, { field: `attributes.${name}`, rank: 1 });
        this.add(`attributes.${name}`, { field: `attributes.${name}`, rank: 0 });
      }
    }
    for (const [field, names] of Object.entries(COLUMNS[kind])) {
      this.add(field, { field, rank: 0 });
      names.forEach((name, rank) => this.add(name, { field, rank }));
    }
  }

  /** null: nobody knows it. */
  find(name: string): { field: string; rank: number } | null {
    if (this.whole.has(name)) return { field: name, rank: 0 };
    return this.fields.get(plainName(name)) ?? null;
  }

  private add(name: string, to: { field: string; rank: number }): void {
    this.fields.set(plainName(name), to);
  }
}

/** The columns of one file: which cells fill which field, in the order in which they count. */
export interface Header {
  fields: { field: string; at: number[] }[];
  /** By field, as the file calls it. */
  names: Record<string, string>;
  width: number;
  warnings: string[];
}

/** Reads a header line; throws where a needed column is missing, saying which. */
export function readHeader(kind: ImportKind, cells: readonly string[], names: ColumnNames): Header {
  const found = new Map<string, { at: number; rank: number }[]>();
  const header: Header = { fields: [], names: {}, width: cells.length, warnings: [] };
  for (const [at, cell] of cells.entries()) {
    if (cell.trim() === '') continue;
    const known = names.find(cell.trim());
    if (known === null) {
      header.warnings.push(`the column ${shown(cell)} is not known here; kept out`);
      continue;
    }
    found.set(known.field, [...(found.get(known.field) ?? []), { at, rank: known.rank }]);
  }
  for (const [field, columns] of found) {
    columns.sort((one, other) => one.rank - other.rank);
    header.fields.push({ field, at: columns.map(({ at }) => at) });
    header.names[field] = shownBare(cells[columns[0]?.at ?? 0] ?? field, field);
  }
  refuseMissing(kind, new Set(found.keys()));
  return header;
}

function refuseMissing(kind: ImportKind, found: ReadonlySet<string>): void {
  const missing = NEEDED[kind].filter((group) => !group.some((field) => found.has(field)));
  if (missing.length === 0) return;
  const faults = missing.map((group) => ({
    pointer: `#/${group[0] ?? ''}`,
    detail: `expected a column ${group.join(' or ')}, got none of that name`,
  }));
  throw new FileFault(
    422,
    `the first line is to name the columns: ${faults.map(({ detail }) => detail).join('; ')}`,
    faults,
  );
}

/** A row's cells as fields; empty ones say nothing. A leading apostrophe before a sign is what keeps formulas from running. */
export function rowOf(header: Header, cells: readonly string[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const { field, at } of header.fields) {
    for (const column of at) {
      const cell = (cells[column] ?? '').trim();
      if (cell === '') continue;
      row[field] = cell.replace(/^'(?=[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/, '');
      break;
    }
  }
  return row;
}

/** A JSON record's members as fields. What is not known is told, once a name. */
export function fieldsOf(
  record: Readonly<Record<string, unknown>>,
  names: ColumnNames,
  unknown: (name: string) => void,
): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  const ranks: Record<string, number> = {};
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined) continue;
    const known = names.find(name);
    // `address` is a street's column in a CSV, and an object here.
    const isWhole = typeof value === 'object' && value !== null;
    if (known === null || (isWhole && known.field !== name)) {
      unknown(name);
      continue;
    }
    const field = !isWhole && known.field === 'address' ? 'address.line1' : known.field;
    const before = ranks[field];
    if (before !== undefined && before <= known.rank) continue;
    row[field] = value;
    ranks[field] = known.rank;
  }
  return row;
}

/** A name that somebody else chose; one that may be a person's data (a file without a header) is not repeated. */
export function shown(name: string): string {
  return isHarmless(name.trim()) ? `"${name.trim()}"` : '(a name that is not repeated here)';
}

const shownBare = (name: string, otherwise: string): string =>
  isHarmless(name.trim()) ? name.trim() : otherwise;

const isHarmless = (name: string): boolean =>
  name.length <= 40 &&
  !name.includes('@') &&
  name.replace(/\D/g, '').length < 5 &&
  /^[\p{L}\p{N} ._/:()-]+$/u.test(name);

/** The table of a kind's columns, for docs/imports.md: a test holds the page to it. */
export function drawColumns(kind: ImportKind): string {
  return Object.entries(COLUMNS[kind])
    .map(([field, names]) => `| \`${field}\` | ${names.filter((name) => name !== field).join(', ') || '–'} |`)
    .join('\n');
}
