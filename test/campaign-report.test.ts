import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOLD_OUT, partOf } from '#launch/split';
import { Staff } from './campaign.fixture.js';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit, type Person } from './visit.fixture.js';

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
const csv = { headers: { accept: 'text/csv' } };

async function member(city: string, wants: boolean, facts: Partial<Person> = {}): Promise<Person> {
  const customer = person({
    address: { lines: ['Storgatan 1'], postalCode: '831 31', city, country: 'SE' },
    ...facts,
  });
  if (wants) {
    const choices = [choice('newsletter', 'email', 'given')];
    await tell(lagom, 'customer.consent-changed', { customer, choices });
  } else await tell(lagom, 'customer.updated', { customer });
  return customer;
}

async function books(customer: Person, facts: Record<string, unknown> = {}): Promise<void> {
  const booking = visit(new Date(lagom.now().getTime() + 60 * DAY), facts);
  await tell(lagom, 'booking.confirmed', { customer: { id: customer.id }, booking });
}

async function sent(id: string): Promise<void> {
  await staff.act(id, 'schedule', {});
  await staff.until(id, 'sent');
}

/** Six people who are held out, and six of each variant: the lot is drawn by the campaign's id. */
function drawn(id: string): string[] {
  const variants = ['A', 'B'].map((name) => ({ name, template: '', version: 1, weight: 1 }));
  const found: Record<string, string[]> = { A: [], B: [], [HOLD_OUT]: [] };
  for (let n = 0; Object.values(found).flat().length < 18; n += 1) {
    const part = partOf(id, `held-${n}`, 40, variants);
    if (found[part]!.length < 6) found[part]!.push(`held-${n}`);
  }
  return Object.values(found).flat();
}

const report = (id: string, more = ''): Promise<AnyBody> =>
  staff.taken('marketer', 'GET', `/v1/campaigns/${id}/report${more}`);
const of = (count: number, all: number, denominator: string) => ({
  ...{ count, of: all, denominator },
  share: all === 0 ? null : Math.round((count / all) * 1e6) / 1e6,
});

