import { isDocument, type Doc } from './bson.js';
import { pathParts } from './field-path.js';
import { isOperators, listOf, mod, regexOf, sizeOf } from './match-operand.js';
import { anyAt, type Test } from './match-path.js';
import { equals, equalsOrMatches, hasType, inRange, isOneOf, matchesRegex } from './match-value.js';
import { Refusal } from './refusal.js';

/** A compiled filter. It looks at documents (and, inside $elemMatch, at arrays). */
export type Matcher = (doc: unknown) => boolean;

/** Places a test: at a path of documents (with `elements`, on an array's elements too), or on the value itself. */
export type Place = (test: Test, elements: boolean) => Matcher;

const negated =
  (matches: Matcher): Matcher =>
  (value) =>
    !matches(value);

function elementTest(operand: unknown): Test {
  if (!isDocument(operand)) throw new Refusal(2, '$elemMatch needs an Object');
  if (isOperators(operand) && !['$and', '$or', '$nor'].includes(Object.keys(operand)[0]!)) {
    const tests = compileOperators(operand, (test) => test);
    return (element) => tests.every((test) => test(element));
  }
  const inside = compileFilter(operand);
  return (element) => isDocument(element) && inside(element);
}

function elemMatch(operand: unknown): Test {
  const test = elementTest(operand);
  return (value) => Array.isArray(value) && value.some(test);
}

function all(operand: unknown, place: Place): Matcher[] {
  if (!Array.isArray(operand)) throw new Refusal(2, '$all needs an array');
  if (operand.length === 0) return [() => false];
  return operand.map((one) => {
    if (!isOperators(one)) return place(equalsOrMatches(one), true);
    if (Object.keys(one)[0] !== '$elemMatch') throw new Refusal(2, 'no $ expressions in $all');
    return place(elemMatch(one['$elemMatch']), false);
  });
}

function not(operand: unknown, place: Place): Matcher {
  if (operand instanceof RegExp) return negated(place(matchesRegex(operand), true));
  if (!isOperators(operand)) throw new Refusal(2, '$not needs a regex or a document');
  const inner = compileOperators(operand, place);
  return (value) => !inner.every((matches) => matches(value));
}

function compileOperator(operator: string, operand: unknown, siblings: Doc, place: Place): Matcher[] {
  switch (operator) {
    case '$eq':
      return [place(equals(operand), true)];
    case '$ne':
      if (operand instanceof RegExp) throw new Refusal(2, "Can't have regex as arg to $ne.");
      return [negated(place(equals(operand), true))];
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return [place(inRange(operator, operand), true)];
    case '$in':
      return [place(isOneOf(listOf('$in', operand)), true)];
    case '$nin':
      return [negated(place(isOneOf(listOf('$nin', operand)), true))];
    case '$exists': {
      const present = place((value) => value !== undefined, false);
      return [operand ? present : negated(present)];
    }
    case '$type':
      return [place(hasType(operand), true)];
    case '$size': {
      const size = sizeOf(operand);
      return [place((value) => Array.isArray(value) && value.length === size, false)];
    }
    case '$elemMatch':
      return [place(elemMatch(operand), false)];
    case '$all':
      return all(operand, place);
    case '$mod':
      return [place(mod(operand), true)];
    case '$not':
      return [not(operand, place)];
    case '$regex':
      return [place(matchesRegex(regexOf(operand, siblings['$options'])), true)];
    case '$options':
      if (siblings['$regex'] === undefined) throw new Refusal(2, '$options needs a $regex');
      return [];
    default:
      throw new Refusal(2, `unknown operator: ${operator}`);
  }
}

/** `{$gt: 1, $lt: 5}` → one matcher an operator; all must hold. */
export function compileOperators(operators: Doc, place: Place): Matcher[] {
  return Object.entries(operators).flatMap(([operator, operand]) =>
    compileOperator(operator, operand, operators, place),
  );
}

function compileField(path: string, operand: unknown): Matcher[] {
  const parts = pathParts(path);
  if (!isOperators(operand)) {
    const test = equalsOrMatches(operand);
    return [(doc) => anyAt(doc, parts, test, true)];
  }
  return compileOperators(operand, (test, elements) => (doc) => anyAt(doc, parts, test, elements));
}

function compileList(operator: string, operand: unknown): Matcher[] {
  if (!Array.isArray(operand)) throw new Refusal(2, `${operator} argument must be an array`);
  if (operand.length === 0) throw new Refusal(2, '$and/$or/$nor must be a nonempty array');
  return operand.map((one) => {
    if (!isDocument(one)) throw new Refusal(2, '$or/$and/$nor entries need to be full objects');
    return compileFilter(one);
  });
}

function compileTop(key: string, operand: unknown): Matcher[] {
  switch (key) {
    case '$and':
      return compileList(key, operand);
    case '$or': {
      const any = compileList(key, operand);
      return [(doc) => any.some((matches) => matches(doc))];
    }
    case '$nor': {
      const any = compileList(key, operand);
      return [(doc) => !any.some((matches) => matches(doc))];
    }
    case '$comment':
      return [];
    default:
      if (key.startsWith('$')) throw new Refusal(2, `unknown top level operator: ${key}`);
      return compileField(key, operand);
  }
}

/** The paths that a filter which has compiled looks at. */
export function filterPaths(filter: Doc, paths = new Set<string>()): Set<string> {
  for (const [key, operand] of Object.entries(filter)) {
    if (!key.startsWith('$')) paths.add(key);
    else if (Array.isArray(operand)) for (const one of operand) filterPaths(one as Doc, paths);
  }
  return paths;
}

/** Compiles a filter once, with MongoDB's meaning: arrays stand for their elements, ranges keep to their type. */
export function compileFilter(filter: Doc): Matcher {
  const all = Object.entries(filter).flatMap(([key, operand]) => compileTop(key, operand));
  if (all.length === 0) return () => true;
  if (all.length === 1) return all[0]!;
  return (doc) => {
    for (const matches of all) if (!matches(doc)) return false;
    return true;
  };
}
