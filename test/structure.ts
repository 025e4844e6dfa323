import { dirname, join } from 'node:path';
import ts from 'typescript';

/** The rows of the house, top first (layers.json). */
export interface Layers {
  apps: readonly string[];
  /** The one process that may import the others. */
  composer: string;
  libs: readonly (readonly string[])[];
}

/** A tree of sources: path from the root, with `/`, to text. Read from the disk, or made up by a test. */
export type Tree = ReadonlyMap<string, string>;

interface Import {
  /** As it is written. */
  name: string;
  /** The file in the tree, or null: a package, or nothing. */
  file: string | null;
}

/** A parsed file with what it imports. */
interface Source {
  path: string;
  lines: number;
  syntax: ts.SourceFile;
  imports: Import[];
}

const MOST_LINES = 400;
const MOST_LINES_OF_NINE_IN_TEN = 250;
/** Names that say nothing: what lives under them belongs to a noun or a verb. */
const EMPTY_NAME = /^(?:utils?|utilities|common|helpers?|shared|misc)$/;
/** And these say nothing even as a part: `date-helpers`. (`key-index` does say something, `index.ts` does not.) */
const EMPTY_PART = /(?:^|[-.])(?:utils?|helpers?)(?:[-.]|$)|^index\.(?:ts|mjs)$/;

const isTest = (path: string): boolean =>
  /^(?:test|bench|examples)\//.test(path) || /\.(?:test|contract|fixture)\.ts$/.test(path);
const isShipped = (path: string): boolean => /^(?:apps|libs)\//.test(path) && !isTest(path);
const folderOf = (path: string): string[] => path.split('/').slice(0, -1);
const at = (source: Source, node: ts.Node): string =>
  `${source.path}:${String(source.syntax.getLineAndCharacterOfPosition(node.getStart(source.syntax)).line + 1)}`;

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => {
    visit(child, see);
  });
}

/** Every module name in a file: import, export from, import(), import type, `typeof import()`. */
function importedNames(syntax: ts.SourceFile): string[] {
  const names: string[] = [];
  visit(syntax, (node) => {
    const name =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (name && ts.isStringLiteralLike(name)) names.push(name.text);
  });
  return names;
}

/** `#lib/file` and relative names as a path in the tree; a package's name is null. */
function resolve(name: string, from: string, tree: Tree): string | null {
  if (name.startsWith('#')) return `libs/${name.slice(1)}.ts`;
  if (!name.startsWith('.')) return null;
  const path = folderOf(from);
  for (const part of name.split('/')) {
    if (part === '..') path.pop();
    else if (part !== '.') path.push(part);
  }
  const file = path.join('/');
  return tree.has(file) ? file : file.replace(/\.js$/, '.ts');
}

/** Parses a tree once, for all the checks. */
export function readSources(tree: Tree): Source[] {
  return [...tree].map(([path, text]) => {
    const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    const imports = importedNames(syntax).map((name) => ({ name, file: resolve(name, path, tree) }));
    return { path, lines, syntax, imports };
  });
}

/** Who imports upwards or sideways: the rows are exact, siblings are strangers, only the composer knows the processes. */
export function layerFaults(sources: readonly Source[], layers: Layers): string[] {
  const rowOf = new Map(layers.libs.flatMap((names, row) => names.map((name) => [name, row] as const)));
  const known = new Set(sources.map((source) => source.path));
  const faults: string[] = [];
  for (const { path, imports } of sources) {
    const [top, room] = folderOf(path);
    if (top === 'libs' && (!room || !rowOf.has(room))) faults.push(`${path}: layers.json has no row for it`);
    if (top === 'apps' && room && !layers.apps.includes(room))
      faults.push(`${path}: layers.json names no such process`);
    for (const { name, file } of imports) {
      if (file === null) continue;
      const fault = (why: string): number => faults.push(`${path} imports ${name}: ${why}`);
      const [otherTop, otherRoom] = folderOf(file);
      if (file.endsWith('.ts') && !known.has(file)) fault('there is no such file');
      if (isShipped(path) && isTest(file)) fault('what is shipped imports no test');
      if (top === 'libs' && otherTop === 'apps') fault('no lib knows a process');
      if (top === 'libs' && room && otherTop === 'libs' && otherRoom && otherRoom !== room) {
        const [mine, theirs] = [rowOf.get(room) ?? -1, rowOf.get(otherRoom) ?? -1];
        if (theirs < mine) fault('an arrow upwards');
        if (theirs === mine) fault('siblings in a row do not know each other');
      }
      if (
        top === 'apps' &&
        otherTop === 'apps' &&
        otherRoom &&
        otherRoom !== room &&
        room !== layers.composer
      )
        fault(`only apps/${layers.composer} imports a process`);
    }
  }
  return faults;
}

