import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Captured, CLINIC, type Lagom, startLagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

/** The link of that kind in a message. */
function linkIn(message: Captured | undefined, kind: 'u' | 'p' | 'c'): string {
  const [link] = new RegExp(`https?://[^\\s/]+/${kind}/[\\w-]+`).exec(message?.text ?? '') ?? [];
  if (link === undefined) throw new Error(`no link to /${kind} in: ${message?.text}`);
  return link;
}
const send = async (url: string, form: Record<string, string> = {}) => {
  const answer = await fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) });
  return { status: answer.status, html: await answer.text() };
};
const ask = async (customer: string, purpose: string, channel = 'email'): Promise<string> => {
  const { body } = await lagom.api('POST', '/v1/decisions', { customer, purpose, channel });
  return (body.reason ?? body.outcome) as string;
};
const asksTo = (who: Person) => lagom.inbox({ to: who.email ?? '', purpose: 'support' });
const sayGiven = (who: Person, purpose = 'newsletter') =>
  tell(lagom, 'customer.consent-changed', { customer: who, choices: [choice(purpose, 'email', 'given')] });

it('subscribes by double opt-in; what was said goes over to the customer whom a booking system names', async () => {
  const who = person();
  for (let times = 0; times < 2; times++)
    expect(
      (await send(`${lagom.url}/subscribe/${CLINIC}`, { email: who.email ?? '', name: 'Bo' })).status,
    ).toBe(200);
  await lagom.advance('PT0S');
  const mails = await asksTo(who);
  expect(mails).toHaveLength(1);
  expect(mails[0]?.headers).not.toHaveProperty('List-Unsubscribe');
  expect(mails[0]?.text).not.toContain('Bo');
  const link = linkIn(mails[0], 'c');
  expect((await fetch(link)).status).toBe(200);
  expect((await send(link, { confirm: 'yes' })).status).toBe(200);
  expect((await send(link, { confirm: 'yes' })).status).toBe(410);

  await tell(lagom, 'booking.confirmed', {
    customer: who,
    booking: visit(new Date(lagom.now().getTime() + 9 * DAY)),
  });
  expect(await ask(who.id, 'newsletter')).toBe('permit');
  expect(await ask(who.id, 'offers')).toBe('no-consent');
  const { body } = await lagom.api('GET', `/v1/customers/${who.id}`);
  expect(JSON.stringify(body)).toContain('double-opt-in');
});

it('asks again whom an event says a yes of against their no: once in 30 days, and their yes lifts it', async () => {
  const who = person();
  await tell(lagom, 'booking.confirmed', {
    ...{ customer: who, booking: visit(new Date(lagom.now().getTime() + 60 * DAY)) },
    marketingOptOutOffered: true,
  });
  await lagom.api('PUT', `/v1/customers/${who.id}/choices`, {
    choices: [choice('newsletter', 'email', 'withdrawn')],
  });
  // Heard late, said before the no: they have answered already.
  await tell(
    lagom,
    'customer.consent-changed',
    { customer: who, choices: [choice('newsletter', 'email', 'given')] },
    { time: new Date(lagom.now().getTime() - 3_600_000).toISOString() },
  );
  await lagom.advance('PT1H');
  expect(await asksTo(who)).toHaveLength(0);
  await sayGiven(who);
  await sayGiven(who);
  await lagom.advance('P7D');
  await sayGiven(who);
  await sayGiven(who, 'offers');
  await lagom.advance('PT1M');
  expect(await ask(who.id, 'newsletter')).toBe('withdrawn');
  const mails = await asksTo(who);
  expect(mails).toHaveLength(1);
  // A week is over.
  expect((await send(linkIn(mails[0], 'c'))).status).toBe(410);
  await lagom.advance('P24D');
  await sayGiven(who);
  await lagom.advance('PT1M');
  const again = await asksTo(who);
  expect(again).toHaveLength(2);
  expect((await send(linkIn(again[0], 'c'))).status).toBe(200);
  expect(await ask(who.id, 'newsletter')).toBe('permit');
});

it('unsubscribes, takes it back, chooses and pauses, from the links of one mail', async () => {
  const who = person();
  const partner = person({ email: who.email ?? null });
  for (const one of [who, partner]) {
    await sayGiven(one, 'abandoned-booking');
    await tell(lagom, 'booking.started', {
      ...{ customer: one, booking: { id: `b-${one.id}`, service: 'Massage' }, cartId: `k-${one.id}` },
    });
  }
  await lagom.advance('PT61M');
  const mails = await lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' });
  const mail = mails.find(({ message }) => message.includes(who.id));
  const [stop, choose] = [linkIn(mail, 'u'), linkIn(mail, 'p')];

  const done = await send(stop, { stop: 'marketing' });
  expect(await ask(who.id, 'abandoned-booking')).toBe('withdrawn');
  expect(await ask(partner.id, 'abandoned-booking')).toBe('withdrawn');
  const undo = /name="undo" value="([^"]+)"/.exec(done.html)?.[1] ?? '';
  expect((await send(stop, { undo: `${undo}x` })).status).toBe(404);
  expect((await send(stop, { undo })).status).toBe(200);
  expect(await ask(who.id, 'abandoned-booking')).toBe('permit');
  // Only what was taken away, and for the giver only.
  expect(await ask(who.id, 'newsletter')).toBe('withdrawn');
  expect(await ask(partner.id, 'abandoned-booking')).toBe('withdrawn');
  expect((await send(stop, { undo })).status).toBe(410);

  const late = await send(stop, { stop: 'purpose' });
  await lagom.advance('PT31M');
  const over = /name="undo" value="([^"]+)"/.exec(late.html)?.[1] ?? '';
  expect((await send(stop, { undo: over })).status).toBe(410);
  expect(await ask(who.id, 'abandoned-booking')).toBe('withdrawn');

  const html = await (await fetch(choose)).text();
  const seen = /name="seen" value="([^"]*)"/.exec(html)?.[1] ?? '';
  const on = [...html.matchAll(/name="on" id="[^"]*" value="([\d.]+)" checked/g)].map(
    ([, value]): [string, string] => ['on', value ?? ''],
  );
  const form = new URLSearchParams([...on, ['on', '11.1'], ['seen', seen], ['pause', '90'], ['do', 'save']]);
  expect((await fetch(choose, { method: 'POST', body: form })).status).toBe(200);
  expect(await ask(who.id, 'abandoned-booking')).toBe('paused');
  expect(await ask(who.id, 'support')).toBe('permit');
  await lagom.advance('P91D');
  expect(await ask(who.id, 'abandoned-booking')).toBe('permit');
});
