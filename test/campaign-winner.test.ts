import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChooseWinner } from '#launch/choose-winner';
import { PullCampaigns } from '#launch/pull-campaigns';
import { partOf, WAITS } from '#launch/split';
import { clicked, measure, Staff } from './campaign.fixture.js';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, until, visit } from './visit.fixture.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test looks into an answer as it likes
type AnyBody = any;

let lagom: Lagom;
let staff: Staff;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-11-02T10:00:00Z' });
  staff = await Staff.of(lagom);
});
afterAll(() => lagom.close());

const living = (city: string) => ({ place: { city: [city] } });
/** Of each part so many: the lot is drawn by the campaign's id, so that people are looked for who draw it. */
const PARTS = { A: 3, B: 2, [WAITS]: 4 };
const PEOPLE = 9;

/** People of a city of their own, who want newsletters, drawn as `PARTS` says. */
async function readers(id: string, city: string): Promise<void> {
  const variants = ['A', 'B'].map((name) => ({ name, template: '', version: 1, weight: 1 }));
  const found: Record<string, string[]> = { A: [], B: [], [WAITS]: [] };
  for (let n = 0; Object.values(found).flat().length < PEOPLE; n += 1) {
    const part = partOf(id, `${city}-${n}`, 0, variants, 50);
    if (found[part]!.length < PARTS[part as 'A']) found[part]!.push(`${city}-${n}`);
  }
  await Promise.all(
    Object.values(found)
      .flat()
      .map(async (customerId) => {
        const customer = person({
          ...{ id: customerId, phone: null, email: mailOf(customerId) },
          address: { lines: ['Storgatan 1'], postalCode: '831 31', city, country: 'SE' },
        });
        const choices = [choice('newsletter', 'email', 'given')];
        await tell(lagom, 'customer.consent-changed', { customer, choices });
      }),
  );
}

/** A test of half of them in two variants, launched. */
async function testing(city: string, plan: Record<string, unknown> = {}): Promise<string> {
  const variants = [await staff.content('Text A', 'Ämne A'), await staff.content('Text B', 'Ämne B')];
  const id = await staff.approved(living(city), { variants, testShare: 50, ...plan });
  await readers(id, city);
  await staff.act(id, 'schedule', {});
  await staff.until(id, 'sending');
  await lagom.advance('PT10S');
  return id;
}

interface Item {
  id: string;
  customer: string;
  variant: string;
  status: string;
}
const items = async (id: string): Promise<Item[]> =>
  (await staff.taken('marketer', 'GET', `/v1/messages?campaign=${id}&limit=500`)).items;
const sentOf = async (id: string, variant?: string): Promise<Item[]> =>
  (await items(id)).filter(
    (one) => one.status === 'accepted' && (variant === undefined || one.variant === variant),
  );
const waitingOf = async (id: string): Promise<Item[]> =>
  (await items(id)).filter(({ variant }) => variant === 'winner');
const campaign = (id: string): Promise<AnyBody> => staff.taken('marketer', 'GET', `/v1/campaigns/${id}`);
const report = (id: string): Promise<AnyBody> => staff.taken('marketer', 'GET', `/v1/campaigns/${id}/report`);
const books = (customer: string): Promise<unknown> =>
  tell(lagom, 'booking.confirmed', {
    customer: { id: customer },
    booking: visit(new Date(lagom.now().getTime() + 60 * DAY)),
  });

/** How many mails each of the people got, and with which subject. */
async function subjects(city: string): Promise<Map<string, string[]>> {
  const got = new Map<string, string[]>();
  for (const { to, subject } of await lagom.inbox({ purpose: 'newsletter' })) {
    if (to.startsWith(`${city}.`)) got.set(to, [...(got.get(to) ?? []), subject ?? '']);
  }
  return got;
}

