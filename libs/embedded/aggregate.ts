import { isDocument, type Doc } from './bson.js';
import { compileGroup } from './aggregate-group.js';
import type { Collection } from './collection.js';
import { compileExpression } from './expression.js';
import { pathParts, rootOf, type KeyPattern } from './field-path.js';
import { madeSource, storedSource, type Source } from './cursors.js';
import { compileFilter, filterPaths } from './match-filter.js';
import { placesOf } from './places.js';
import { compileProjection } from './project.js';
import { eachFields, findEntries, findFields, sorted, sortPattern } from './query.js';
import { Refusal } from './refusal.js';
import { Draft, valueAt } from './update-path.js';

/** Top-level fields of documents; undefined: all of them. */
type Roots = ReadonlySet<string> | undefined;

/** One stage, compiled. Documents are never changed, only replaced. */
interface Stage {
  run: (docs: readonly Doc[]) => readonly Doc[];
  /** The same, of one that looks at each document once. */
  fold?: (docs: Iterable<Doc>) => readonly Doc[];
  /** What it has to know of its documents, where so much of what it makes of them is asked for. */
  needs: (asked: Roots) => Roots;
}

/** Of a stage that hands its documents on: what is asked of those, and what it looks at itself. */
const passing =
  (own: Iterable<string>) =>
  (asked: Roots): Roots =>
    asked && new Set([...asked, ...own]);

const only = (roots: Roots) => (): Roots => roots;

function positive(stage: string, value: unknown, least: 0 | 1): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
  throw new Refusal(
    stage === '$limit' ? 15958 : 5107200,
    `${stage} takes a ${least ? 'positive' : 'non-negative'} number`,
  );
}

function splitProjection(spec: Doc, prefix: string, plain: Doc, computed: Map<string, unknown>): void {
  for (const [key, value] of Object.entries(spec)) {
    const path = prefix + key;
    if (typeof value === 'number' || typeof value === 'boolean') plain[path] = value;
    else if (isDocument(value) && Object.keys(value).length > 0 && !Object.keys(value)[0]!.startsWith('$')) {
      splitProjection(value, `${path}.`, plain, computed);
    } else computed.set(path, value);
  }
}

/** `$project`: fields in or out, and fields made by expressions. */
function project(spec: unknown): Stage {
  if (!isDocument(spec)) throw new Refusal(15969, '$project specification must be an object');
  if (Object.keys(spec).length === 0)
    throw new Refusal(51272, 'Invalid $project: projection must be non-empty');
  const plain: Doc = {};
  const computed = new Map<string, unknown>();
  splitProjection(spec, '', plain, computed);
  if (computed.size === 0) {
    const view = compileProjection(plain);
    const isInclusion = Object.entries(plain).every(([path, value]) => path === '_id' || Boolean(value));
    const roots = new Set(['_id', ...Object.keys(plain).map(rootOf)]);
    const isOnlyId = Object.keys(plain).join() === '_id';
    return { run: (docs) => docs.map(view), needs: (asked) => (isInclusion && !isOnlyId ? roots : asked) };
  }
  const excluded = Object.keys(plain).find((path) => path !== '_id' && !plain[path]);
  if (excluded !== undefined)
    throw new Refusal(31254, `Cannot do exclusion on field ${excluded} in inclusion projection`);
  const { _id: id = true, ...rest } = plain;
  const included = computed.has('_id') ? {} : { _id: id };
  // With nothing to include but made fields: a field that is never there keeps it an inclusion.
  const view = compileProjection({ ...included, ...(Object.keys(rest).length > 0 ? rest : { '\u0000': 1 }) });
  const made = [...computed].map(([path, expression]) => ({
    parts: pathParts(path),
    value: compileExpression(expression, 31325),
  }));
  const run = (docs: readonly Doc[]): Doc[] =>
    docs.map((doc) => {
      const draft = new Draft(view(doc));
      for (const { parts, value } of made) {
        const found = value.of(doc);
        if (found !== undefined) draft.write(parts, found);
      }
      return draft.root;
    });
  const isWhole = made.some(({ value }) => value.roots === undefined);
  const roots = made.flatMap(({ value }) => [...(value.roots ?? [])]);
  return {
    run,
    needs: only(isWhole ? undefined : new Set(['_id', ...Object.keys(rest).map(rootOf), ...roots])),
  };
}

