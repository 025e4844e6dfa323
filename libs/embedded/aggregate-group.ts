import { isDocument, type Doc } from './bson.js';
import { compileExpression, type Expression } from './expression.js';
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

/** Below 0, 0 or above it; numbers and moments without making their keys. */
function order(one: unknown, other: unknown): number {
  if (typeof one === 'number' && typeof other === 'number' && !Number.isNaN(one - other)) return one - other;
  if (one instanceof Date && other instanceof Date) {
    const difference = one.getTime() - other.getTime();
    if (!Number.isNaN(difference)) return difference;
  }
  const key = valueKey(one);
  const than = valueKey(other);
  return key < than ? -1 : key > than ? 1 : 0;
}

/** @param sign 1 for the greatest, -1 for the least; of equals the first */
function extreme(sign: 1 | -1): Running {
  let best: unknown = null;
  return {
    add(value) {
      if (value === undefined || value === null) return;
      if (best === null || order(value, best) * sign > 0) best = value;
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
  $min: () => extreme(-1),
  $max: () => extreme(1),
  $first: () => firstOrLast(false),
  $last: () => firstOrLast(true),
  $push: () => pushing(false),
  $addToSet: () => pushing(true),
  $count: summing,
};

interface Field {
  name: string;
  begin: () => Running;
  value: Expression;
}

const ONE = compileExpression(1);

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
    return { name, begin, value: ONE };
  }
  return { name, begin, value: compileExpression(operand) };
}

interface Group {
  id: unknown;
  running: Running[];
}

/** A long within ±2^53 is the number that it equals. */
function asNumber(value: unknown): unknown {
  if (typeof value !== 'object' || !isBsonNumber(value)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The groups by the parts of their key, one after the other: most parts are looked up as they are. */
class Branch {
  private readonly plain = new Map<unknown, Branch>();
  private readonly others = new Map<string, Branch>();
  group: Group | undefined;

  at(given: unknown): Branch {
    const part = asNumber(given);
    // Beyond 2^53 a number may be the same as a long, which is an object.
    const isPlain =
      typeof part === 'number'
        ? Math.abs(part) <= Number.MAX_SAFE_INTEGER
        : typeof part !== 'object' || part === null;
    return isPlain ? branchAt(this.plain, part) : branchAt(this.others, valueKey(part));
  }
}

function branchAt<Key>(branches: Map<Key, Branch>, key: Key): Branch {
  let branch = branches.get(key);
  if (branch === undefined) branches.set(key, (branch = new Branch()));
  return branch;
}

interface Key {
  parts: Expression[];
  /** A group's `_id`, from the parts. */
  id: (parts: readonly unknown[]) => unknown;
}

function compileKey(spec: unknown): Key {
  const whole = compileExpression(spec); // refuses what is wrong with it
  const names = isDocument(spec) ? Object.keys(spec) : [];
  if (!isDocument(spec) || names.length === 0 || names[0]!.startsWith('$')) {
    return { parts: [{ of: (doc) => whole.of(doc) ?? null, roots: whole.roots }], id: ([part]) => part };
  }
  const parts = names.map((name) => compileExpression(spec[name]));
  const id = (values: readonly unknown[]): Doc => {
    const made: Doc = {};
    for (let at = 0; at < names.length; at += 1) if (values[at] !== undefined) made[names[at]!] = values[at];
    return made;
  };
  return { parts, id };
}

export interface GroupStage {
  run: (docs: Iterable<Doc>) => Doc[];
  /** The top-level fields that it looks at; undefined: the whole documents. */
  roots: ReadonlySet<string> | undefined;
}

/** `$group`. Missing and null are one group; groups come in the order in which they were first met. */
export function compileGroup(spec: unknown): GroupStage {
  if (!isDocument(spec)) throw new Refusal(15947, "a group's fields must be specified in an object");
  if (!('_id' in spec)) throw new Refusal(15955, 'a group specification must include an _id');
  const { _id, ...rest } = spec;
  const { parts, id } = compileKey(_id);
  const fields = Object.entries(rest).map(([name, field]) => parseField(name, field));
  const run = (docs: Iterable<Doc>): Doc[] => {
    const groups: Group[] = [];
    const root = new Branch();
    const found = new Array<unknown>(parts.length);
    for (const doc of docs) {
      let branch = root;
      for (let at = 0; at < parts.length; at += 1) branch = branch.at((found[at] = parts[at]!.of(doc)));
      let { group } = branch;
      if (!group) {
        branch.group = group = { id: id(found), running: fields.map(({ begin }) => begin()) };
        groups.push(group);
      }
      for (let at = 0; at < fields.length; at += 1) group.running[at]!.add(fields[at]!.value.of(doc));
    }
    return groups.map((group) => ({
      _id: group.id,
      ...Object.fromEntries(fields.map(({ name }, at) => [name, group.running[at]!.result()])),
    }));
  };
  const all = [...parts, ...fields.map(({ value }) => value)];
  const roots = new Set<string>();
  for (const one of all) for (const name of one.roots ?? []) roots.add(name);
  return { run, roots: all.every((one) => one.roots !== undefined) ? roots : undefined };
}