describe('the report of a campaign', () => {
  it('says who got it and who did not, and of whom each figure is a share', async () => {
    const [anna, bo, cy] = await Promise.all([
      member('Rapport', true, { locale: 'sv' }),
      member('Rapport', true, { locale: 'en' }),
      member('Rapport', true, { locale: 'sv' }),
    ]);
    const silent = await member('Rapport', false);
    const id = await staff.approved(living('Rapport'));
    const before = await report(id);
    expect([before.total.members, before.total.sent, before.bookings.complete]).toEqual([
      0,
      of(0, 0, 'members'),
      false,
    ]);
    await sent(id);

    const [annas, bos] = [await inboxId(anna), await inboxId(bo)];
    await lagom.api('POST', `/inbox/${annas}/stop`);
    await lagom.api('POST', `/inbox/${bos}/complain`);
    await books(cy);
    await books(cy);
    const found = await report(id);
    expect(found).toMatchObject({ campaign: id, name: 'Vårbrev', status: 'sent' });
    expect(Object.keys(found.denominators)).toEqual(expect.arrayContaining(['members', 'sent', 'measured']));
    expect(found.total).toMatchObject({
      members: 4,
      sent: of(3, 4, 'members'),
      refused: of(1, 4, 'members'),
      waiting: of(0, 4, 'members'),
      complained: of(1, 3, 'sent'),
      delivered: of(1, 3, 'sent'),
      unsubscribed: of(1, 3, 'sent'),
      // Twice by one person.
      booked: of(1, 3, 'sent'),
    });
    expect(found.statuses).toEqual([
      { status: 'accepted', reason: null, figure: of(2, 4, 'members') },
      { status: 'complained', reason: null, figure: of(1, 4, 'members') },
      { status: 'refused', reason: 'no-consent', figure: of(1, 4, 'members') },
    ]);
    expect(found.locales).toMatchObject([
      { locale: 'en', sent: 1, complained: of(1, 1, 'sent') },
      { locale: 'sv', sent: 2, unsubscribed: of(1, 2, 'sent'), booked: of(1, 2, 'sent') },
    ]);
    expect(found.bookings).toMatchObject({ window: 'P14D', complete: false, comparison: null });
    expect(found.heldOut).toEqual(of(0, 4, 'members'));

    const lines = (await asCsv(`/v1/campaigns/${id}/report`)).split('\r\n');
    expect(lines[0]).toBe('part,variant,locale,status,reason,link,figure,count,of,share,denominator');
    expect(lines).toContain('total,,,,,,unsubscribed,1,3,0.333333,sent');
    expect(lines).toContain('status,,,refused,no-consent,,members,1,4,0.25,members');

    const why = await staff.taken('marketer', 'GET', `/v1/messages?campaign=${id}&status=refused`);
    expect(why.items).toMatchObject([
      { customer: silent.id, reason: 'no-consent', variant: 'A', campaign: id },
    ]);
    const list = (await asCsv(`/v1/messages?campaign=${id}&status=refused`)).split('\r\n');
    expect([list.length, list[0]]).toEqual([3, expect.stringMatching(/reason.*variant/)]);
    expect(list[1]).toContain('no-consent');
  });

  it('counts what was booked after, in its window, by who got it and who was held out', async () => {
    const variants = [await staff.content('A', 'Ämne A'), await staff.content('B', 'Ämne B')];
    const id = await staff.approved(living('Jämfört'), { variants, holdOut: 40 });
    const people = await Promise.all(drawn(id).map((one) => member('Jämfört', true, { id: one })));
    // Booked before: nobody's doing.
    await books(people[0]!);
    await lagom.advance('PT1M');
    await sent(id);
    const rows = await staff.taken('marketer', 'GET', `/v1/messages?campaign=${id}&limit=100`);
    const variantOf = (one: Person): string =>
      rows.items.find(({ customer }: { customer: string }) => customer === one.id).variant;
    const held = people.filter((one) => variantOf(one) === 'hold-out');
    const got = people.filter((one) => variantOf(one) !== 'hold-out');
    expect([held.length, got.length]).toEqual([6, 12]);
    // Held out is not called off: who reads the figures can tell.
    const counted = (await stats('by=campaign,variant,status,reason')).items;
    expect(counted.filter(({ campaign }: AnyBody) => campaign === id)).toEqual([
      { campaign: id, variant: 'A', status: 'accepted', reason: null, count: 6 },
      { campaign: id, variant: 'B', status: 'accepted', reason: null, count: 6 },
      { campaign: id, variant: 'hold-out', status: 'cancelled', reason: null, count: 6 },
    ]);
    await books(held[0]!);
    await Promise.all(got.slice(0, 3).map((one) => books(one)));
    // Called off again, told late, and long after.
    await books(got[3]!, { id: 'b-off' });
    await tell(lagom, 'booking.cancelled', {
      customer: { id: got[3]!.id },
      booking: visit(new Date(lagom.now().getTime() + 60 * DAY), { id: 'b-off' }),
    });
    await tell(
      lagom,
      'booking.confirmed',
      { customer: { id: got[3]!.id }, booking: visit(new Date(lagom.now().getTime() + 60 * DAY)) },
      { time: new Date(lagom.now().getTime() - DAY).toISOString() },
    );
    await lagom.advance('P15D');
    await books(got[4]!);

    const found = await report(id);
    expect(found.heldOut).toEqual(of(held.length, 18, 'members'));
    expect(found.total).toMatchObject({
      ...{ members: 18, sent: of(got.length, 18, 'members'), cancelled: of(0, 18, 'members') },
      booked: of(3, got.length, 'sent'),
    });
    expect(found.bookings).toMatchObject({
      complete: true,
      comparison: {
        booked: of(3, got.length, 'members not held out'),
        bookedHeldOut: of(1, held.length, 'held out'),
        isClear: false,
      },
    });
    const { difference } = found.bookings.comparison;
    expect(difference.difference).toBeCloseTo(3 / got.length - 1 / held.length, 6);
    expect(difference.low).toBeLessThan(difference.difference);
    const byVariant = found.variants.map((one: AnyBody) => [one.variant, one.booked.count, one.members]);
    const own = (name: string) => got.filter((one) => variantOf(one) === name);
    const booked = (name: string) => got.slice(0, 3).filter((one) => variantOf(one) === name);
    expect(byVariant).toEqual(['A', 'B'].map((name) => [name, booked(name).length, own(name).length]));
    const wide = await report(id, '?window=P30D');
    expect(wide).toMatchObject({
      total: { booked: { count: 4 } },
      bookings: { window: 'P30D', complete: false },
    });
    expect(await asCsv(`/v1/campaigns/${id}/report`)).toContain('comparison,,,,,,low of 95 %,,,');
    const wrong = await staff.ask('marketer', 'GET', `/v1/campaigns/${id}/report?window=soon`);
    expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([422, '#/window']);
    const other = await lagom.api('GET', `/v1/campaigns/${id}/report`, undefined, { tenant: TRAVEL });
    expect(other.status).toBe(404);
  });

  it('can be read word for word, of each person', async () => {
    const anna = await member('Ordagrant', true, { name: 'Anna Ek' });
    const yes = [choice('measurement', 'email', 'given')];
    await tell(lagom, 'customer.consent-changed', { customer: { id: anna.id }, choices: yes });
    const blocks = [
      { kind: 'text', text: 'Hej {{person.firstName | du}}!' },
      { kind: 'button', label: 'Butik', href: 'https://www.wellnesskliniken.se/butik' },
    ];
    const content = { sv: { email: { subject: 'Nyheter', preview: 'Läs', blocks } } };
    const { id: template } = await staff.taken('marketer', 'POST', '/v1/templates', { name: 'x', content });
    await staff.taken('marketer', 'POST', `/v1/templates/${template}/versions/1/publish`);
    const utm = { source: 'lagom', medium: 'email', campaign: 'vår' };
    const variants = [{ template, version: 1 }];
    const id = await staff.approved(living('Ordagrant'), { utm, variants });
    await sent(id);
    const [row] = (await staff.taken('marketer', 'GET', `/v1/messages?campaign=${id}`)).items;
    const path = `/v1/messages/${encodeURIComponent(row.id)}/content`;
    expect((await staff.ask('marketer', 'GET', path)).status).toBe(403);
    const { status, body } = await lagom.api('GET', path);
    expect([status, body.asSaid, body.subject, body.locale]).toEqual([200, true, 'Nyheter', 'sv']);
    expect(body.text).toContain('Hej Anna!');
    expect(body.html).toContain('Hej Anna!');
    expect(body.template).toBe(template);
    // Whoever has a link may use it, in her name.
    expect(`${body.text} ${body.html}`).not.toMatch(/\/[ruip]\/[\w-]{20}/);
    expect((await report(id)).total.measured).toEqual(of(1, 1, 'sent'));
    await lagom.api('DELETE', `/v1/customers/${anna.id}`);
    expect((await lagom.api('GET', path)).status).toBe(410);
  });
});