function unwind(spec: unknown): Stage {
  const options = typeof spec === 'string' ? { path: spec } : spec;
  if (!isDocument(options))
    throw new Refusal(15981, 'expected either a string or an object as specification for $unwind');
  const { path, preserveNullAndEmptyArrays: preserve = false, ...odd } = options;
  if (Object.keys(odd).length > 0)
    throw new Refusal(28811, `unrecognized option to $unwind stage: ${Object.keys(odd)[0]}`);
  if (typeof path !== 'string' || !path.startsWith('$') || path.length < 2) {
    throw new Refusal(28818, "path option to $unwind stage should be prefixed with a '$'");
  }
  const parts = pathParts(path.slice(1));
  const run = (docs: readonly Doc[]): Doc[] =>
    docs.flatMap((doc) => {
      const value = valueAt(doc, parts);
      if (Array.isArray(value) && value.length > 0) {
        return value.map((element) => {
          const draft = new Draft(doc);
          draft.write(parts, element);
          return draft.root;
        });
      }
      if (Array.isArray(value)) {
        if (!preserve) return [];
        const draft = new Draft(doc);
        draft.remove(parts);
        return [draft.root];
      }
      return (value !== undefined && value !== null) || preserve ? [doc] : [];
    });
  return { run, needs: passing([parts[0]!]) };
}

function countAs(name: unknown): Stage {
  if (typeof name !== 'string' || name === '')
    throw new Refusal(40156, 'the count field must be a non-empty string');
  if (name.startsWith('$')) throw new Refusal(40158, 'the count field cannot be a $-prefixed path');
  if (name.includes('.')) throw new Refusal(40160, "the count field cannot contain '.'");
  return {
    run: (docs) => (docs.length > 0 ? [{ [name]: docs.length }] : []),
    needs: only(new Set()),
  };
}

function sortStage(spec: unknown): Stage {
  const pattern = sortPattern(spec);
  if (pattern.length === 0) throw new Refusal(15976, '$sort stage must have at least one sort key');
  return {
    run: (docs) => sorted(docs, (doc) => doc, pattern),
    needs: passing(pattern.map(([path]) => rootOf(path))),
  };
}

function match(spec: unknown): Stage {
  if (!isDocument(spec)) throw new Refusal(15959, 'the match filter must be an expression in an object');
  const matches = compileFilter(spec);
  return { run: (docs) => docs.filter(matches), needs: passing([...filterPaths(spec)].map(rootOf)) };
}

function compileStage(name: string, spec: unknown): Stage {
  switch (name) {
    case '$match':
      return match(spec);
    case '$group': {
      const { run, roots } = compileGroup(spec);
      return { run, fold: run, needs: only(roots) };
    }
    case '$sort':
      return sortStage(spec);
    case '$limit': {
      const most = positive(name, spec, 1);
      return { run: (docs) => docs.slice(0, most), needs: (asked) => asked };
    }
    case '$skip': {
      const first = positive(name, spec, 0);
      return { run: (docs) => docs.slice(first), needs: (asked) => asked };
    }
    case '$project':
      return project(spec);
    case '$count':
      return countAs(spec);
    case '$unwind':
      return unwind(spec);
    default:
      throw new Refusal(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
}

/** Runs a pipeline. Its first $match, $sort, $skip and $limit, in this order, go to the indexes. */
export function aggregate(collection: Collection | undefined, pipeline: readonly unknown[]): Source {
  const stages = pipeline.map((stage) => {
    if (!isDocument(stage) || Object.keys(stage).length !== 1) {
      throw new Refusal(40323, 'A pipeline stage specification object must contain exactly one field.');
    }
    const [name, spec] = Object.entries(stage)[0]!;
    return { name, spec, ...compileStage(name, spec) };
  });
  const leading = (name: string): unknown => (stages[0]?.name === name ? stages.shift()!.spec : undefined);
  const filter = (leading('$match') as Doc | undefined) ?? {};
  const sort: KeyPattern = sortPattern(leading('$sort'));
  const skip = (leading('$skip') as number | undefined) ?? 0;
  const limit = (leading('$limit') as number | undefined) ?? 0;
  const query = { filter, sort, skip, limit };
  if (stages.length === 0) return storedSource(placesOf(findEntries(collection, query)), undefined);
  const needed = stages.reduceRight<Roots>((asked, { needs }) => needs(asked), undefined);
  const fold = stages[0]?.fold;
  let docs: readonly Doc[];
  if (needed && fold) {
    docs = fold(eachFields(collection, query, needed));
    stages.shift();
  } else if (needed) docs = findFields(collection, query, needed);
  else docs = findEntries(collection, query).map(({ doc }) => doc);
  for (const { run } of stages) docs = run(docs);
  return madeSource(docs);
}
