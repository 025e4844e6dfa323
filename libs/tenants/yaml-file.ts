import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

export type Path = readonly PropertyKey[];

/** A YAML file as read: its value, where each part of it stands, and what is wrong with its syntax. */
export interface YamlFile {
  value: unknown;
  /** The line of the value at `path`, or of the nearest part above it that is there. */
  lineOf(path: Path): number;
  faults: { line: number; problem: string }[];
}

/** Reads YAML 1.2 (where `21:00` is a text, and so is `no`), keeping its line numbers. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    problem: `is no YAML: ${error.message}`,
  }));
  const lineOf = (path: Path): number => lines.linePos(offsetOf(document, path)).line;
  if (faults.length > 0) return { value: undefined, lineOf, faults };
  try {
    return { value: document.toJS() as unknown, lineOf, faults };
  } catch (error) {
    // An alias without an anchor, or aliases that would unfold without end.
    return {
      value: undefined,
      lineOf,
      faults: [{ line: 1, problem: `is no YAML: ${(error as Error).message}` }],
    };
  }
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)];
      if (item === undefined) break;
      offset = (item as { range?: [number] }).range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset;
}

/** `journeys.abandoned-booking.after[1]` */
export const pathText = (path: Path): string =>
  path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`))
    .join('');
