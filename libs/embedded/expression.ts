import { Context, evalExpr } from 'mingo/core';
import * as mingo from 'mingo/operators/expression';
import { isDocument, own, type Doc } from './bson.js';
import { pathParts, rootOf } from './field-path.js';
import { Refusal } from './refusal.js';
import { TYPE, valueKey } from './value-key.js';

/** A value made from a document; undefined is a missing one. */
type Make = (doc: Doc) => unknown;

export interface Expression {
  of: Make;
  /** The top-level fields that it looks at; undefined: the whole document. */
  roots: ReadonlySet<string> | undefined;
}

type MingoOptions = Parameters<typeof mingo.$cond>[2];
type MingoOperator = (doc: unknown, operand: unknown, options: MingoOptions) => unknown;

/** In expressions MongoDB compares across types, and a missing value is below null: unlike in filters, and in mingo. */
const keyOf = (value: unknown): string => (value === undefined ? TYPE.none : valueKey(value));

function comparison(name: string, holds: (one: string, other: string) => unknown): MingoOperator {
  return (doc, operand, options) => {
    if (!Array.isArray(operand) || operand.length !== 2) {
      throw new Refusal(16020, `Expression ${name} takes exactly 2 arguments.`);
    }
    const [one, other] = evalExpr(doc, operand, options) as [unknown, unknown];
    return holds(keyOf(one), keyOf(other));
  };
}

const isIn: MingoOperator = (doc, operand, options) => {
  const [value, list] = evalExpr(doc, operand, options) as [unknown, unknown];
  if (!Array.isArray(list)) throw new Refusal(40081, '$in requires an array as a second argument');
  const key = keyOf(value);
  return list.some((one) => keyOf(one) === key);
};

/** Only false, 0, null and what is missing are not: NaN is true, as in MongoDB. */
const isTrue = (value: unknown): boolean => Boolean(value) || value === '' || Number.isNaN(value);

const holds = (doc: unknown, test: unknown, options: MingoOptions): boolean =>
  isTrue(evalExpr(doc, test, options));

const listOf = (operand: unknown): unknown[] => (Array.isArray(operand) ? operand : [operand]);

/** As many as an operator takes, or a refusal. */
function exactly(name: string, count: number, operands: unknown[]): unknown[] {
  if (operands.length === count) return operands;
  throw new Refusal(
    16020,
    `Expression ${name} takes exactly ${count} arguments. ${operands.length} were passed in.`,
  );
}

/** What tests something: mingo takes NaN for false, and in its `$not` an empty text too. */
const tests = {
  $and: (doc, operand, options) => listOf(operand).every((one) => holds(doc, one, options)),
  $or: (doc, operand, options) => listOf(operand).some((one) => holds(doc, one, options)),
  $not: (doc, operand, options) => !holds(doc, exactly('$not', 1, listOf(operand))[0], options),
  $cond: (doc, operand, options) => {
    const parts = isDocument(operand) ? [operand['if'], operand['then'], operand['else']] : listOf(operand);
    const [test, yes, no] = exactly('$cond', 3, parts);
    return evalExpr(doc, holds(doc, test, options) ? yes : no, options);
  },
  $switch: (doc, operand, options) => {
    const { branches, ...more } = isDocument(operand) ? operand : {};
    if (!Array.isArray(branches)) throw new Refusal(40061, "$switch expected an array for 'branches'");
    const taken = (branches as Doc[]).find((branch) => holds(doc, branch['case'], options));
    if (taken !== undefined) return evalExpr(doc, taken['then'], options);
    if (Object.hasOwn(more, 'default')) return evalExpr(doc, more['default'], options);
    throw new Refusal(
      40066,
      '$switch could not find a matching branch for an input, and no default was specified.',
    );
  },
} satisfies Record<string, MingoOperator>;

/** mingo's own where it agrees with MongoDB; the tests and the comparisons are ours. */
const OPERATORS = {
  ...{ $literal: mingo.$literal, $ifNull: mingo.$ifNull, ...tests },
  ...{ $add: mingo.$add, $subtract: mingo.$subtract, $multiply: mingo.$multiply, $divide: mingo.$divide },
  ...{ $floor: mingo.$floor, $ceil: mingo.$ceil, $concat: mingo.$concat, $toLower: mingo.$toLower },
  ...{ $size: mingo.$size, $isArray: mingo.$isArray, $arrayElemAt: mingo.$arrayElemAt },
  ...{ $dateToString: mingo.$dateToString, $dateTrunc: mingo.$dateTrunc },
  $eq: comparison('$eq', (one, other) => one === other),
  $ne: comparison('$ne', (one, other) => one !== other),
  $gt: comparison('$gt', (one, other) => one > other),
  $gte: comparison('$gte', (one, other) => one >= other),
  $lt: comparison('$lt', (one, other) => one < other),
  $lte: comparison('$lte', (one, other) => one <= other),
  $in: isIn,
};

const OPTIONS = { context: Context.init({ expression: OPERATORS }) } as unknown as MingoOptions;
const VARIABLES = ['$$ROOT', '$$CURRENT', '$$REMOVE'];