describe('an A/B test whose winner the others wait for', () => {
  it('is decided by bookings when its time has come; the rest gets the winner, and nobody gets two', async () => {
    const id = await testing('bokar', { winnerRule: { by: 'bookings', after: 'PT4H', least: 1 } });
    const waiting = await waitingOf(id);
    const [as, bs] = [await sentOf(id, 'A'), await sentOf(id, 'B')];
    expect([as.length, bs.length, waiting.length]).toEqual([3, 2, 4]);
    expect(waiting.every(({ status }) => status === 'planned')).toBe(true);

    await lagom.advance('PT3H');
    await Promise.all(bs.map(({ customer }) => books(customer)));
    expect([(await waitingOf(id)).length, (await campaign(id)).status]).toEqual([waiting.length, 'sending']);
    const before = await report(id);
    expect(before.test).toMatchObject({
      ...{ share: 50, winner: null, decidesAt: expect.any(String), by: 'bookings' },
      // As they are by now.
      shares: [
        { variant: 'A', figure: { count: 0, of: as.length } },
        { variant: 'B', figure: { count: bs.length, of: bs.length } },
      ],
      ...{
        waiting: { count: waiting.length, of: PEOPLE },
        says: expect.stringContaining('the rule is asked'),
      },
    });
    await lagom.advance('PT2H');
    const ended = await staff.until(id, 'sent');
    expect(ended.winner).toMatchObject({ variant: 'B', how: 'rule', by: 'scheduler' });
    const line = ended.history.find(({ move }: { move: string }) => move === 'winner');
    expect(line).toMatchObject({
      ...{ by: 'scheduler', from: 'sending', to: 'sending' },
      why: `bookings: A 0 of ${as.length} sent, B ${bs.length} of ${bs.length} sent`,
    });
    const own = ended.history.filter(({ by }: AnyBody) => by === 'scheduler');
    const told = await until(
      () => lagom.api('GET', '/v1/audit?what=campaign.moved&limit=500'),
      ({ body }) => {
        const of = body.items.filter(
          ({ by, about }: AnyBody) => by.key === 'scheduler' && about.campaign === id,
        );
        return of.length >= own.length ? (of as AnyBody[]) : undefined;
      },
    );
    expect(own.map(({ move }: AnyBody) => move)).toEqual(['launch', 'winner', 'end']);
    expect(told).toHaveLength(3);
    expect(told.map(({ at, about }) => ({ at, ...about.detail }))).toEqual(
      expect.arrayContaining(
        own.map(({ at, move, why }: AnyBody) =>
          move === 'winner' ? { at, move, variant: 'B', why } : { at, move },
        ),
      ),
    );
    // It was asked when its time had come, not when the clock arrived.
    expect(Date.parse(ended.winner.at) - Date.parse(ended.testEndedAt)).toBeLessThan(4 * 3_600_000 + 60_000);
    expect([(await sentOf(id, 'A')).length, (await sentOf(id, 'B')).length]).toEqual([
      as.length,
      bs.length + waiting.length,
    ]);
    const got = await subjects('bokar');
    expect(got.size).toBe(PEOPLE);
    for (const { customer } of waiting) expect(got.get(mailOf(customer))).toEqual(['Ämne B']);
    for (const { customer } of as) expect(got.get(mailOf(customer))).toEqual(['Ämne A']);
    const after = await report(id);
    expect(after.test).toMatchObject({
      ...{ winner: { variant: 'B' }, says: 'B has won, by rule', waiting: { count: 0 } },
      shares: [
        { variant: 'A', figure: { count: 0, of: as.length, denominator: 'sent' } },
        { variant: 'B', figure: { count: bs.length, of: bs.length, share: 1, denominator: 'sent' } },
      ],
    });
    expect(after.variants.map((one: AnyBody) => one.variant)).toEqual(['A', 'B']);
  });

  it('is decided by people’s clicks of measured people, not by machines’', async () => {
    const id = await testing('klickar', { winnerRule: { by: 'clicks', after: 'PT1H', least: 1 } });
    const [as, bs] = [await sentOf(id, 'A'), await sentOf(id, 'B')];
    await measure(lagom, id, [...as, ...bs]);
    // Of A one person clicks; of B only scanners do, in each of them, often.
    await clicked(lagom, id, as.slice(0, 1), 'person');
    await clicked(lagom, id, bs, 'machine');
    await lagom.advance('PT2H');
    const ended = await staff.until(id, 'sent');
    expect(ended.winner).toMatchObject({
      variant: 'A',
      shares: [
        { variant: 'A', count: 1, of: as.length },
        { variant: 'B', count: 0, of: bs.length },
      ],
    });
    expect((await report(id)).links).toMatchObject([
      { variant: 'A', link: 'b1', clicked: { count: 1, of: expect.any(Number), denominator: 'measured' } },
      { variant: 'B', link: 'b1', clicked: { count: 0 }, machineClicks: bs.length },
    ]);
  });

  it('stays open where the rule names nobody, until a marketer does: once, for good, written down', async () => {
    const id = await testing('lika', { winnerRule: { by: 'clicks', after: 'PT1H', least: 1 } });
    const waiting = await waitingOf(id);
    await lagom.advance('P2D');
    const open = await campaign(id);
    expect(open).toMatchObject({ status: 'sending', winner: null });
    expect(open.history.at(-1)).toMatchObject({
      move: 'undecided',
      why: expect.stringContaining('too few for 1'),
    });
    expect((await report(id)).test).toMatchObject({
      ...{ winner: null, decidesAt: null, says: expect.stringContaining('a marketer names the winner') },
      waiting: { count: waiting.length },
    });
    expect((await waitingOf(id)).map(({ status }) => status)).toEqual(waiting.map(() => 'planned'));

    const path = `/v1/campaigns/${id}/winner`;
    const asked = async (role: 'marketer' | 'approver', body: unknown): Promise<number> =>
      (await staff.ask(role, 'POST', path, body)).status;
    expect(await asked('approver', { variant: 'A' })).toBe(403);
    const wrong = await staff.ask('marketer', 'POST', path, { variant: 'winner' });
    expect([wrong.status, wrong.body.errors]).toEqual([
      422,
      [{ pointer: '#/variant', detail: 'expected one of A, B' }],
    ]);
    const foreign = await lagom.api('POST', path, { variant: 'A' }, { tenant: TRAVEL });
    expect(foreign.status).toBe(404);
    // Both at once: one of them is the winner.
    const answers = await Promise.all(['A', 'B'].map((variant) => asked('marketer', { variant })));
    expect(answers.sort()).toEqual([200, 409]);
    const { winner } = await campaign(id);
    // Nobody agreed to be measured: of nobody there is nothing to compare.
    const none = ['A', 'B'].map((variant) => ({ variant, count: 0, of: 0 }));
    expect(winner).toMatchObject({ how: 'hand', by: 'marketer of a test', shares: none });
    expect(await asked('marketer', { variant: winner.variant })).toBe(200);
    await lagom.advance('PT10S');
    const ended = await staff.until(id, 'sent');
    expect(ended.history.filter(({ move }: { move: string }) => move === 'winner')).toHaveLength(1);
    const got = await subjects('lika');
    for (const { customer } of waiting) expect(got.get(mailOf(customer))).toEqual([`Ämne ${winner.variant}`]);
    expect(await asked('marketer', { variant: winner.variant })).toBe(409);
    const undecided = open.history.at(-1);
    await until(
      () => lagom.api('GET', '/v1/audit?what=campaign.moved&limit=500'),
      ({ body }) =>
        body.items.find(
          ({ at, about: { campaign: of, detail } }: AnyBody) =>
            of === id && detail.move === 'undecided' && detail.why === undecided.why && at === undecided.at,
        ),
    );
    const audit = await lagom.api('GET', '/v1/audit?what=campaign.moved&limit=500');
    expect(audit.body.items).toContainEqual(
      expect.objectContaining({
        about: { campaign: id, detail: { move: 'winner', variant: winner.variant } },
      }),
    );
  });

  it('lapses a week after its rule named nobody: who waited gets nothing, the others keep what they got', async () => {
    const id = await testing('tyst', { winnerRule: { by: 'bookings', after: 'PT1H', least: 1 } });
    const waiting = await waitingOf(id);
    await lagom.advance('PT2H');
    // Nobody has booked: a tie.
    const { undecided } = await campaign(id);
    const lapses = Date.parse(undecided.at) + 7 * DAY;
    expect((await report(id)).test).toMatchObject({ winner: null, lapsesAt: new Date(lapses).toISOString() });
    await lagom.advanceTo(new Date(lapses - 60_000));
    expect((await waitingOf(id)).map(({ status }) => status)).toEqual(waiting.map(() => 'planned'));
    // Called off at its time, not when the clock arrived.
    await lagom.advance('P1D');
    const ended = await staff.until(id, 'sent');
    expect(Date.parse(ended.lapsedAt) - lapses).toBeLessThan(60_000);
    expect(Date.parse(ended.lapsedAt)).toBeGreaterThanOrEqual(lapses);
    const own = ended.history.filter(({ by }: AnyBody) => by === 'scheduler');
    expect(own.map(({ move }: AnyBody) => move)).toEqual(['launch', 'undecided', 'lapse', 'end']);

    const rows = await staff.rows(id);
    expect(waiting.map(({ customer }) => rows[customer])).toEqual(waiting.map(() => 'expired expired'));
    expect(Object.values(rows).filter((stands) => stands === 'accepted')).toHaveLength(
      PEOPLE - waiting.length,
    );
    const got = await subjects('tyst');
    expect(waiting.map(({ customer }) => got.get(mailOf(customer)))).toEqual(waiting.map(() => undefined));
    expect([got.size, [...got.values()].every((mails) => mails.length === 1)]).toEqual([5, true]);
    const after = await report(id);
    expect(after.total).toMatchObject({ sent: { count: 5 }, expired: { count: waiting.length } });
    expect(after.test).toMatchObject({
      ...{ winner: null, decidesAt: null, lapsesAt: null, waiting: { count: 0 } },
      says: 'no winner was named in time; who waited for it got nothing',
    });
    const late = await staff.ask('marketer', 'POST', `/v1/campaigns/${id}/winner`, { variant: 'A' });
    expect([late.status, (await campaign(id)).winner]).toEqual([409, null]);
  });

  it('compares by hand as by rule: what is clicked on by now, then as it was when the winner was named', async () => {
    const id = await testing('jamfor');
    const [as, bs] = [await sentOf(id, 'A'), await sentOf(id, 'B')];
    await measure(lagom, id, [...as, ...bs]);
    await clicked(lagom, id, bs, 'person');
    const stood = [
      { variant: 'A', figure: { count: 0, of: as.length, denominator: 'measured' } },
      { variant: 'B', figure: { count: bs.length, of: bs.length, denominator: 'measured' } },
    ];
    const before = (await report(id)).test;
    expect(before).toMatchObject({ by: 'clicks', rule: null, winner: null, shares: stood });
    expect(before.difference).toMatchObject({ difference: 1, level: 0.95 });
    await staff.act(id, 'winner', { variant: 'B' });
    await clicked(lagom, id, as, 'person');
    await lagom.advance('PT10S');
    const after = (await report(id)).test;
    expect(after).toMatchObject({ winner: { variant: 'B', how: 'hand' }, shares: stood });
    expect([after.difference, after.isClear]).toEqual([before.difference, before.isClear]);
    expect((await campaign(id)).winner.shares).toEqual([
      { variant: 'A', count: 0, of: as.length },
      { variant: 'B', count: bs.length, of: bs.length },
    ]);
    const csv = await lagom.api<string>('GET', `/v1/campaigns/${id}/report`, undefined, {
      headers: { accept: 'text/csv' },
    });
    expect(csv.body).toContain(`test,B,,,,,clicks,${bs.length},${bs.length},1,measured`);
    expect(csv.body).toMatch(/^test,,,,,,low of 95 %,,,0\.\d+,\r$/m);
  });

  it('waits while it is paused, hears who leaves meanwhile, and is called off whole', async () => {
    const id = await testing('paus');
    const waiting = await waitingOf(id);
    await staff.act(id, 'pause');
    await staff.act(id, 'winner', { variant: 'A' });
    await lagom.advance('PT1H');
    expect((await waitingOf(id)).length).toBe(waiting.length);
    const [out] = waiting;
    await tell(lagom, 'customer.consent-changed', {
      customer: { id: out!.customer },
      choices: [choice('newsletter', 'email', 'withdrawn')],
    });
    await staff.act(id, 'resume');
    await lagom.advance('PT10S');
    await staff.until(id, 'sent');
    expect((await staff.rows(id))[out!.customer]).toBe('refused withdrawn');
    expect((await subjects('paus')).get(mailOf(out!.customer))).toBeUndefined();

    const other = await testing('slut');
    const left = await waitingOf(other);
    await staff.act(other, 'cancel');
    const rows = await staff.rows(other);
    expect(left.map(({ customer }) => rows[customer])).toEqual(left.map(() => 'cancelled'));
    expect(
      (await staff.ask('marketer', 'POST', `/v1/campaigns/${other}/winner`, { variant: 'A' })).status,
    ).toBe(409);
    expect((await report(other)).test).toMatchObject({
      ...{ winner: null, lapsesAt: null, says: expect.stringContaining('over without a winner') },
    });
  });

  it('gives everybody one variant, however often and by how many it is pulled and decided', async () => {
    const id = await testing('race', { winnerRule: { by: 'bookings', after: 'PT1H', least: 1 } });
    const [as] = [await sentOf(id, 'A')];
    await Promise.all(as.map(({ customer }) => books(customer)));
    const [winners, pull] = [lagom.app.get(ChooseWinner), lagom.app.get(PullCampaigns)];
    // Schedulers that overlap, beside this one's own, while the clock goes over the hour.
    const going = lagom.advance('PT2H');
    for (let round = 0; round < 10; round += 1) {
      const now = lagom.now();
      await Promise.all([winners.runOnce(now), pull.runOnce(now), winners.runOnce(now), pull.runOnce(now)]);
    }
    await going;
    const ended = await staff.until(id, 'sent');
    expect(ended.history.filter(({ move }: { move: string }) => move === 'winner')).toHaveLength(1);
    const got = await subjects('race');
    expect([got.size, [...got.values()].every((mails) => mails.length === 1)]).toEqual([PEOPLE, true]);
  });
});

