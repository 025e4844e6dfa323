import { isDocument, type Doc } from './bson.js';
import { compileExpression } from './expression.js';
import { isBsonNumber, sum, type BsonNumber } from './number-sum.js';
import { Refusal } from './refusal.js';
import { valueKey } from './value-key.js';

/** One running result of one group. */
interface Running {
  add(value: unknown): void;
  result(): unknown;
}

function summing(): Running {
  let total: BsonNumber = 0;
  return {
    add(value) {
      if (isBsonNumber(value)) total = sum(total, value);
    },
    result: () => total,
  };
}

function averaging(): Running {
  let total = 0;
  let count = 0;
  return {
    add(value) {
      if (!isBsonNumber(value)) return;
      total += Number(value);
      count += 1;
    },
    result: () => (count === 0 ? null : total / count),
  };
}

function extreme(better: (key: string, than: string) => boolean): Running {
  let best: unknown = null;
  let bestKey: string | undefined;
  return {
    add(value) {
      if (value === undefined || value === null) return;
      const key = valueKey(value);
      if (bestKey !== undefined && !better(key, bestKey)) return;
      best = value;
      bestKey = key;
    },
    result: () => best,
  };
}

function firstOrLast(last: boolean): Running {
  let kept: unknown = null;
  let any = false;
  return {
    add(value) {
      if (any && !last) return;
      any = true;
      kept = value ?? null;
    },
    result: () => kept,
  };
}

function pushing(unique: boolean): Running {
  const values: unknown[] = [];
  const seen = new Set<string>();
  return {
    add(value) {
      if (value === undefined) return;
      if (unique) {
        const key = valueKey(value);
        if (seen.has(key)) return;
        seen.add(key);
      }
      values.push(value);
    },
    result: () => values,
  };
}

const ACCUMULATORS: Record<string, () => Running> = {
  $sum: summing,
  $avg: averaging,
  $min: () => extreme((key, than) => key < than),
  $max: () => extreme((key, than) => key > than),
  $first: () => firstOrLast(false),
  $last: () => firstOrLast(true),
  $push: () => pushing(false),
  $addToSet: () => pushing(true),
  $count: summing,
};

interface Field {
  name: string;
  begin: () => Running;
  value: (doc: Doc) => unknown;
}

function parseField(name: string, spec: unknown): Field {
  if (name.includes('.')) throw new Refusal(40235, `The field name '${name}' cannot contain '.'`);
  if (!isDocument(spec) || !Object.keys(spec)[0]?.startsWith('$')) {
    throw new Refusal(40234, `The field '${name}' must be an accumulator object`);
  }
  const [operator, ...more] = Object.keys(spec);
  if (more.length > 0) throw new Refusal(40238, `The field '${name}' must specify one accumulator`);
  const begin = Object.hasOwn(ACCUMULATORS, operator!) ? ACCUMULATORS[operator!] : undefined;
  if (!begin) throw new Refusal(15952, `unknown group operator '${operator}'`);
  const operand = spec[operator!];
  if (operator === '$count') {
    if (!isDocument(operand) || Object.keys(operand).length > 0)
      throw new Refusal(2, '$count takes no arguments');
    return { name, begin, value: () => 1 };
  }
  return { name, begin, value: compileExpression(operand) };
}

/** `$group`. Missing and null are one group; groups come in the order in which they were first met. */
export function compileGroup(spec: unknown): (docs: readonly Doc[]) => Doc[] {
  if (!isDocument(spec)) throw new Refusal(15947, "a group's fields must be specified in an object");
  if (!('_id' in spec)) throw new Refusal(15955, 'a group specification must include an _id');
  const { _id, ...rest } = spec;
  const idOf = compileExpression(_id);
  const fields = Object.entries(rest).map(([name, field]) => parseField(name, field));
  return (docs) => {
    const groups = new Map<string, { id: unknown; running: Running[] }>();
    for (const doc of docs) {
      const id = idOf(doc) ?? null;
      const key = valueKey(id);
      let group = groups.get(key);
      if (!group) groups.set(key, (group = { id, running: fields.map(({ begin }) => begin()) }));
      for (let at = 0; at < fields.length; at += 1) group.running[at]!.add(fields[at]!.value(doc));
    }
    return [...groups.values()].map(({ id, running }) => ({
      _id: id,
      ...Object.fromEntries(fields.map(({ name }, at) => [name, running[at]!.result()])),
    }));
  };
}
