import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signAsTwilio, SigningSendGrid } from '#channels/webhook.fixture';
import { startLagom, type Captured, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, until, visit, type Person } from './visit.fixture.js';

const PUBLIC_URL = 'https://hook.example.se';
const TOKEN = 'a-token-of-a-test';
const TEXTS = '/webhooks/twilio/wellnesskliniken-sms/inbound';
const MAILS = '/webhooks/sendgrid/wellnesskliniken-email/inbound';
const sendgrid = new SigningSendGrid();
let lagom: Lagom;
let count = 0;

beforeAll(async () => {
  lagom = await startLagom({
    env: {
      PUBLIC_URL,
      SENDGRID_WEBHOOK_PUBLIC_KEY: sendgrid.publicKey,
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: TOKEN },
    },
  });
});
afterAll(() => lagom.close());

async function text(who: Person, body: string, more: Record<string, string> = {}): Promise<number> {
  count += 1;
  const form = { MessageSid: `SM${count}`, From: who.phone ?? '', To: 'Wellness', Body: body, ...more };
  return post(TEXTS, new URLSearchParams(form).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    'x-twilio-signature': signAsTwilio(TOKEN, PUBLIC_URL + TEXTS, form),
  });
}

async function mail(from: string, fields: Record<string, string>, id = `<m${(count += 1)}@example.se>`) {
  const { headers = '', ...others } = fields;
  const form = new FormData();
  const all = { from, to: 'hej@wellnesskliniken.se', headers: `Message-ID: ${id}\n${headers}`, ...others };
  for (const [name, value] of Object.entries(all)) form.set(name, value);
  const answer = new Response(form);
  const body = Buffer.from(await answer.arrayBuffer());
  return post(MAILS, body, {
    ...sendgrid.headers(body, lagom.now()),
    'content-type': answer.headers.get('content-type') ?? '',
  });
}

async function post(path: string, body: string | Buffer, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(lagom.url + path, { method: 'POST', body: body as never, headers });
  await answer.text();
  return answer.status;
}

const inTenDays = () => visit(new Date(lagom.now().getTime() + 10 * DAY));
async function booked(more: object = {}): Promise<Person> {
  const who = person();
  await tell(lagom, 'booking.confirmed', { customer: who, booking: inTenDays(), ...more });
  return who;
}
const known = async (who: Person) => (await lagom.api('GET', `/v1/customers/${who.id}`)).body;
const tasksOf = async (who: Person) =>
  (await lagom.api('GET', `/v1/tasks?customer=${who.id}&kind=reply`)).body.items as { text?: string }[];
const decide = async (who: Person, purpose: string, channel: string): Promise<string> => {
  const { body } = await lagom.api('POST', '/v1/decisions', { customer: who.id, purpose, channel });
  return body.reason ?? body.outcome;
};

/** Where the question whether they want texts is answered. */
const yesLink = (asked: Captured | undefined): string =>
  lagom.url + (/\/c\/[\w-]+/.exec(asked?.text ?? '')?.[0] ?? '');

