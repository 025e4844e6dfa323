import { envelopeFor } from '#channels/envelope';
import type { Outcome } from '#channels/outcome';
import { renderInput } from '#channels/render-input';
import type { Senders } from '#channels/senders';
import { utmOf } from '#campaigns/utm-of';
import type { Campaign } from '#campaigns/campaign.types';
import { maySend, type CustomerFacts } from '#consent/may-send';
import { pausedUntil } from '#consent/pause';
import type { PauseStore } from '#consent/pause.store';
import type { SuppressionStore } from '#consent/suppression.store';
import type { Clock } from '#platform/clock';
import { nonce } from '#platform/mongo';
import { ADDRESS_KIND } from '#purposes/channel';
import type { Purpose } from '#purposes/purpose';
import { RULES } from '#purposes/purposes';
import type { Reason } from '#purposes/reason';
import { renderContent } from '#rendering/compile-content';
import type { ContentLibrary } from '#rendering/content-library';
import type { Rendered } from '#rendering/rendered';
import { fitSms } from '#rendering/sms-text';
import { staffByNumber, staffOf } from '#tenants/staff';
import type { Tenant } from '#tenants/tenant';
import { deadLinks } from './contents.js';

/** Begins the subject of a mail, and an SMS. */
const MARK = '[Test]';

/** What became of one test. */
export interface Tested {
  to: string;
  variant: string;
  outcome: Outcome['kind'] | 'refused' | 'held';
  reason?: string;
  /** What is wrong with its text, where that is the reason. */
  problem?: string;
}

export type TestAnswer =
  | { kind: 'tested'; items: Tested[] }
  /** Not of the staff whom the tenant's file names: their places in what was asked. */
  | { kind: 'strangers'; indices: number[] };

/**
 * Sends a campaign to staff, as its purpose and through the gate: with a permit, marked as a test, with links that lead
 * nowhere, and without a row, so that no count has it. By the campaign's channel, to the addresses and numbers of staff in
 * the tenant's file.
 */
export class TestSend {
  constructor(
    private readonly suppressions: SuppressionStore,
    private readonly pauses: PauseStore,
    private readonly library: ContentLibrary,
    private readonly senders: Pick<Senders, 'has' | 'allowed' | 'send'>,
    private readonly clock: Clock,
  ) {}

  async send(
    tenant: Tenant,
    campaign: Campaign,
    to: readonly string[],
    locale: string | null,
  ): Promise<TestAnswer> {
    const find = campaign.channel === 'email' ? staffOf : staffByNumber;
    const staff = to.map((asked) => find(tenant, asked));
    const strangers = staff.flatMap((one, index) => (one === null ? [index] : []));
    if (strangers.length > 0) return { kind: 'strangers', indices: strangers };
    // Who is named twice gets each variant once.
    const once = new Map(staff.map((one) => [one!.address, one!]));
    const items: Tested[] = [];
    for (const one of once.values()) {
      for (const { name } of campaign.variants)
        items.push(await this.one(tenant, campaign, name, one, locale));
    }
    return { kind: 'tested', items };
  }

  private async one(
    tenant: Tenant,
    campaign: Campaign,
    variant: string,
    { name, address }: { name: string; address: string },
    locale: string | null,
  ): Promise<Tested> {
    const { purpose, channel, variants } = campaign;
    const startedMono = this.clock.mono();
    const now = this.clock.now();
    const { template, version } = variants.find((one) => one.name === variant)!;
    const [content, suppressions, pauses] = await Promise.all([
      this.library.get(tenant.id, template, version, purpose, utmOf(campaign, variant)),
      this.suppressions.findByAddresses(tenant.id, [{ kind: ADDRESS_KIND[channel], address }]),
      this.pauses.list(tenant.id),
    ]);
    const about = { to: address, variant };
    const links = deadLinks(tenant);
    const email = channel === 'email' ? address : null;
    const person = { name, locale, timeZone: null, address: null, email };
    const input = renderInput(tenant, { template, isLast: false }, channel, person, null, links, now);
    const rendered = content === null ? null : renderContent(content, input);
    const problem = rendered?.kind === 'rendered' ? null : (rendered?.problem ?? 'its version is not there');
    const message = `test/${campaign.campaign}/${nonce()}`;
    const ref = nonce();
    const decision = maySend(
      {
        tenant: tenant.id,
        customer: 'staff',
        message,
        ref,
        purpose,
        channel,
        startedMono,
        expiresAt: null,
      },
      {
        customer: staffFacts(purpose, channel, now),
        address,
        suppressions: suppressions.get(address),
        hasSender: this.senders.has(tenant.id, RULES[purpose].stream, channel),
        ...{ otherChannelUsable: false, duplicateOf: null, tooLate: null, contentProblem: problem },
        allowed: this.senders.allowed(channel, address),
        paused: pausedUntil(pauses, { purpose, channel }, now),
      },
      tenant.policy,
      now,
    );
    if (decision.kind !== 'permit' || rendered?.kind !== 'rendered') {
      const reason: Reason = decision.kind === 'permit' ? 'invalid-template' : decision.reason;
      const outcome = decision.kind === 'hold' ? 'held' : 'refused';
      return {
        ...about,
        outcome,
        reason,
        ...(reason === 'invalid-template' && problem !== null && { problem }),
      };
    }
    const envelope = envelopeFor({
      ...{ tenant, links, to: address, rendered: marked(channel, rendered.content) },
      row: { id: message, ref, purpose, channel },
    });
    const outcome = await this.senders.send(decision.permit, envelope);
    return { ...about, outcome: outcome.kind, ...('reason' in outcome ? { reason: outcome.reason } : {}) };
  }
}

/** Nobody who is shown it takes it for the real one. */
function marked(channel: Campaign['channel'], content: Rendered): Rendered {
  if (channel === 'email') return { ...content, subject: `${MARK} ${content.subject ?? ''}` };
  const { text, segments, encoding } = fitSms(`${MARK} ${content.text}`);
  return { ...content, text, sms: { segments, encoding } };
}

/** Whom the tenant names as staff works there: grown up, and asked for this by name. What stands about the address counts. */
function staffFacts(purpose: Purpose, channel: Campaign['channel'], now: Date): CustomerFacts {
  const said = { noticeVersion: '', language: '', method: 'approval.people', place: "the tenant's file" };
  return {
    ...{ id: 'staff', erasedAt: null, restrictedAt: null, birthDate: '1970-01-01', guardianConsentAt: null },
    ...{ timeZone: null, softOptIns: [], sends: [] },
    choices: [
      {
        ...{ id: 'staff', purpose, channel, state: 'given', ...said },
        ...{ at: now, recordedAt: now, via: 'staff' },
      },
    ],
  };
}
