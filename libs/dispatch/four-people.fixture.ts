import type { Outcome } from '#channels/outcome';
import { CLINIC } from '#privacy/ledger.fixture';
import { accepted, type Line } from './line.fixture.js';

/** What the provider says to each, the first time and later. */
const SAYS: Record<string, Outcome['kind'][]> = {
  anna: ['accepted'],
  bo: ['retry-at', 'accepted'],
  cay: ['bad-address', 'accepted'],
  dag: ['rejected'],
};

/** How they end where nothing else goes wrong. */
export const UNDISTURBED = { anna: 'accepted', bo: 'accepted', cay: 'accepted', dag: 'failed' };

/** A ledger with a confirmation that is due to each of four people, whom a provider treats differently; the rows' ids. */
export async function planForFour(line: Line): Promise<string[]> {
  await line.clear();
  const tries = new Map<string, number>();
  line.provider.answer = (envelope) => {
    const name = envelope.message.split('/')[1] ?? '';
    const n = tries.get(name) ?? 0;
    tries.set(name, n + 1);
    const kind = SAYS[name]?.[n] ?? 'accepted';
    if (kind === 'accepted') return accepted(envelope);
    return kind === 'retry-at' ? { kind, afterMs: 0, reason: kind } : { kind, reason: kind };
  };
  const ids = [];
  for (const name of Object.keys(SAYS)) ids.push(await line.confirmation(name));
  return ids;
}

/** Where their rows stand, by person. */
export async function endsOf(line: Line, ids: readonly string[]): Promise<Record<string, string>> {
  const rows = await line.messages.findByIds(CLINIC.id, ids);
  return Object.fromEntries(rows.map((row) => [row.customer, row.status]));
}
