import type { Missing, UpdateOp } from './steps.fixture.js';

type Write = NonNullable<Missing['write']>;

/** A write whose condition asks for the `rev` no more, where it concerns this. */
const withoutRev =
  (concerns: (...args: Parameters<Write>) => boolean): Write =>
  (role, collection, op) => {
    if (concerns(role, collection, op)) delete op.updateOne.filter['rev'];
    return undefined;
  };

const statusOf = ({ updateOne }: UpdateOp): unknown => updateOne.update['$set']?.['status'];
const isClaim: Write = (role, collection, op) =>
  role === 'dispatcher' && collection === 'messages' && statusOf(op) === 'sending' ? 'skip' : undefined;
const isRecord = (role: string, collection: string, op: UpdateOp): boolean =>
  role === 'dispatcher' && collection === 'messages' && op.updateOne.filter['status'] === 'sending';

/** PROTOCOL A2: what is known of addresses is read after those who have them. */
export const FACTS_ORDER: Missing = { readsFirst: { role: 'dispatcher', collection: 'suppressions' } };
/** A4: the customer's `rev` in the reservation's condition. */
export const CUSTOMER_CAS: Missing = {
  write: withoutRev((role, collection) => role === 'dispatcher' && collection === 'customers'),
};
/** A5: the row's `rev` in the claim's. */
export const ROW_REV: Missing = { write: withoutRev((...args) => isClaim(...args) === 'skip') };
/** A7: the own `rev` in the record's. */
export const RECORD_REV: Missing = { write: withoutRev(isRecord) };
/** B2: the customer's `rev` in the choice's condition. */
export const CHOICE_CAS: Missing = {
  write: withoutRev((role, collection) => role === 'withdraw' && collection === 'customers'),
};
/** B2: a fresh `rev` for whoever is written. */
export const CHOICE_REV: Missing = {
  write: (role, collection, { updateOne }) => {
    const { $set } = updateOne.update;
    if (role === 'withdraw' && collection === 'customers' && $set) $set['rev'] = updateOne.filter['rev'];
    return undefined;
  },
};
/** B1: the record about the address. */
export const SUPPRESSION: Missing = {
  write: (role, collection) => (role === 'withdraw' && collection === 'suppressions' ? 'skip' : undefined),
};
/** B1 before B2. */
export const RECORD_FIRST: Missing = {
  write: (role, collection) => (role === 'withdraw' && collection === 'suppressions' ? 'later' : undefined),
};
/** B2: the others who have the address. */
export const HOLDERS: Missing = {
  read: (role, collection, filter) =>
    role === 'withdraw' && collection === 'customers' && 'email' in filter ? [] : undefined,
};
/** B3: a new `rev` for what does not end. */
export const TOUCH: Missing = {
  write: (role, collection, op) =>
    role === 'withdraw' && collection === 'messages' && statusOf(op) === undefined ? 'skip' : undefined,
};
/** B3: the end of what has no channel left, and the touch of the rest. */
export const CANCEL_AND_TOUCH: Missing = {
  read: (role, collection, filter) =>
    role === 'withdraw' && collection === 'messages' && 'status' in filter ? [] : undefined,
};
/** B4: the wait. */
export const WAIT: Missing = {
  read: (role, collection, filter) =>
    role === 'withdraw' && collection === 'messages' && '_id' in filter ? [] : undefined,
};
/** A6: the deadline. The dispatcher's clock stands still. */
export const DEADLINE: Missing = { mono: (role, mono) => (role === 'dispatcher' ? 0 : mono) };
/** C3: two sightings far enough apart. Whenever repair looks at its clock, an hour has gone by. */
export const sightings = (): Missing => {
  let ahead = 0;
  return { mono: (role, mono) => (role === 'repair' ? mono + (ahead += 3_600_000) : mono) };
};
/** Fields: whose write it was. Each is told that it has won. */
export const WINNERS: Missing = { tellsAllWon: 'dispatcher' };
/** A3 and A4: places that count. */
export const PLACES: Missing = {
  write: (role, collection, { updateOne }) => {
    if (role === 'dispatcher' && collection === 'customers') delete updateOne.update['$set']?.['sends'];
    return undefined;
  },
};
/** A7: what may have been sent is not sent again. */
export const AMBIGUITY: Missing = {
  hears: (answer) => (answer === 'timeout-sent' ? 'try-later' : answer),
};
/** B6: that a no absorbs. Every yes is taken for the person's own on our pages. */
export const ABSORBS: Missing = {
  write: (role, collection, { updateOne }) => {
    const log = collection === 'customers' ? updateOne.update['$set']?.['choiceLog'] : undefined;
    const yeses = ((log ?? []) as { state: string }[]).filter(({ state }) => state === 'given');
    if (role === 'ingest') for (const yes of yeses) Object.assign(yes, { lifts: true, via: 'page' });
    return undefined;
  },
};
/** D1: the generation that a customer's facts are guarded by. */
export const CUSTOMER_GEN: Missing = {
  sees: (role, collection, one) =>
    role === 'ingest' && collection === 'customers' ? { ...one, gen: null } : one,
};
/** D2: equal plans again. What is equal is taken for older. */
export const EQUAL_AGAIN: Missing = {
  sees: (role, collection, one) => {
    if (role !== 'ingest' || collection !== 'bookings') return one;
    const gen = one['gen'] as { version: number };
    return { ...one, gen: { ...gen, version: gen.version + 1 } };
  },
};
/** D4: only rows of a lower generation are called off. Every row is taken for one. */
export const LOWER_ONLY: Missing = {
  sees: (role, collection, one) => {
    if (role !== 'ingest' || collection !== 'messages' || one['generation'] == null) return one;
    return { ...one, gen: 'v0', generation: { ...one['generation'], version: 0 } };
  },
};
/** D5: the offset is committed last. */
export const COMMIT_LAST: Missing = { commitsFirst: true };
/** E2: the rank of what providers tell, and of where the row stands. */
export const RANK: Missing = {
  sees: (role, collection, one) =>
    role === 'webhook' && collection === 'messages' ? { ...one, status: 'sending' } : one,
  write: (role, collection, { updateOne }) => {
    if (role === 'webhook' && collection === 'messages') delete updateOne.filter['status'];
    return undefined;
  },
};

/** Several parts at once. */
export function without(...parts: readonly Missing[]): Missing {
  return {
    write: (...args) => (parts.map((part) => part.write?.(...args)).includes('skip') ? 'skip' : undefined),
    read: (...args) => parts.map((part) => part.read?.(...args)).find((found) => found !== undefined),
    mono: (role, mono) => parts.reduce((at, part) => part.mono?.(role, at) ?? at, mono),
  };
}

/** The naive order: write the choice, cancel the rows, answer. */
export const naive = (): Missing =>
  without(CUSTOMER_CAS, ROW_REV, RECORD_REV, TOUCH, WAIT, DEADLINE, sightings());
