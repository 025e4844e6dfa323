// One booking, followed over HTTP through a running `all`: event → ledger → gate → mail in the inbox.
// Reads LAGOM_URL (http://localhost:3000), LAGOM_ADMIN_KEY, LAGOM_PID (to notice when the program dies);
// prints each thing it looked at, then `N passed, N failed`.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

const TENANT = 'wellnesskliniken';
const PATIENCE_MS = 30_000;
const base = process.env.LAGOM_URL ?? 'http://localhost:3000';
const authorised = { authorization: `Bearer ${process.env.LAGOM_ADMIN_KEY ?? ''}`, 'lagom-tenant': TENANT };

let passed = 0;
let failed = 0;

/** Counts one fact; `saw` is shown where it does not hold. */
function check(fact, holds, saw) {
  if (holds) passed += 1;
  else failed += 1;
  console.log(holds ? `ok   ${fact}` : `FAIL ${fact}; saw ${JSON.stringify(saw)?.slice(0, 600)}`);
}

async function ask(path, { headers = authorised, method = 'GET', body } = {}) {
  const response = await fetch(base + path, {
    method,
    headers: { accept: 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: /json/.test(type) ? JSON.parse(text) : text };
}

const post = (event, headers = authorised) =>
  ask('/v1/events', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/cloudevents+json' },
    body: event,
  });

/** Asks until `found` answers something, or patience ends; the last answer is what was seen. */
async function until(asking, found) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const saw = await asking();
    const answer = found(saw);
    if (answer !== undefined || performance.now() > end) return { answer, saw };
    await wait(100);
  }
}

function isAlive() {
  if (!process.env.LAGOM_PID) return true;
  try {
    return process.kill(Number(process.env.LAGOM_PID), 0);
  } catch {
    return false;
  }
}

async function ready() {
  const { answer } = await until(
    () => ask('/readyz').catch((error) => ({ status: 0, body: String(error) })),
    ({ status }) => (status === 200 || !isAlive() ? status : undefined),
  );
  check('it becomes ready', answer === 200, answer);
  if (answer !== 200) throw new Error('it did not become ready');
}

const run = randomUUID().slice(0, 8);
const customer = {
  id: `c-${run}`,
  version: 1,
  name: 'Åsa Öst & Söner',
  email: `asa.${run}@example.se`,
  locale: 'sv',
};
const inAWeek = Math.floor(Date.now() / 3_600_000) * 3_600_000 + 7 * 24 * 3_600_000;
const booking = {
  id: `b-${run}`,
  version: 1,
  service: 'Ansiktsbehandling',
  startsAt: new Date(inAWeek).toISOString(),
  endsAt: new Date(inAWeek + 3_600_000).toISOString(),
};
const confirmed = {
  specversion: '1.0',
  id: `e-${run}`,
  source: `/tenants/${TENANT}`,
  type: 'booking.confirmed.v1',
  time: new Date().toISOString(),
  datacontenttype: 'application/json',
  data: { customer, booking },
};

async function refusesWhatIsWrong() {
  const stranger = await post(confirmed, {});
  check('an event without a key is answered 401', stranger.status === 401, stranger);
  const wrong = {
    ...confirmed,
    id: `w-${run}`,
    data: { customer, booking: { ...booking, startsAt: 'tomorrow' } },
  };
  const refused = await post(wrong);
  check('a wrong event is answered 422', refused.status === 422, refused);
  check('as problem details', refused.type.startsWith('application/problem+json'), refused.type);
  const pointers = (refused.body.errors ?? []).map((error) => error.pointer);
  check('that point at the field', pointers.includes('#/data/booking/startsAt'), refused.body);
}

async function hearsTheBooking() {
  const heard = await post(confirmed);
  check('a booking.confirmed is answered 202', heard.status === 202, heard);
  check('one event is accepted', heard.body.accepted === 1, heard.body);
  check('none is rejected', heard.body.rejected?.length === 0, heard.body);
  const event = await ask(`/v1/events/${confirmed.id}`);
  check('the event can be asked for', event.status === 200 && event.body.id === confirmed.id, event);
  check('with its type', event.body.type === confirmed.type, event.body);
  check('and what was planned', event.body.planned?.length > 0, event.body);
}

