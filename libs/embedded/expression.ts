import { Context, evalExpr } from 'mingo/core';
import * as mingo from 'mingo/operators/expression';
import { isDocument, type Doc } from './bson.js';
import { Refusal } from './refusal.js';
import { TYPE, valueKey } from './value-key.js';

/** A value made from a document; undefined is a missing one. */
export type Expression = (doc: Doc) => unknown;

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

/** mingo's own where it agrees with MongoDB; the comparisons are ours. */
const OPERATORS = {
  ...{ $literal: mingo.$literal, $cond: mingo.$cond, $ifNull: mingo.$ifNull, $switch: mingo.$switch },
  ...{ $and: mingo.$and, $or: mingo.$or, $not: mingo.$not },
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

/** Compiles an expression; an operator or variable that is not there is refused before anything runs. */
export function compileExpression(expression: unknown, unknownCode: 168 | 31325 = 168): Expression {
  check(expression, unknownCode);
  if (typeof expression === 'string' && /^\$[^$.]+$/.test(expression)) {
    const field = expression.slice(1);
    return (doc) => (Object.hasOwn(doc, field) ? doc[field] : undefined);
  }
  if (typeof expression !== 'object' && !(typeof expression === 'string' && expression.startsWith('$'))) {
    return () => expression;
  }
  return (doc) => {
    try {
      return withoutMissing(evalExpr(doc, expression, OPTIONS));
    } catch (error) {
      if ((error as { isRefusal?: boolean }).isRefusal) throw error;
      throw new Refusal(2, `Failed to evaluate an expression: ${(error as Error).message}`);
    }
  };
}
