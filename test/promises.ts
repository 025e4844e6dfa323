/** One row of `docs/promises.md`. */
export interface PromiseRow {
  /** Of the table: whose notice. */
  heading: string;
  id: string;
  /** Word for word, white space collapsed. */
  quote: string;
  keeps: string;
  held: string;
}

export interface PromisesPage {
  rows: PromiseRow[];
  /** The numbers in the list of what waits. */
  waiting: string[];
}

/** What is looked up in the house: the source of a test, null where there is none. */
export interface Held {
  test: (path: string) => string | null;
}

const WAITING = 'What waits';

/** Markup taken out, white space collapsed: two texts say the same or they don't. */
export const plain = (text: string): string =>
  text
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** Reads the tables and the list at the end. */
export function readPromises(page: string): PromisesPage {
  const sections = page.split(/^## /m).slice(1);
  const rows = sections.flatMap((section): PromiseRow[] => {
    const [heading = '', ...lines] = section.split('\n');
    return lines.flatMap((line) => {
      const cells = line.startsWith('| ') ? line.slice(1, line.lastIndexOf('|')).split('|') : [];
      const [id = '', quote = '', keeps = '', held = ''] = cells.map((cell) => cell.trim());
      return /^[A-Z]\d+$/.test(id) ? [{ heading: heading.trim(), id, quote: plain(quote), keeps, held }] : [];
    });
  });
  const list = sections.find((section) => section.startsWith(WAITING)) ?? '';
  return { rows, waiting: list.match(/\b[A-Z]\d+\b/g) ?? [] };
}

/** What of a notice stands in none of the quotes; bullets and dots alone are nothing. */
export function uncovered(notice: string, quotes: readonly string[]): string[] {
  const marks = [...notice];
  for (const quote of quotes) {
    for (let at = notice.indexOf(quote); at !== -1; at = notice.indexOf(quote, at + 1))
      marks.fill('\n', at, at + quote.length);
  }
  return marks
    .join('')
    .split(/\n+/)
    .map((rest) => rest.trim())
    .filter((rest) => /[\p{L}\p{N}]/u.test(rest));
}

/** What is wrong with the page, row by row. */
export function faultsOf({ rows, waiting }: PromisesPage, house: Held): string[] {
  return rows.flatMap((row, index) => {
    const { id, keeps, held } = row;
    const twice = rows.findIndex((other) => other.id === id) < index ? [`${id}: stands twice`] : [];
    if (held === 'No promise') return twice;
    const isWaiting = held.startsWith('Waits for ');
    return [
      ...twice,
      ...(keeps === '' ? [`${id}: nothing is said to keep it`] : []),
      ...(isWaiting && !waiting.includes(id) ? [`${id}: waits, but is not listed as waiting`] : []),
      ...(!isWaiting && waiting.includes(id) ? [`${id}: is listed as waiting, but does not`] : []),
      ...testFaults(row, house),
    ];
  });
}

function testFaults({ id, held }: PromiseRow, house: Held): string[] {
  const named = [...held.matchAll(/`([^`]+\.test\.ts)`(?: “([^”]+)”)?/g)];
  if (named.length === 0) return [`${id}: nothing holds it`];
  return named.flatMap(([, path = '', title]) => {
    const source = house.test(path);
    if (source === null) return [`${id}: there is no ${path}`];
    return title === undefined || hasTitle(source, title) ? [] : [`${id}: ${path} has no “${title}”`];
  });
}

/** A title as it stands in its quotes, whole, at the end of it where what comes before is filled in. */
function hasTitle(source: string, title: string): boolean {
  const unescaped = source.replaceAll("\\'", "'");
  return [`'${title}'`, `"${title}"`, `\`${title}\``, `${title}'`].some((quoted) =>
    unescaped.includes(quoted),
  );
}
