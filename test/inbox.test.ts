import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bookingCompleted,
  bookingConfirmed,
  bookingRescheduled,
  type Overrides,
} from '#events/event.fixture';
import { startLagom, type Captured, type Lagom } from './lagom.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom({ at: '2026-05-04T09:00:00+02:00' });
});
afterAll(() => lagom.close());

let people = 0;
/** Somebody new, with a booking next week. */
function somebody(customer: Record<string, unknown> = {}) {
  const n = ++people;
  const email = `person-${n}@example.se`;
  const about = (more: Overrides = {}): Overrides => ({
    tenant: 'wellnesskliniken',
    time: lagom.now(),
    ...more,
    data: {
      customer: {
        ...{ id: `c-${n}`, version: 1, name: `Person ${n}`, email, phone: undefined, locale: 'sv' },
        ...customer,
      },
      booking: { id: `b-${n}`, version: 1 },
      ...more.data,
    },
  });
  return { id: `c-${n}`, email, booking: `b-${n}`, about };
}

/** The one message to this address that is about this. */
async function received(to: string, purpose = 'booking'): Promise<Captured> {
  await lagom.advance('PT0S');
  const [message] = await lagom.inbox({ to, purpose });
  if (message === undefined) throw new Error(`nothing came to ${to}`);
  return message;
}

const act = (id: string, name: string, body: unknown = {}) =>
  lagom.api('POST', `/inbox/${id}/${name}`, body, { headers: { authorization: '' } });

describe('GET /inbox', () => {
  it('answers a plain array, newest first, with the fields of the contract and no other', async () => {
    const [one, other] = [somebody(), somebody()];
    await lagom.post(bookingConfirmed(one.about({ id: 'list-1' })));
    await lagom.advance('PT1M');
    await lagom.post(bookingConfirmed(other.about({ id: 'list-2' })));
    await lagom.advance('PT0S');
    const all = await lagom.inbox();
    const places = [one, other].map(({ email }) => all.findIndex(({ to }) => to === email));
    expect(places[1]).toBeGreaterThanOrEqual(0);
    expect(places[0]).toBeGreaterThan(places[1]!);

    const mail = await received(one.email);
    expect(Object.keys(mail).sort()).toEqual(
      [
        ...['at', 'attachments', 'channel', 'from', 'headers', 'html', 'id', 'message'],
        ...['purpose', 'subject', 'tenant', 'text', 'to'],
      ].sort(),
    );
    expect(mail).toMatchObject({
      tenant: 'wellnesskliniken',
      message: `wellnesskliniken/${one.id}/confirmation/now/${one.booking}/v1`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      attachments: [{ filename: 'invite.ics' }],
    });
    const [invite] = mail.attachments ?? [];
    expect(Buffer.from(invite?.content ?? '', 'base64').toString()).toContain('BEGIN:VCALENDAR');
  });

  it('filters exactly', async () => {
    const one = somebody({ phone: '+46701740605', email: undefined });
    await lagom.post(bookingConfirmed(one.about({ id: 'filter-1' })));
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: '+46701740605' })).toHaveLength(1);
    expect(await lagom.inbox({ to: '+46701740605', channel: 'sms', purpose: 'booking' })).toHaveLength(1);
    expect(await lagom.inbox({ to: '+46701740605', channel: 'email' })).toEqual([]);
    expect(await lagom.inbox({ to: '+4670174060' })).toEqual([]);
    // As a person types it into an address line, where a plus is a space.
    expect((await lagom.api('GET', '/inbox?to=+46701740605')).body).toHaveLength(1);
    const wrong = await lagom.api('GET', '/inbox?purpose=bookings');
    expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/purpose' }] } });
  });

  it.each([
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
  ])('needs no key, and answers %s with %s', async (accept, type) => {
    const response = await fetch(`${lagom.url}/inbox`, { headers: { accept } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    await response.text();
  });
});

