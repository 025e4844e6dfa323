import { isDocument, type Doc } from './bson.js';
import type { Test } from './match-path.js';
import { Refusal } from './refusal.js';

/** `{$gt: 1}`, as against an embedded document to be equal to. */
export function isOperators(value: unknown): value is Doc {
  if (!isDocument(value)) return false;
  const key = Object.keys(value)[0];
  return key !== undefined && key.startsWith('$') && key !== '$ref' && key !== '$id' && key !== '$db';
}

export function listOf(operator: string, operand: unknown): unknown[] {
  if (!Array.isArray(operand)) throw new Refusal(2, `${operator} needs an array`);
  if (operand.some(isOperators)) throw new Refusal(2, `cannot nest $ under ${operator}`);
  return operand;
}

export function regexOf(operand: unknown, options: unknown): RegExp {
  const source = operand instanceof RegExp ? operand.source : operand;
  if (typeof source !== 'string') throw new Refusal(2, '$regex has to be a string');
  const flags = options ?? (operand instanceof RegExp ? operand.flags : '');
  if (typeof flags !== 'string') throw new Refusal(2, '$options has to be a string');
  if (/[^imsu]/.test(flags)) throw new Refusal(2, `invalid flag in regex options: ${flags}`);
  try {
    return new RegExp(source, flags.replaceAll('u', ''));
  } catch {
    throw new Refusal(2, 'Regular expression is invalid');
  }
}

export function sizeOf(operand: unknown): number {
  if (typeof operand !== 'number') throw new Refusal(9, 'Failed to parse $size. Expected a number');
  if (!Number.isInteger(operand)) throw new Refusal(9, 'Failed to parse $size. Expected an integer');
  if (operand < 0) throw new Refusal(9, 'Failed to parse $size. Expected a non-negative number');
  return operand;
}

export function mod(operand: unknown): Test {
  if (!Array.isArray(operand) || operand.length !== 2 || !operand.every((part) => Number.isFinite(part))) {
    throw new Refusal(2, 'malformed mod, needs to be an array of two numbers');
  }
  const [divisor, rest] = operand.map((part) => Math.trunc(part as number)) as [number, number];
  if (divisor === 0) throw new Refusal(2, 'divisor cannot be 0');
  return (value) =>
    typeof value === 'number' && Number.isFinite(value) && Math.trunc(value) % divisor === rest;
}
