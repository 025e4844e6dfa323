import { covers, hear, standing } from '#consent/choices';
import type { LinkPayload } from '#consent/link-payload';
import type { LinkTokens } from '#consent/link-token';
import { packPairs, type Pair, unpackPairs } from '#consent/pairs';
import type { SuppressionStore } from '#consent/suppression.store';
import type { Customer } from '#customers/customer.types';
import type { Clock } from '#platform/clock';
import { CHANNELS } from '#purposes/channel';
import type { ChoiceStatement } from '#purposes/choice';
import { PURPOSES } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';
import { type Box, wantsOf } from './choosing.js';
import type { Proof } from './confirm.js';
import { actId } from './withdraw-by-link.js';
import type { Withdraw } from './withdraw.js';

/** How long the page that took a no offers to take it back. */
export const UNDOABLE_MS = 30 * 60_000;

/**
 * The undo of an unsubscribe: the person's own yes on our page (PROTOCOL B6), to exactly what that very act took away, and
 * only while the act's no is what stands. All that it needs is sealed in the page's form: no cookie, nothing stored.
 */
export class Undo {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly withdraw: Withdraw,
    private readonly suppressions: SuppressionStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Before the noes are taken: what they will take away from this person, in as few words as it was given. Nothing while the
   * gates are closed: an earlier no may be missing, and an undo gives back no more than its act took.
   */
  async losses(tenant: Tenant, customer: Customer, noes: readonly ChoiceStatement[]): Promise<Pair[]> {
    if ((await this.suppressions.closedFor()) !== null) return [];
    const wants = await wantsOf(this.suppressions, tenant, customer);
    const lost = OBJECTIONABLE.filter(
      ({ purpose, channel }) => noes.some((no) => covers(no, purpose, channel)) && wants(purpose, channel),
    );
    const pairs = lost.flatMap((box): Pair[] => {
      const { entry, state } = standing(customer.choiceLog, box.purpose, box.channel);
      const given = entry !== null && state === 'given' ? entry : null;
      // As it was said, where the no took all of it and nothing within it was a no already.
      const whole = given && OBJECTIONABLE.filter((one) => covers(given, one.purpose, one.channel));
      const isWhole = whole?.every((one) => lost.includes(one)) === true;
      if (given && isWhole) return [{ purpose: given.purpose, channel: given.channel }];
      // A yes to an SMS by name would choose it before mail: that was not said.
      const wouldChoose =
        box.channel !== 'email' && given?.channel !== box.channel && wants(box.purpose, 'email');
      return wouldChoose ? [] : [box];
    });
    return [...new Map(pairs.map((pair) => [`${pair.purpose} ${pair.channel}`, pair])).values()];
  }

  /** The token that takes back an act; null where it took nothing away, or more than a link holds. */
  seal(link: LinkPayload, act: string, losses: readonly Pair[]): string | null {
    const pairs = packPairs(losses);
    if (losses.length === 0 || pairs === null) return null;
    const expiresAt = new Date(this.clock.now().getTime() + UNDOABLE_MS);
    return this.tokens.seal('undo', { ...link, subject: `${act}:${pairs}`, expiresAt });
  }

  /**
   * Gives back. `over`: it is too late, it was done already, or something else has been said since; `forged`: it is about
   * another link than the one that it came with.
   */
  async restore(link: LinkPayload, token: string, proof: Proof): Promise<'restored' | 'over' | 'forged'> {
    const read = this.tokens.open('undo', token, this.clock.now());
    if (read === 'forged') return 'forged';
    if (read === 'expired') return 'over';
    const isSame = read.tenant === link.tenant && read.customer === link.customer && read.hash === link.hash;
    if (!isSame) return 'forged';
    const [, act = '', packed = ''] = /^([^:]+):(.*)$/.exec(read.subject ?? '') ?? [];
    const losses = unpackPairs(packed) ?? [];
    let restored = 0;
    await this.withdraw.change(
      link.tenant,
      link.customer,
      (before) => {
        const after = withGivens(before, losses, act, proof, this.clock.now());
        restored = after.choiceLog.length - before.choiceLog.length;
        return after;
      },
      // A yes ends no row; what waits is asked about anew in its time.
      { ends: () => null, concerns: () => false },
    );
    return restored > 0 ? 'restored' : 'over';
  }
}

const OBJECTIONABLE: readonly Box[] = PURPOSES.filter((purpose) => RULES[purpose].stoppedByChoice).flatMap(
  (purpose) => CHANNELS.map((channel) => ({ purpose, channel })),
);

/** The customer with each loss given back for which the act's own no is what stands. Pure. */
function withGivens(
  customer: Customer,
  losses: readonly Pair[],
  act: string,
  proof: Proof,
  at: Date,
): Customer {
  if (customer.erasedAt !== null) return customer;
  const mine = `${actId(act)}#`;
  const isMine = ({ purpose, channel }: Box): boolean => {
    const { entry } = standing(customer.choiceLog, purpose, channel);
    return customer.choiceLog.some((choice) => choice === entry && choice.id.startsWith(mine));
  };
  const givens = losses
    .map((loss) => ({ ...loss, state: 'given' as const, ...proof }))
    .filter((given) => OBJECTIONABLE.filter((one) => covers(given, one.purpose, one.channel)).every(isMine));
  const choiceLog = givens.reduce((log, given, index) => {
    const how = { id: `undo:${act}#${index}`, at, recordedAt: at, via: 'page' as const, mayLift: true };
    return hear(log, given, how).log;
  }, customer.choiceLog);
  return { ...customer, choiceLog };
}