describe('the other side of a message', () => {
  it('bounces: the row says so, and nothing goes to the address any more', async () => {
    const one = somebody();
    await lagom.post(bookingConfirmed(one.about({ id: 'bounce-1' })));
    const { id, message } = await received(one.email);
    expect(await act(id, 'bounce')).toMatchObject({
      status: 200,
      body: { id, message, status: 'bounced' },
    });
    const customer = await lagom.api('GET', `/v1/customers/${one.id}`);
    expect(customer.body.suppressions).toMatchObject([{ channel: 'email', scope: 'all', cause: 'bounce' }]);

    await lagom.post(
      bookingRescheduled(one.about({ id: 'bounce-2', data: { booking: { id: one.booking, version: 2 } } })),
    );
    await lagom.advance('PT0S');
    const change = (await lagom.messages({ booking: one.booking })).find((row) => row.journey === 'change');
    expect(change?.status).toBe('refused');
    expect(change?.trace).toContainEqual(
      expect.objectContaining({ channel: 'email', check: 'not-suppressed', passed: false }),
    );
  });

  it('is reported as spam: the stream stops', async () => {
    const one = somebody();
    await lagom.post(bookingConfirmed(one.about({ id: 'complain-1' })));
    const { id } = await received(one.email);
    expect(await act(id, 'complain')).toMatchObject({ status: 200, body: { status: 'complained' } });
    const customer = await lagom.api('GET', `/v1/customers/${one.id}`);
    expect(customer.body.suppressions).toMatchObject([{ scope: 'service', cause: 'complaint' }]);
  });

  it('cannot be unsubscribed from where it rests on the contract', async () => {
    const one = somebody();
    await lagom.post(bookingConfirmed(one.about({ id: 'contract-1' })));
    const { id } = await received(one.email);
    const answer = await act(id, 'stop');
    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.detail).toContain('contract');
  });

  it('is unsubscribed from with one click: that purpose on that channel', async () => {
    const one = somebody();
    const over = { startsAt: '2026-05-04T06:00:00+02:00', endsAt: '2026-05-04T07:00:00+02:00' };
    await lagom.post(
      bookingCompleted(
        one.about({ id: 'stop-1', data: { booking: { id: one.booking, version: 2, ...over } } }),
      ),
    );
    await lagom.advance('PT24H');
    const { id } = await received(one.email, 'survey');
    expect(await act(id, 'stop')).toMatchObject({ status: 200, body: { status: 'accepted' } });
    const customer = await lagom.api('GET', `/v1/customers/${one.id}`);
    expect(customer.body.choiceLog).toMatchObject([
      { purpose: 'survey', channel: 'email', state: 'withdrawn', via: 'page' },
    ]);
    // Twice is once.
    await act(id, 'stop');
    expect((await lagom.api('GET', `/v1/customers/${one.id}`)).body.choiceLog).toHaveLength(1);
    const asked = await lagom.api('POST', '/v1/decisions', {
      ...{ customer: one.id, purpose: 'survey', channel: 'email' },
    });
    expect(asked.body).toMatchObject({ outcome: 'refuse', reason: 'withdrawn' });
  });

  it('takes a STOP in answer to an SMS for one, and keeps the text out of the ledger', async () => {
    const phone = '+46701740610';
    const one = somebody({ phone, email: undefined });
    await lagom.post(bookingConfirmed(one.about({ id: 'reply-1' })));
    const { id, message } = await received(phone);
    expect(await act(id, 'reply', { text: 'Kommer fem minuter sent' })).toMatchObject({ status: 200 });
    const before = await lagom.api('GET', `/v1/customers/${one.id}`);
    expect(before.body.suppressions).toEqual([]);

    expect(await act(id, 'reply', { text: ' Stopp! ' })).toMatchObject({ status: 200 });
    const after = await lagom.api('GET', `/v1/customers/${one.id}`);
    expect(after.body.suppressions).toMatchObject([{ channel: 'sms', scope: 'service', cause: 'stop' }]);
    const row = await lagom.api('GET', `/v1/messages/${encodeURIComponent(message)}`);
    const whys = row.body.history.slice(-3).map((line: { why?: string }) => line.why);
    expect(whys).toEqual(['replied', 'replied', 'stopped']);
    expect(JSON.stringify(row.body)).not.toContain('Kommer');
    expect(Object.keys((await lagom.inbox({ to: phone }))[0] ?? {})).not.toContain('replies');
  });

  it('hears HELP and START in answer to an SMS as they are heard from a phone', async () => {
    const phone = '+46701740611';
    const one = somebody({ phone, email: undefined });
    await lagom.post(bookingConfirmed(one.about({ id: 'help-1' })));
    const { id } = await received(phone);
    expect(await act(id, 'reply', { text: 'Hjälp' })).toMatchObject({ status: 200 });
    const said = async () =>
      (await lagom.inbox({ to: phone, purpose: 'support' })).map(({ text }) => text).join('\n');
    await lagom.advance('PT0S');
    expect(await said()).toContain('ordet stopp till samma nummer');
    await act(id, 'stop');
    await act(id, 'reply', { text: 'Start' });
    await lagom.advance('PT0S');
    // Their STOP was to the service texts, and there is no mail to ask by.
    const rows = await lagom.messages({ customer: one.id, purpose: 'support' });
    expect(rows.map(({ status, reason }) => reason ?? status).sort()).toEqual(['accepted', 'suppressed']);
  });

  it('answers what it does not know as a problem, and no other site', async () => {
    expect(await act('nobody', 'bounce')).toMatchObject({ status: 404, body: { status: 404 } });
    const one = somebody();
    await lagom.post(bookingConfirmed(one.about({ id: 'wrong-1' })));
    const { id } = await received(one.email);
    expect(await act(id, 'dance')).toMatchObject({ status: 404 });
    expect(await act(id, 'reply', {})).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '#/text' }] },
    });
    const elsewhere = await lagom.api('POST', `/inbox/${id}/bounce`, undefined, {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(elsewhere.status).toBe(403);
    expect(await lagom.messages({ customer: one.id })).not.toContainEqual(
      expect.objectContaining({ status: 'bounced' }),
    );
  });
});

describe('DELETE /inbox', () => {
  it('throws the captured messages away, and nothing else', async () => {
    const one = somebody();
    await lagom.post(bookingConfirmed(one.about({ id: 'delete-1' })));
    await received(one.email);
    const { status, body } = await lagom.api('DELETE', '/inbox');
    expect(status).toBe(200);
    expect(body.deleted).toBeGreaterThan(0);
    expect(await lagom.inbox()).toEqual([]);
    expect(await lagom.messages({ customer: one.id, status: 'accepted' })).toHaveLength(1);
  });
});

describe('where something is sent for real', () => {
  it.each(['redirect:dev@example.se', 'allow:dev@example.se'])('there is no inbox: %s', async (mode) => {
    const other = await startLagom({ env: { LAGOM_SEND: mode } });
    try {
      for (const [method, path] of [
        ['GET', '/inbox'],
        ['POST', '/inbox/clock'],
        ['GET', '/inbox/style.css'],
      ] as const)
        expect((await other.api(method, path)).status).toBe(404);
    } finally {
      await other.close();
    }
  });
});