function check(expression: unknown, unknownCode: 168 | 31325): void {
  if (typeof expression === 'string' && expression.startsWith('$$')) {
    const variable = expression.split('.')[0]!;
    if (!VARIABLES.includes(variable))
      throw new Refusal(17276, `Use of undefined variable: ${variable.slice(2)}`);
  } else if (typeof expression === 'string' && expression.startsWith('$')) {
    if (expression.slice(1).split('.').includes(''))
      throw new Refusal(40353, `FieldPath '${expression}' has an empty part`);
  } else if (Array.isArray(expression)) {
    for (const one of expression) check(one, unknownCode);
  } else if (isDocument(expression)) {
    for (const [key, value] of Object.entries(expression)) {
      if (key.startsWith('$')) {
        if (Object.keys(expression).length > 1) {
          throw new Refusal(15983, 'An object representing an expression must have exactly one field');
        }
        if (!Object.hasOwn(OPERATORS, key))
          throw new Refusal(unknownCode, `Unrecognized expression '${key}'`);
        if (key === '$literal') continue;
      }
      check(value, unknownCode);
    }
  }
}

/** A made document has no field whose value is missing. */
function withoutMissing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutMissing(one) ?? null);
  if (!isDocument(value)) return value;
  const out: Doc = {};
  for (const [field, inner] of Object.entries(value))
    if (inner !== undefined) out[field] = withoutMissing(inner);
  return out;
}

/** What most pipelines use is compiled here; what is rarer, mingo walks each time. */
function byMingo(expression: unknown): Make {
  return (doc) => {
    try {
      return evalExpr(doc, expression, OPTIONS);
    } catch (error) {
      if ((error as { isRefusal?: boolean }).isRefusal) throw error;
      throw new Refusal(2, `Failed to evaluate an expression: ${(error as Error).message}`);
    }
  };
}

/** A path through documents. An array on the way, or what is no document, is mingo's. */
function path(expression: string): Make {
  const parts = pathParts(expression.slice(1));
  const [root] = parts;
  if (parts.length === 1) return (doc) => own(doc, root!);
  const otherwise = byMingo(expression);
  return (doc) => {
    let value: unknown = doc;
    for (const part of parts) {
      if (typeof value !== 'object' || value === null) return undefined;
      if (!isDocument(value)) return otherwise(doc);
      value = own(value, part);
    }
    return value;
  };
}

function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === 'string' && typeof other === 'string') return one === other;
  return keyOf(one) === keyOf(other);
}

const COMPARISONS: Record<string, (one: unknown, other: unknown) => boolean> = {
  $eq: isSame,
  $ne: (one, other) => !isSame(one, other),
  $gt: (one, other) => keyOf(one) > keyOf(other),
  $gte: (one, other) => keyOf(one) >= keyOf(other),
  $lt: (one, other) => keyOf(one) < keyOf(other),
  $lte: (one, other) => keyOf(one) <= keyOf(other),
};

function operator(name: string, operand: unknown): Make | undefined {
  if (name === '$literal') return () => operand;
  if (name === '$cond' && isDocument(operand) && Object.keys(operand).every((key) => !key.startsWith('$'))) {
    return operator(name, [operand['if'], operand['then'], operand['else']]);
  }
  if (!Array.isArray(operand)) return undefined;
  const all = operand.map(make);
  const holds = COMPARISONS[name];
  if (holds) {
    const [one, other] = all;
    return all.length === 2 ? (doc) => holds(one!(doc), other!(doc)) : undefined;
  }
  switch (name) {
    case '$and':
      return (doc) => all.every((one) => isTrue(one(doc)));
    case '$or':
      return (doc) => all.some((one) => isTrue(one(doc)));
    case '$not':
      return all.length === 1 ? (doc) => !isTrue(all[0]!(doc)) : undefined;
    case '$ifNull':
      return (doc) => {
        let value: unknown;
        for (const one of all) if ((value = one(doc)) !== undefined && value !== null) return value;
        return value;
      };
    case '$cond': {
      const [test, yes, no] = all;
      return all.length === 3 ? (doc) => (isTrue(test!(doc)) ? yes!(doc) : no!(doc)) : undefined;
    }
    default:
      return undefined;
  }
}

/** As mingo evaluates it: missing values are still in what is made. */
function make(expression: unknown): Make {
  if (typeof expression === 'string' && expression.startsWith('$')) {
    return expression.startsWith('$$') ? byMingo(expression) : path(expression);
  }
  if (Array.isArray(expression)) {
    const all = expression.map(make);
    return (doc) => all.map((one) => one(doc));
  }
  if (!isDocument(expression)) return () => expression;
  const [first] = Object.keys(expression);
  if (first?.startsWith('$')) return operator(first, expression[first]) ?? byMingo(expression);
  const fields = Object.entries(expression).map(([name, value]) => [name, make(value)] as const);
  return (doc) => {
    const out: Doc = {};
    for (const [name, value] of fields) out[name] = value(doc);
    return out;
  };
}

/** False if it needs the whole document. */
function collectRoots(expression: unknown, roots: Set<string>): boolean {
  if (typeof expression === 'string') {
    if (!expression.startsWith('$')) return true;
    if (expression.startsWith('$$')) return expression === '$$REMOVE';
    roots.add(rootOf(expression.slice(1)));
    return true;
  }
  if (Array.isArray(expression)) return expression.every((one) => collectRoots(one, roots));
  if (!isDocument(expression)) return true;
  return Object.entries(expression).every(([key, value]) => key === '$literal' || collectRoots(value, roots));
}

/** Compiles an expression; an operator or variable that is not there is refused before anything runs. */
export function compileExpression(expression: unknown, unknownCode: 168 | 31325 = 168): Expression {
  check(expression, unknownCode);
  const found = new Set<string>();
  const roots = collectRoots(expression, found) ? found : undefined;
  const of = make(expression);
  // A path's value and a constant have nothing in them that is missing.
  const isPlain =
    typeof expression === 'string' ? !expression.startsWith('$$') : typeof expression !== 'object';
  if (isPlain) return { of, roots };
  return { of: (doc) => withoutMissing(of(doc)), roots };
}
