import type { MessageRow } from '#messages/message.types';
import { RULES } from '#purposes/purposes';
import type { Call } from './provider.js';
import { saysNo, type Story } from './stories.js';
import type { No, Told } from './teller.js';

/** What is left of a run: all that was asked of the line, all that it said, all that reached the provider. */
export interface Evidence {
  stories: readonly Story[];
  told: readonly Told[];
  noes: readonly No[];
  calls: readonly Call[];
  rows: readonly MessageRow[];
  /** The events that the line has noted as heard. */
  heard: ReadonlySet<string>;
  /** The stories whose person's no about its purpose stands in the ledger. */
  standing: ReadonlySet<string>;
}

export type Breach =
  | 'an event is lost'
  | 'a message is lost'
  | 'a message that is said to be sent never arrived'
  | 'sent twice'
  | 'planned twice'
  | 'a call that no row knows'
  | 'a reference used twice'
  | 'a no is lost'
  | 'a call after a no'
  | 'a row has not ended';

export interface Violation {
  breach: Breach;
  /** The story that it happened in, and what tells more. */
  story: string | null;
  detail: string;
  row: MessageRow | null;
}

const OPEN = new Set(['planned', 'released', 'sending', 'unknown']);
const SENT = new Set(['accepted', 'delivered']);
/** What tells of a booking, by the event that asks for it. */
const JOURNEY_OF: Partial<Record<Told['what'], string>> = {
  started: 'abandoned-booking',
  confirmed: 'confirmation',
  rescheduled: 'change',
  cancelled: 'cancellation',
  completed: 'survey',
};
const STEPS_OF_A_CART = 2;

/** Everything that went against what the line promises; empty where it kept its word. */
export function judge(evidence: Evidence): Violation[] {
  const byRef = new Map<string, MessageRow>();
  for (const row of evidence.rows) for (const { ref } of row.attempts) byRef.set(ref, row);
  // A call whose body was cut off is no message.
  const calls = evidence.calls.filter(({ answer }) => answer !== 'cut');
  const callsOf = groupBy(calls, ({ ref }) => byRef.get(ref)?._id);
  return [
    ...lost(evidence),
    ...evidence.rows.flatMap((row) => ofRow(row, callsOf.get(row._id) ?? [])),
    ...plannedTwice(evidence.rows),
    ...strangers(calls, byRef),
    ...evidence.noes
      .filter(({ story }) => !evidence.standing.has(story))
      .map(({ story, how, done }) =>
        violation('a no is lost', story, `${how}, ${done === null ? 'received' : 'done'}`),
      ),
    ...afterNo(evidence.noes, calls, byRef),
  ];
}

/** Told again by the other way counts too: it may come before what the first way has not brought yet. */
const waysOf = ({ acts }: Story): Set<string> =>
  new Set(
    acts.flatMap((act) => (act.kind === 'tell' ? [act.way, ...(act.again === null ? [] : [act.again])] : [])),
  );

function lost({ stories, told, rows, heard }: Evidence): Violation[] {
  const rowsOf = groupBy(rows, ({ event }) => event);
  const toldOf = groupBy(told, ({ story }) => story);
  return stories.flatMap((story) => {
    const own = toldOf.get(story.id) ?? [];
    const missing = own
      .filter(({ id }) => !heard.has(id))
      .map((one): Violation =>
        violation('an event is lost', story.id, `${one.what} ${one.id}, by ${one.way}`),
      );
    const isMixed = waysOf(story).size > 1;
    const facts = own.filter(({ what }) => what !== 'choices');
    const last = facts.at(-1);
    const silent = facts.flatMap((one) => {
      const planned = rowsOf.get(one.id)?.filter(({ journey }) => journey === JOURNEY_OF[one.what]) ?? [];
      // Told by two ways, a later event may overtake an earlier one, which then has nothing to say.
      const mustPlan = !isMixed || one === last;
      const wanted = mustPlan ? (one.what === 'started' ? STEPS_OF_A_CART : 1) : 0;
      // What a later event or a no may have called off may be silent.
      const mustSend = one === last && !(saysNo(story) && one.what !== 'confirmed');
      if (planned.length < wanted)
        return [violation('a message is lost', story.id, `${one.what} ${one.id} planned ${planned.length}`)];
      const unsent = mustSend ? planned.filter(({ status }) => !SENT.has(status)) : [];
      return unsent.map((row) => violation('a message is lost', story.id, `${one.what} was not said`, row));
    });
    return [...missing, ...silent];
  });
}

function ofRow(row: MessageRow, calls: readonly Call[]): Violation[] {
  const found: Violation[] = [];
  if (OPEN.has(row.status)) found.push(violation('a row has not ended', null, row.status, row));
  const taken = calls.filter((call) => call.taken).length;
  if (SENT.has(row.status) && taken === 0) {
    found.push(violation('a message that is said to be sent never arrived', null, row.status, row));
  }
  // Out of doubt a row goes back by its purpose's one resend, or by a person's hand.
  const again = row.history.filter(
    ({ status }, index) => status === 'planned' && row.history[index - 1]?.status === 'unknown',
  );
  const byItself = again.filter(({ why }) => !why?.startsWith('retried by'));
  const mayArrive = RULES[row.purpose].unknown === 'resend' ? 1 + byItself.length : 1;
  const mayReach = 1 + again.length;
  const reached = calls.filter(({ answer }) => answer !== 'busy').length;
  if (taken > mayArrive || reached > mayReach) {
    found.push(
      violation('sent twice', null, `${reached} calls, ${taken} taken, ${again.length} resent`, row),
    );
  }
  return found;
}

function plannedTwice(rows: readonly MessageRow[]): Violation[] {
  const same = groupBy(rows, ({ event, journey, step }) => JSON.stringify([event, journey, step]));
  return [...same.values()]
    .filter((group) => group.length > 1)
    .map((group) => violation('planned twice', null, group.map(({ _id }) => _id).join(), group[0]));
}

function strangers(calls: readonly Call[], byRef: ReadonlyMap<string, MessageRow>): Violation[] {
  return [...groupBy(calls, ({ ref }) => ref)].flatMap(([ref, group]) => {
    const row = byRef.get(ref);
    if (row === undefined) return [violation('a call that no row knows', null, ref)];
    return group.length > 1 ? [violation('a reference used twice', null, ref, row)] : [];
  });
}

function afterNo(
  noes: readonly No[],
  calls: readonly Call[],
  byRef: ReadonlyMap<string, MessageRow>,
): Violation[] {
  const callsTo = groupBy(calls, ({ to }) => to);
  return noes.flatMap(({ story, address, purpose, how, done }) =>
    (callsTo.get(address) ?? [])
      .filter(({ at, ref }) => done !== null && at > done && byRef.get(ref)?.purpose === purpose)
      .map(({ at, ref }) =>
        violation(
          'a call after a no',
          story,
          `${(at - (done ?? at)).toFixed(1)} ms after ${how}`,
          byRef.get(ref),
        ),
      ),
  );
}

const violation = (
  breach: Breach,
  story: string | null,
  detail: string,
  row: MessageRow | null = null,
): Violation => ({ breach, story, detail, row });

function groupBy<T, Key>(all: readonly T[], keyOf: (one: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