describe('a text that comes back', () => {
  it.each(['STOP', 'stopp.', ' Avsluta! ', 'SLUTA'])(
    '%j stops the stream that it answered, at once',
    async (word) => {
      const who = await booked({ choices: [choice('booking', 'sms', 'given')] });
      expect(await decide(who, 'booking', 'sms')).toBe('permit');
      expect(await text(who, word)).toBe(200);
      expect(await decide(who, 'booking', 'sms')).toBe('suppressed');
      expect(await decide(who, 'booking', 'email')).not.toBe('suppressed');
      expect((await known(who)).suppressions).toEqual([
        expect.objectContaining({ cause: 'stop', scope: 'service', channel: 'sms' }),
      ]);
    },
  );

  it('is understood as Twilio did, in words of the tenant’s own', async () => {
    const who = await booked();
    expect(await text(who, 'nej tack', { OptOutType: 'STOP' })).toBe(200);
    expect(await decide(who, 'booking', 'sms')).toBe('suppressed');
  });

  it('START lifts nothing: who said stop is asked once, by SMS, and their yes by its link takes the STOP back', async () => {
    const who = await booked({ choices: [choice('newsletter', 'sms', 'given')] });
    const marketing = { To: 'WellnessNu' };
    await text(who, 'STOPP', marketing);
    expect(await text(who, 'START', marketing)).toBe(200);
    expect(await text(who, 'Start', marketing)).toBe(200);
    expect(await decide(who, 'newsletter', 'sms')).toBe('suppressed');
    expect(await tasksOf(who)).toEqual([]);
    const asked = await until(
      () => lagom.inbox({ to: who.phone ?? '', purpose: 'support' }),
      (seen) => seen.length > 0 && seen,
    );
    expect(asked).toHaveLength(1);
    const link = yesLink(asked[0]);
    expect(await (await fetch(link)).text()).toContain('marknadsföring via sms');
    expect(await decide(who, 'newsletter', 'sms')).toBe('suppressed');
    const done = await fetch(link, { method: 'POST', body: new URLSearchParams({ confirm: 'yes' }) });
    expect({ status: done.status, text: await done.text() }).toMatchObject({
      status: 200,
      text: expect.not.stringContaining('spärrad'),
    });
    expect(['permit', 'quiet-hours']).toContain(await decide(who, 'newsletter', 'sms'));
    // To whoever else has the number, and once it is said again, STOP is STOP.
    const twin = person({ phone: who.phone ?? '' });
    await tell(lagom, 'booking.confirmed', {
      ...{ customer: twin, booking: inTenDays(), choices: [choice('newsletter', 'sms', 'given')] },
    });
    expect(await decide(twin, 'newsletter', 'sms')).toBe('suppressed');
    await text(who, 'Stop', marketing);
    expect(await decide(who, 'newsletter', 'sms')).toBe('suppressed');
    // Within 30 days nobody asks a second time.
    await text(who, 'START', marketing);
    await lagom.advance('PT0S');
    expect(await lagom.inbox({ to: who.phone ?? '', purpose: 'support' })).toHaveLength(1);
  });

  it('START after a STOP to the service texts is asked about by mail, since no text may go; START alone is nothing', async () => {
    const who = await booked({ choices: [choice('booking', 'sms', 'given')] });
    await text(who, 'START');
    await text(who, 'STOPP');
    await text(who, 'START');
    const [asked] = await until(
      () => lagom.inbox({ to: who.email ?? '', purpose: 'support' }),
      (seen) => seen.length > 0 && seen,
    );
    const link = yesLink(asked);
    expect(await decide(who, 'booking', 'sms')).toBe('suppressed');
    const done = await fetch(link, { method: 'POST', body: new URLSearchParams({ confirm: 'yes' }) });
    expect(done.status).toBe(200);
    expect(await decide(who, 'booking', 'sms')).toBe('permit');
    expect(await lagom.inbox({ to: who.phone ?? '', purpose: 'support' })).toEqual([]);
  });

  it.each(['HJÄLP', 'help', 'Info?'])(
    '%j is answered with who we are and how to say stop, once a day, through the gate',
    async (word) => {
      const who = await booked();
      expect(await text(who, word)).toBe(200);
      expect(await text(who, word)).toBe(200);
      const [answer, ...more] = await until(
        () => lagom.inbox({ to: who.phone ?? '', purpose: 'support' }),
        (seen) => seen.length > 0 && seen,
      );
      expect(more).toEqual([]);
      expect(answer?.text).toMatch(/Wellnesskliniken.*063-10 20 00.*info@wellnesskliniken\.se.*stopp/);
      const [row] = await lagom.messages({ customer: who.id, purpose: 'support' });
      expect(row?.trace).toContainEqual(expect.objectContaining({ check: 'allowed', passed: true }));
      expect(await tasksOf(who)).toEqual([]);
    },
  );

  it('for help from who said stop is answered by mail; from a stranger by nobody', async () => {
    const who = await booked();
    await text(who, 'STOPP');
    await text(who, 'HELP');
    await text(person(), 'HELP');
    await until(
      () => lagom.inbox({ to: who.email ?? '', purpose: 'support' }),
      (seen) => seen.length === 1,
    );
    expect(await lagom.inbox({ to: who.phone ?? '', purpose: 'support' })).toEqual([]);
  });

  it('that says something is for staff to answer, once, without a card number', async () => {
    const who = await booked({ choices: [choice('booking', 'sms', 'given')] });
    const confirmation = async () =>
      (await lagom.messages({ customer: who.id })).find(({ journey }) => journey === 'confirmation');
    await until(confirmation, (row) => row?.status === 'accepted');
    const said = { MessageSid: 'SM-twice' };
    expect(await text(who, 'Stopp i trafiken, kort 4242 4242 4242 4242', said)).toBe(200);
    expect(await text(who, 'Stopp i trafiken, kort 4242 4242 4242 4242', said)).toBe(200);
    expect(await tasksOf(who)).toEqual([
      expect.objectContaining({ status: 'open', text: 'Stopp i trafiken, kort •••• 4242' }),
    ]);
    expect(await decide(who, 'booking', 'sms')).toBe('permit');
    const { history } = (await lagom.api('GET', `/v1/messages/${(await confirmation())?.id ?? ''}`)).body;
    expect(history).toContainEqual(expect.objectContaining({ why: 'replied' }));
  });

  it('is refused where it is not signed, by a wrong byte, and for an account that is none', async () => {
    const form = { MessageSid: 'SM0', From: '+46701740605', To: 'Wellness', Body: 'STOP' };
    const body = new URLSearchParams(form).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const signature = signAsTwilio(TOKEN, PUBLIC_URL + TEXTS, { ...form, Body: 'STOQ' });
    expect(await post(TEXTS, body, type)).toBe(403);
    expect(await post(TEXTS, body, { ...type, 'x-twilio-signature': signature })).toBe(403);
    expect(await post(TEXTS.replace('-sms', '-no'), body, type)).toBe(404);
  });
});