describe('a plan with a test', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['one variant', { testShare: 20 }, '#/testShare'],
    ['a rule that nobody waits for', { winnerRule: { by: 'clicks', after: 'PT4H' } }, '#/winnerRule'],
  ])('is not submitted with %s', async (_, plan, pointer) => {
    const answer = await staff.ask(
      'marketer',
      'POST',
      `/v1/campaigns/${await staff.draft(living('x'), plan)}/submit`,
    );
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, pointer]);
  });

  it('is refused where a rule is none, member by member', async () => {
    const answer = await staff.ask('marketer', 'POST', '/v1/campaigns', {
      ...{ name: 'x', purpose: 'offers', channel: 'email', testShare: 0 },
      winnerRule: { by: 'luck', after: '4 hours', least: 0 },
    });
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '#/testShare',
      '#/winnerRule/after',
      '#/winnerRule/by',
      '#/winnerRule/least',
    ]);
  });

  it('loses its approval when the test is changed', async () => {
    const variants = [await staff.content(), await staff.content()];
    const id = await staff.approved(living('x'), { variants });
    const { approved } = await campaign(id);
    const edited = await staff.taken('marketer', 'PATCH', `/v1/campaigns/${id}`, { testShare: 10 });
    expect(edited).toMatchObject({ status: 'draft', approved: null, testShare: 10, winnerRule: null });
    await staff.act(id, 'submit');
    expect((await campaign(id)).submitted.hash).not.toBe(approved.hash);
  });
});

const mailOf = (customer: string): string => `${customer.replace('-', '.')}@example.se`;
