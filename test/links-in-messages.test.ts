import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Captured, type Lagom, startLagom } from './lagom.fixture.js';
import { choice, DAY, HOUR, person, tell, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-03-02T10:00:00Z' });
});
afterAll(() => lagom.close());

/** The link of that kind in a message, on this process whatever it begins with. */
function linkIn(message: Captured | undefined, kind: 'u' | 'o' | 's'): string {
  const [link] = new RegExp(`https?://[^\\s/]+/${kind}/[\\w-]+`).exec(message?.text ?? '') ?? [];
  if (link === undefined) throw new Error(`no link to /${kind} in: ${message?.text}`);
  // As it stands, with the port that was found.
  expect(new URL(link).origin).toBe(new URL(lagom.url).origin);
  return link;
}
/** As a mail provider does it: no cookie, no context, no redirect followed. */
const oneClick = (url: string) =>
  fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
  });
const reasonsOf = async (who: Person) =>
  (await lagom.messages({ customer: who.id, purpose: 'abandoned-booking' })).map(
    ({ status, reason }) => reason ?? status,
  );
const begin = (who: Person) =>
  tell(lagom, 'booking.started', {
    customer: who,
    booking: { id: `b-${randomUUID()}`, service: 'Massage' },
    cartId: `k-${randomUUID()}`,
  });

it('stops what a mail is about, for all who have the address, by the link of its header', async () => {
  const who = person();
  const partner = person({ email: who.email ?? null });
  for (const one of [who, partner]) {
    const later = visit(new Date(lagom.now().getTime() + 60 * DAY));
    await tell(lagom, 'booking.confirmed', { customer: one, booking: later, marketingOptOutOffered: true });
    await begin(one);
  }
  await lagom.advance('PT61M');
  const mails = await lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' });
  expect(mails).toHaveLength(2);
  const mail = mails.find(({ message }) => message.includes(who.id));
  const link = linkIn(mail, 'u');
  const named = Object.entries(mail?.headers ?? {}).find(
    ([name]) => name.toLowerCase() === 'list-unsubscribe',
  );
  expect(named?.[1]).toContain(new URL(link).pathname);

  const answer = await oneClick(link);
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
  await lagom.advance('P3D');
  expect(await lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' })).toHaveLength(2);
  for (const one of [who, partner]) expect(await reasonsOf(one)).toEqual(['accepted', 'withdrawn']);
});

it('stops an SMS by its short link', async () => {
  const who = person();
  await tell(lagom, 'customer.consent-changed', {
    customer: who,
    choices: [choice('abandoned-booking', 'sms', 'given')],
  });
  await begin(who);
  await lagom.advance('PT61M');
  const [sms] = await lagom.inbox({ to: who.phone ?? '', purpose: 'abandoned-booking' });
  expect((await fetch(linkIn(sms, 'o'))).status).toBe(200);
  expect((await oneClick(linkIn(sms, 'o'))).status).toBe(200);
  await lagom.advance('P3D');
  expect(await lagom.inbox({ to: who.phone ?? '', purpose: 'abandoned-booking' })).toHaveLength(1);
  expect((await reasonsOf(who)).slice(1)).toEqual(['withdrawn']);
});

it('takes the answer to a survey by the link of its mail, and no more surveys by the other', async () => {
  const who = person();
  const booking = visit(new Date(lagom.now().getTime() + HOUR));
  await tell(lagom, 'booking.confirmed', { customer: who, booking });
  await lagom.advance('PT3H');
  await tell(lagom, 'booking.completed', { customer: who, booking });
  await lagom.advance('P2D');
  const [mail] = await lagom.inbox({ to: who.email ?? '', purpose: 'survey' });
  const link = linkIn(mail, 's');
  expect((await fetch(link, { method: 'POST', body: new URLSearchParams({ score: '9' }) })).status).toBe(200);
  expect(await (await fetch(link)).text()).toContain('value="9" checked');

  expect((await oneClick(linkIn(mail, 'u'))).status).toBe(200);
  const { body } = await lagom.api('POST', '/v1/decisions', {
    ...{ customer: who.id, purpose: 'survey', channel: 'email' },
  });
  expect(body.reason).toBe('withdrawn');
  const erased = await lagom.api('DELETE', `/v1/customers/${who.id}`);
  expect(erased.body.erased).toContain('survey answers');
  expect((await fetch(link)).status).toBe(410);
});