describe('a mail that comes back', () => {
  it('with one word stops marketing by mail, for everyone with the address', async () => {
    const who = await booked({ marketingOptOutOffered: true });
    const twin = person({ email: who.email });
    await tell(lagom, 'booking.confirmed', {
      customer: twin,
      booking: inTenDays(),
      marketingOptOutOffered: true,
    });
    expect(await decide(who, 'newsletter', 'email')).toBe('permit');
    const quoted = 'Avsluta\n\nDen 22 nov 2026 skrev Wellnesskliniken <hej@wellnesskliniken.se>:\n> Hej!\n';
    expect(await mail(`Anna <${who.email ?? ''}>`, { subject: 'Re: Nyheter', text: quoted })).toBe(200);
    expect(await decide(who, 'newsletter', 'email')).toBe('withdrawn');
    expect(await decide(twin, 'newsletter', 'email')).toBe('withdrawn');
    expect(await decide(who, 'booking', 'email')).toBe('permit');
  });

  it('to the address of the unsubscribe header says the no that the header means, whoever sends it', async () => {
    const who = person();
    await tell(lagom, 'booking.started', {
      customer: who,
      ...{
        booking: inTenDays(),
        cartId: `cart-${who.id}`,
        choices: [choice('abandoned-booking', 'email', 'given')],
      },
    });
    await lagom.advance('PT61M');
    const [sent] = await lagom.inbox({ to: who.email ?? '', purpose: 'abandoned-booking' });
    const token = /\/u\/([\w-]+)/.exec(sent?.headers?.['List-Unsubscribe'] ?? '')?.[1] ?? '';
    expect(await mail('someone@else.example', { subject: `unsubscribe ${token}`, text: '' })).toBe(200);
    expect(await decide(who, 'abandoned-booking', 'email')).toBe('withdrawn');
  });

  it('that says something is for staff to read, without what it quotes', async () => {
    const who = await booked();
    const body = 'Kan jag komma 10.30?\n\nOn Nov 22, 2026, the clinic wrote:\n> Välkommen\n';
    expect(await mail(who.email ?? '', { subject: 'Re: Din tid', text: body })).toBe(200);
    expect(await tasksOf(who)).toEqual([expect.objectContaining({ text: 'Kan jag komma 10.30?' })]);
  });

  it.each([
    [
      'a header that says so',
      { headers: 'Auto-Submitted: auto-replied', subject: 'Re: Din tid', text: 'Stopp' },
    ],
    ['a list’s precedence', { headers: 'Precedence: bulk', subject: 'Re', text: 'Stopp' }],
    ['an empty sender', { envelope: '{"to":["a@b.se"],"from":""}', subject: 'Re', text: 'Hej' }],
    [
      'a request not to be answered',
      { headers: 'X-Auto-Response-Suppress: All', subject: 'Re', text: 'Hej' },
    ],
    ['an empty return path', { headers: 'Return-Path: <>', subject: 'Re', text: 'Hej' }],
    ['its English subject', { subject: 'Re: Out of office: back on Monday', text: 'I am away' }],
    ['its subject', { subject: 'Autosvar: Semester', text: 'Jag är ledig' }],
  ])('that nobody wrote is dropped: %s', async (_why, fields) => {
    const who = await booked({ marketingOptOutOffered: true });
    expect(await mail(who.email ?? '', fields)).toBe(200);
    expect(await tasksOf(who)).toEqual([]);
    expect(await decide(who, 'newsletter', 'email')).toBe('permit');
  });

  it('is forgotten with its person', async () => {
    const who = await booked();
    await mail(who.email ?? '', { subject: 'Re: Din tid', text: 'Jag är allergisk' });
    expect((await lagom.api('DELETE', `/v1/customers/${who.id}`)).status).toBe(200);
    expect(await tasksOf(who)).toEqual([]);
  });

  it('is refused unsigned, stale or changed on its way', async () => {
    const body = Buffer.from('--x\r\nContent-Disposition: form-data; name="from"\r\n\r\na@b.se\r\n--x--');
    const type = { 'content-type': 'multipart/form-data; boundary=x' };
    const then = new Date(lagom.now().getTime() - DAY);
    expect(await post(MAILS, body, type)).toBe(403);
    expect(await post(MAILS, body, { ...sendgrid.headers(body, then), ...type })).toBe(403);
    const other = sendgrid.headers(`${body.toString()} `, lagom.now());
    expect(await post(MAILS, body, { ...other, ...type })).toBe(403);
  });
});