/** Waits for the confirmation to go out; answers its row. */
async function sendsTheConfirmation() {
  const { answer, saw } = await until(
    () => ask(`/v1/messages?customer=${customer.id}`),
    ({ body }) =>
      body.items?.find(
        (row) => row.purpose === 'booking' && row.channel === 'email' && row.status === 'accepted',
      ),
  );
  check('a booking mail is accepted', answer !== undefined, saw);
  if (!answer) throw new Error('no mail went out');
  const { body: row } = await ask(`/v1/messages/${encodeURIComponent(answer.id)}`);
  check('its row names tenant and customer', row.tenant === TENANT && row.customer === customer.id, row);
  check('its history ends in accepted', row.history?.at(-1)?.status === 'accepted', row.history);
  check('its trace says what the gate looked at', row.trace?.length > 0, row.trace);
  return row;
}

async function holdsTheMail(row) {
  const inbox = await ask('/inbox', { headers: {} });
  check('the inbox is an array, without a key', inbox.status === 200 && Array.isArray(inbox.body), inbox);
  const mails = inbox.body.filter((mail) => mail.to === customer.email);
  check('it holds one mail to the customer', mails.length === 1, mails);
  const mail = mails[0] ?? {};
  check('of that row', mail.message === row.id && mail.tenant === TENANT, mail.message);
  check('by email, for the booking', mail.channel === 'email' && mail.purpose === 'booking', mail);
  check('with a subject', mail.subject?.trim().length > 0, mail.subject);
  check('the text greets by name', mail.text?.includes(customer.name), mail.text);
  check(
    'the HTML greets by name, escaped',
    mail.html?.includes('Åsa Öst &amp; Söner'),
    mail.html?.slice(0, 2_000),
  );
  const headers = Object.keys(mail.headers ?? {}).map((name) => name.toLowerCase());
  check('a booking mail has no List-Unsubscribe', !headers.includes('list-unsubscribe'), headers);
  const calendars = (mail.attachments ?? []).filter((file) => file.contentType.startsWith('text/calendar'));
  check('it carries one calendar file', calendars.length === 1, mail.attachments);
  const ics = Buffer.from(calendars[0]?.content ?? '', 'base64')
    .toString('utf8')
    .replaceAll(/\r\n[ \t]/g, '');
  check('that asks for the time', /^METHOD:REQUEST\r?$/m.test(ics) && /^BEGIN:VEVENT\r?$/m.test(ics), ics);
  const summary = /^SUMMARY.*$/m.exec(ics)?.[0] ?? '';
  check('and does not name the treatment', summary !== '' && !summary.includes(booking.service), ics);
  const filtered = await ask(`/inbox?to=${encodeURIComponent(customer.email)}&channel=email`, {
    headers: {},
  });
  check('the inbox filters', filtered.body.length === 1 && filtered.body[0].id === mail.id, filtered.body);
}

async function saysItOnce(before) {
  const again = await post(confirmed);
  check('the same event again is answered 202', again.status === 202, again);
  const { body } = await ask(`/v1/messages?customer=${customer.id}`);
  check('and plans nothing more', body.items?.length === before, body.items);
  const inbox = await ask(`/inbox?to=${encodeURIComponent(customer.email)}`, { headers: {} });
  check('and sends nothing more', inbox.body.length === 1, inbox.body);
}

try {
  await ready();
  await refusesWhatIsWrong();
  await hearsTheBooking();
  const row = await sendsTheConfirmation();
  await holdsTheMail(row);
  const { body } = await ask(`/v1/messages?customer=${customer.id}`);
  await saysItOnce(body.items?.length);
} catch (error) {
  check('the run comes to its end', false, error?.stack);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
