import { bsonTypeOf, Long, type LongValue } from './bson.js';
import { Refusal } from './refusal.js';

export type BsonNumber = number | LongValue;

export const isBsonNumber = (value: unknown): value is BsonNumber =>
  typeof value === 'number' || bsonTypeOf(value) === 'Long';

/** A double that stands for no one whole number: a sum with it is a double. */
const isInexact = (value: BsonNumber): boolean => typeof value === 'number' && !Number.isSafeInteger(value);

/** Past 2^53 whole numbers go on as 64-bit ones, as in MongoDB, and come back as numbers; beyond 2^63 there is no sum. */
export function sum(one: BsonNumber, other: BsonNumber): BsonNumber {
  if (typeof one === 'number' && typeof other === 'number') {
    const total = one + other;
    if (Number.isSafeInteger(total) || !Number.isSafeInteger(one) || !Number.isSafeInteger(other))
      return total;
  }
  if (isInexact(one) || isInexact(other)) return Number(one) + Number(other);
  const total = BigInt(one.toString()) + BigInt(other.toString());
  if (Number.isSafeInteger(Number(total))) return Number(total);
  if (BigInt.asIntN(64, total) !== total) throw new Refusal(2, 'a sum of whole numbers is beyond 64 bits');
  return Long.fromBigInt(total);
}
