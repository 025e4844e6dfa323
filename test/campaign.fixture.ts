import { measured } from '#campaigns/measure';
import { MeasureStore } from '#campaigns/measure.store';
import { ChooseWinner } from '#launch/choose-winner';
import { Launch } from '#launch/launch';
import { PullCampaigns } from '#launch/pull-campaigns';
import { WatchCampaigns } from '#launch/watch-campaigns';
import { Database } from '../apps/database.js';
import { CLINIC, type Answer, type Lagom } from './lagom.fixture.js';
import { until } from './visit.fixture.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test looks into an answer as it likes
type AnyBody = any;
export type Role = 'marketer' | 'approver';

/** Staff with keys of their own, and the acts of a campaign in few words. */
export class Staff {
  private constructor(
    private readonly lagom: Lagom,
    private readonly keys: Record<Role, string>,
    private readonly tenant: string,
  ) {}

  static async of(lagom: Lagom, tenant = CLINIC): Promise<Staff> {
    const key = async (role: Role): Promise<string> =>
      (await lagom.api('POST', '/v1/keys', { role, name: `${role} of a test` }, { tenant })).body.key;
    return new Staff(lagom, { marketer: await key('marketer'), approver: await key('approver') }, tenant);
  }

  /** What a request of theirs says of itself. */
  headers(role: Role): Record<string, string> {
    return { authorization: `Bearer ${this.keys[role]}` };
  }

  ask(role: Role, method: string, path: string, body?: unknown): Promise<Answer> {
    return this.lagom.api(method, path, body, { tenant: this.tenant, headers: this.headers(role) });
  }

  async taken(role: Role, method: string, path: string, body?: unknown): Promise<AnyBody> {
    const { status, body: answer } = await this.ask(role, method, path, body);
    if (status < 300) return answer;
    throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(answer)}`);
  }

  act(id: string, move: string, body?: unknown, role: Role = 'marketer'): Promise<AnyBody> {
    return this.taken(role, 'POST', `/v1/campaigns/${id}/${move}`, body);
  }

  /** A published version that says this, in mail and SMS. */
  async content(
    text = 'Hej {{person.firstName | du}}!',
    subject = 'Nyheter',
  ): Promise<{ template: string; version: number }> {
    const said = { email: { subject, preview: 'Läs mer', blocks: [{ kind: 'text', text }] }, sms: { text } };
    const { id } = await this.taken('marketer', 'POST', '/v1/templates', {
      name: subject,
      content: { sv: said, en: said },
    });
    await this.taken('marketer', 'POST', `/v1/templates/${id}/versions/1/publish`);
    return { template: id, version: 1 };
  }

  async segment(predicate: unknown): Promise<string> {
    return (await this.taken('marketer', 'POST', '/v1/segments', { name: 'Några', predicate })).id;
  }

  /** A draft for these people that lacks nothing. */
  async draft(predicate: unknown, plan: Record<string, unknown> = {}): Promise<string> {
    const whole = {
      ...{ name: 'Vårbrev', purpose: 'newsletter', channel: 'email' },
      segment: await this.segment(predicate),
      variants: [await this.content()],
      ...plan,
    };
    return (await this.taken('marketer', 'POST', '/v1/campaigns', whole)).id;
  }

  async approved(predicate: unknown, plan: Record<string, unknown> = {}): Promise<string> {
    const id = await this.draft(predicate, plan);
    await this.act(id, 'submit');
    await this.act(id, 'approve', undefined, 'approver');
    return id;
  }

  /** The segment of a campaign, under the same name, means everybody else from now on. */
  async meanOthers(id: string): Promise<void> {
    const { segment } = await this.taken('marketer', 'GET', `/v1/campaigns/${id}`);
    const { name, predicate } = await this.taken('marketer', 'GET', `/v1/segments/${segment}`);
    await this.taken('marketer', 'PUT', `/v1/segments/${segment}`, { name, predicate: { not: predicate } });
  }

  /** Waits until it is launched, or further. */
  async until(id: string, ...statuses: string[]): Promise<AnyBody> {
    return until(
      async () => {
        await this.hurry();
        return this.taken('marketer', 'GET', `/v1/campaigns/${id}`);
      },
      (campaign: AnyBody) => (statuses.includes(campaign.status) ? campaign : undefined),
    );
  }

  /** What the scheduler does by its own loops too, which wait a second or two between their looks. */
  private async hurry(): Promise<void> {
    const { app } = this.lagom;
    for (const job of [Launch, ChooseWinner, PullCampaigns, WatchCampaigns] as const)
      await app
        .get<{ runOnce(now: Date): Promise<unknown> }>(job, { strict: false })
        .runOnce(this.lagom.now());
  }

  /** Where the rows of a campaign stand, by customer. */
  async rows(id: string): Promise<Record<string, string>> {
    const rows = await this.lagom.messages({ campaign: id }, { tenant: this.tenant });
    return Object.fromEntries(
      rows.map(({ customer, status, reason }) => [customer, reason ? `${status} ${reason}` : status]),
    );
  }
}

/** A message of a campaign, as the list has it. */
interface Sent {
  id: string;
  customer: string;
  variant: string;
}

/** As the rows of people who agreed to be measured are pinned. */
export async function measure(lagom: Lagom, id: string, rows: readonly Sent[]): Promise<void> {
  const { connection } = lagom.app.get(Database);
  await connection.collection<{ _id: string }>('messages').updateMany(
    { _id: { $in: rows.map((row) => row.id) }, campaign: id },
    {
      $set: { 'content.measured': true },
    },
  );
}

/** That the first link of their mails was used just now. */
export async function clicked(
  lagom: Lagom,
  id: string,
  rows: readonly Sent[],
  by: 'person' | 'machine',
): Promise<void> {
  const at = lagom.now();
  const changes = rows.map((row) => {
    const message = {
      ...{ _id: row.id, tenant: CLINIC, campaign: id, customer: row.customer },
      ...{ purpose: 'newsletter' as const, variant: row.variant, locale: 'sv', sentAt: at },
    };
    return measured(null, message, [{ link: 'b1', by, at }], at);
  });
  await lagom.app.get(MeasureStore).write(changes);
}
