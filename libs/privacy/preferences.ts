import { randomUUID } from 'node:crypto';
import type { LinkPayload } from '#consent/link-payload';
import type { SuppressionStore } from '#consent/suppression.store';
import type { Customer } from '#customers/customer.types';
import type { Clock } from '#platform/clock';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Tenant } from '#tenants/tenant';
import { type Box, boxesFor, needsOneChannel, wantsOf } from './choosing.js';
import type { Proof } from './confirm.js';
import type { LinkHolder, WithdrawByLink } from './withdraw-by-link.js';
import type { Withdraw } from './withdraw.js';

const DAY_MS = 86_400_000;
/** For how many days marketing can be paused. */
export const PAUSES = [30, 90] as const;

/** What can be chosen and what is chosen now. */
export interface Chosen {
  boxes: readonly (Box & { on: boolean })[];
  pausedUntil: Date | null;
}

/** What the form asks for. `boxes` are those that were turned; `null`: left as it is. */
export interface Asked {
  on: readonly Box[];
  off: readonly Box[];
  pause: (typeof PAUSES)[number] | 'end' | null;
  locale: string | null;
}

/** The person's own choices of purposes, channels, a pause and a language, by a link that never runs out. */
export class Preferences {
  constructor(
    private readonly byLink: WithdrawByLink,
    private readonly withdraw: Withdraw,
    private readonly suppressions: SuppressionStore,
    private readonly clock: Clock,
  ) {}

  lookUp(link: LinkPayload): Promise<LinkHolder> {
    return this.byLink.lookUp(link);
  }

  async chosen(tenant: Tenant, customer: Customer): Promise<Chosen> {
    const wants = await wantsOf(this.suppressions, tenant, customer);
    const until = customer.marketingPausedUntil ?? null;
    return {
      boxes: boxesFor(tenant, customer).map((box) => ({ ...box, on: wants(box.purpose, box.channel) })),
      pausedUntil: until !== null && until > this.clock.now() ? until : null,
    };
  }

  /**
   * Takes what was asked; resolves once it holds. The noes first, as they are what must not be lost. `missing`: purposes of
   * a contract for which no channel would be left; then nothing is taken.
   */
  async save(
    link: LinkPayload,
    { boxes }: Chosen,
    asked: Asked,
    proof: Proof,
  ): Promise<{ kind: 'saved' } | { kind: 'missing'; purposes: Purpose[] }> {
    const missing = withoutChannel(boxes, asked);
    if (missing.length > 0) return { kind: 'missing', purposes: missing };
    const said = (state: 'given' | 'withdrawn') => (box: Box) => ({ ...box, state, ...proof });
    if (asked.off.length > 0) await this.byLink.hear(link, asked.off.map(said('withdrawn')));
    const { tenant, customer } = link;
    const at = this.clock.now();
    if (asked.on.length > 0) {
      const how = { id: `preferences:${randomUUID()}`, at, recordedAt: at, via: 'page' as const };
      await this.withdraw.hearChoices(tenant, customer, asked.on.map(said('given')), {
        ...how,
        mayLift: true,
      });
    }
    if (asked.pause !== null || asked.locale !== null) await this.change(link, asked, at);
    return { kind: 'saved' };
  }

  /** A pause is a fact like any other (PROTOCOL B): after the answer no marketing goes out that it concerns. */
  private async change({ tenant, customer }: LinkPayload, { pause, locale }: Asked, at: Date): Promise<void> {
    const until = typeof pause === 'number' ? new Date(at.getTime() + pause * DAY_MS) : null;
    await this.withdraw.change(
      tenant,
      customer,
      (before) =>
        before.erasedAt !== null
          ? before
          : {
              ...before,
              ...(pause === null ? {} : { marketingPausedUntil: until }),
              ...(locale === null ? {} : { locale, localeChosenAt: at }),
            },
      {
        ends: () => null,
        concerns: (row) => until !== null && RULES[row.purpose].stream === 'marketing',
      },
    );
  }
}

/** Purposes that would be left without any channel and may not be. */
function withoutChannel(boxes: Chosen['boxes'], { on, off }: Asked): Purpose[] {
  const isIn = (list: readonly Box[], box: Box): boolean =>
    list.some(({ purpose, channel }) => purpose === box.purpose && channel === box.channel);
  const left = boxes.filter((box) => (box.on || isIn(on, box)) && !isIn(off, box));
  return [...new Set(boxes.map(({ purpose }) => purpose))].filter(
    (purpose) =>
      needsOneChannel(purpose) &&
      off.some((box) => box.purpose === purpose) &&
      !left.some((box) => box.purpose === purpose),
  );
}