describe('statistics', () => {
  it('count what was said and what was not by the day of the tenant, and nothing else', async () => {
    // 23:30 in Stockholm.
    await lagom.advanceTo('2027-03-01T22:30:00Z');
    const [, , anna] = [await member('Stat', true), await member('Stat', false), person()];
    const id = await staff.approved(living('Stat'));
    const before = await stats('from=2027-03-01&to=2027-03-02');
    expect(before.total).toBe(0);
    await sent(id);
    await lagom.advance('PT1H');
    await tell(lagom, 'booking.confirmed', { customer: anna, booking: visit('2027-05-01T10:00:00Z') });
    await lagom.advance('PT0S');
    const all = await stats('from=2027-03-01&to=2027-03-02&by=day,purpose,channel,campaign,reason,status');
    const news = { purpose: 'newsletter', channel: 'email', campaign: id };
    expect(all).toMatchObject({
      ...{ from: '2027-03-01T00:00:00.000+01:00', to: '2027-03-03T00:00:00.000+01:00', total: 3 },
      zone: 'Europe/Stockholm',
      items: [
        { day: '2027-03-01', ...news, reason: 'no-consent', status: 'refused', count: 1 },
        { day: '2027-03-01', ...news, reason: null, status: 'accepted', count: 1 },
        {
          ...{ day: '2027-03-02', purpose: 'booking', channel: 'email', campaign: null, reason: null },
          ...{ status: 'accepted', count: 1 },
        },
      ],
    });
    expect(all.counts).toContain('first sent, refused or called off');
    expect((await stats('from=2027-03-01&to=2027-03-02&by=purpose')).items).toEqual([
      { purpose: 'booking', count: 1 },
      { purpose: 'newsletter', count: 2 },
    ]);
    expect((await stats('from=2027-03-01T22:00:00Z&to=2027-03-01T23:00:00Z&by=day')).items).toEqual([
      { day: '2027-03-01', count: 2 },
    ]);
    expect(await asCsv('/v1/stats?from=2027-03-01&to=2027-03-01&by=day,status')).toBe(
      'day,status,count\r\n2027-03-01,accepted,1\r\n2027-03-01,refused,1\r\n',
    );
    expect(await asCsv('/v1/stats?from=2027-02-01&to=2027-02-01&by=day,status')).toBe('day,status,count\r\n');
    for (const path of ['/v1/stats', `/v1/campaigns/${id}/report`, '/v1/messages']) {
      const named = { accept: 'text/csv; charset=utf-8', ...staff.headers('marketer') };
      const { headers } = await lagom.api('GET', path, undefined, { headers: named });
      expect([path, headers.get('content-type')]).toEqual([path, 'text/csv; charset=utf-8']);
    }
    // A bounce is known later: it stays the message of its day.
    const [mail] = await lagom.inbox({ to: anna.email! });
    await lagom.advance('P2D');
    await lagom.api('POST', `/inbox/${mail!.id}/bounce`);
    expect((await stats('from=2027-03-02&to=2027-03-02&by=day,status')).items).toEqual([
      { day: '2027-03-02', status: 'bounced', count: 1 },
    ]);
    const foreign = await lagom.api('GET', '/v1/stats?from=2027-03-01&to=2027-03-02', undefined, {
      tenant: TRAVEL,
    });
    expect(foreign.body.total).toBe(0);
  });

  it.each<[string, string, string]>([
    ['by=day,colour', '#/by', 'day, purpose, channel, campaign, variant, reason, status'],
    ['from=2026-01-01&to=2027-12-31', '#/from', '400 days'],
    ['from=2026-02-30', '#/from', 'a day'],
    ['from=2026-02-03&to=2026-02-01', '#/from', 'before `to`'],
    ['until=2026-02-03', '#/until', 'not a member'],
  ])('refuse %s', async (asked, pointer, words) => {
    const answer = await staff.ask('marketer', 'GET', `/v1/stats?${asked}`);
    expect([answer.status, answer.body.errors]).toEqual([
      422,
      [{ pointer, detail: expect.stringContaining(words) }],
    ]);
  });
});

const stats = (query: string): Promise<AnyBody> => staff.taken('marketer', 'GET', `/v1/stats?${query}`);

async function asCsv(path: string): Promise<string> {
  const { status, body } = await lagom.api<string>('GET', path, undefined, csv);
  expect(status).toBe(200);
  return body;
}

async function inboxId(customer: Person): Promise<string> {
  const [mail] = await lagom.inbox({ to: customer.email!, purpose: 'newsletter' });
  return mail!.id;
}