/** Each circle of files that import one another, types too, as `a → b → a`. */
export function circleFaults(sources: readonly Source[]): string[] {
  const importsOf = new Map(sources.map((source) => [source.path, source.imports]));
  const done = new Set<string>();
  const trail: string[] = [];
  const faults: string[] = [];
  const walk = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) faults.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    for (const { file } of importsOf.get(path) ?? []) if (file !== null) walk(file);
    trail.pop();
    done.add(path);
  };
  for (const path of importsOf.keys()) walk(path);
  return faults;
}

/** Files above 400 lines, and a house whose 90th percentile is above 250. */
export function sizeFaults(sources: readonly Source[]): string[] {
  const sizes = sources.map((source) => source.lines).sort((a, b) => a - b);
  const ninth = sizes[Math.ceil(sizes.length * 0.9) - 1] ?? 0;
  return [
    ...sources
      .filter((source) => source.lines > MOST_LINES)
      .map((source) => `${source.path}: ${String(source.lines)} lines, above ${String(MOST_LINES)}`),
    ...(ninth > MOST_LINES_OF_NINE_IN_TEN
      ? [`the 90th percentile is ${String(ninth)} lines, above ${String(MOST_LINES_OF_NINE_IN_TEN)}`]
      : []),
  ];
}

/** Names that say nothing, and files that only pass on what others export. */
export function nameFaults(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const empty = source.path
      .split('/')
      .filter((part) => EMPTY_NAME.test(part.replace(/\..*$/, '')) || EMPTY_PART.test(part));
    const { statements } = source.syntax;
    const isBarrel =
      statements.length > 0 &&
      statements.every((one) => ts.isExportDeclaration(one) && one.moduleSpecifier !== undefined);
    return [
      ...empty.map((part) => `${source.path}: "${part}" says nothing; name the noun or the verb`),
      ...(isBarrel ? [`${source.path}: a barrel; import from where it is`] : []),
    ];
  });
}

const LUXON_NOW = new Set(['now', 'local', 'utc']);

/**
 * Whether a node reads the machine's wall time: Date.now(), new Date(), Date(), DateTime.now(), performance.timeOrigin.
 * `performance.now()` is monotonic and led by nobody.
 */
function readsTheMachineClock(node: ts.Node): boolean {
  if (ts.isNewExpression(node))
    return node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0;
  if (ts.isPropertyAccessExpression(node)) {
    const [object, name] = [node.expression.getText(), node.name.text];
    return (
      (/(?:^|\.)Date$/.test(object) && name === 'now') ||
      (/(?:^|\.)performance$/.test(object) && name === 'timeOrigin')
    );
  }
  if (!ts.isCallExpression(node)) return false;
  if (node.expression.getText() === 'Date') return true;
  return (
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.expression.getText() === 'DateTime' &&
    LUXON_NOW.has(node.expression.name.text) &&
    node.arguments.length === 0
  );
}

/** Shipped files that ask the machine for the time instead of the Clock. */
export function clockFaults(sources: readonly Source[]): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    if (!isShipped(source.path) || source.path === 'libs/platform/clock.ts') continue;
    visit(source.syntax, (node) => {
      if (readsTheMachineClock(node))
        faults.push(`${at(source, node)}: ${node.getText()} asks the machine for the time`);
    });
  }
  return faults;
}

/** Shipped files that read the environment past the configuration. */
export function environmentFaults(sources: readonly Source[]): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    if (!isShipped(source.path) || source.path === 'libs/platform/config.ts') continue;
    visit(source.syntax, (node) => {
      const direct =
        (ts.isPropertyAccessExpression(node) && node.name.text === 'env') ||
        (ts.isElementAccessExpression(node) && /^['"`]env['"`]$/.test(node.argumentExpression.getText()));
      const object = direct ? node.expression.getText() : '';
      const taken =
        (ts.isVariableDeclaration(node) &&
          ts.isObjectBindingPattern(node.name) &&
          node.initializer?.getText() === 'process' &&
          node.name.elements.some((one) => (one.propertyName ?? one.name).getText() === 'env')) ||
        (ts.isImportDeclaration(node) &&
          /^['"](?:node:)?process['"]$/.test(node.moduleSpecifier.getText()) &&
          /\benv\b/.test(node.importClause?.getText() ?? ''));
      if (/(?:^|\.)process$/.test(object) || taken) faults.push(`${at(source, node)}: reads the environment`);
    });
  }
  return faults;
}

/** Links in a page of Markdown that lead to no file; `exists` is asked with a path from the root. */
export function linkFaults(page: string, text: string, exists: (path: string) => boolean): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
    .map(([, link = '']) => join(dirname(page), link))
    .filter((path) => !exists(path))
    .map((path) => `${page} links to ${path}: there is no such file`);
}
