// A newsletter from nothing to its report, over the HTTP API: people and their consent, a segment, two texts to compare, a
// campaign that somebody else approves, the sending, a no by one click, the figures.
//
//   LAGOM_ADMIN_KEY=… node --import @swc-node/register/esm-register examples/newsletter/newsletter.ts
//
// Needs nothing but `fetch`, and an `all` that sends nothing for real (`npm start`), at LAGOM_URL (http://localhost:3000).
import { setTimeout as wait } from 'node:timers/promises';

const base = process.env['LAGOM_URL'] ?? 'http://localhost:3000';
const first = process.env['LAGOM_ADMIN_KEY'] ?? '';
const tenant = 'wellnesskliniken';
const run = Date.now().toString(36);
const city = `Provstad-${run}`;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- openapi.yaml says what each answer is
type Answer = any;

interface Asked {
  body?: unknown;
  type?: string;
  accept?: string;
}

/** The answer of a request; anything but a 2xx ends the program with what was said. */
async function ask(key: string, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { body, type = 'application/json', accept = 'application/json' } = asked;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...{ authorization: `Bearer ${key}`, 'lagom-tenant': tenant, accept },
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return /\bjson\b/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
}

/** Ends the program where something is not as it should be. */
function must(what: string, seen: unknown, wanted: unknown): void {
  if (seen !== wanted) throw new Error(`${what}: ${String(seen)}, expected ${String(wanted)}`);
}

const say = (text: string): void => console.log(`\n${text}`);
const tell = (text: string): void => console.log(`   ${text}`);

say('1. Two keys: one writes, another approves.');
const keyFor = async (role: string, name: string): Promise<string> =>
  (await ask(first, 'POST', '/v1/keys', { body: { role, name } })).key;
const marketer = await keyFor('marketer', 'Maja, marketing');
const approver = await keyFor('approver', 'Alva, the manager');

say('2. Twelve people, told as events. All but one have said yes to the newsletter; Fia was never asked.');
const { now } = await ask(first, 'POST', '/inbox/clock', { body: { advance: 'PT0S' } });
const names = ['anna', 'bo', 'cilla', 'david', 'eva', 'gun', 'hans', 'ida', 'johan', 'kim', 'lena', 'fia'];
const yes = {
  ...{ purpose: 'newsletter', channel: 'email', state: 'given' },
  ...{ noticeVersion: '2026-01', language: 'sv', method: 'checkbox', place: '/booking' },
};
const addressOf = (name: string): string => `${name}.${run}@example.com`;
const events = names.map((name, n) => ({
  ...{ specversion: '1.0', source: `/tenants/${tenant}`, id: `newsletter-${run}-${n}`, time: now },
  type: name === 'fia' ? 'customer.updated.v1' : 'customer.consent-changed.v1',
  data: {
    customer: {
      ...{ id: `reader-${run}-${n}`, name: `${name.charAt(0).toUpperCase()}${name.slice(1)} Ek` },
      ...{ email: addressOf(name), locale: 'sv' },
      address: { lines: ['Storgatan 1'], postalCode: '831 31', city, country: 'SE' },
    },
    ...(name === 'fia' ? {} : { choices: [yes] }),
  },
}));
const batch = { body: events, type: 'application/cloudevents-batch+json' };
must('events taken', (await ask(first, 'POST', '/v1/events', batch)).accepted, 12);

say('3. Who it is for: everybody in their city. Counted, then kept.');
const predicate = { place: { city: [city] } };
const { count } = await ask(marketer, 'POST', '/v1/segments/count', { body: { predicate } });
must('people in the segment', count, 12);
const segment = await ask(marketer, 'POST', '/v1/segments', {
  body: { name: `Readers of ${city}`, predicate },
});
tell(`${segment.id} means ${count} people`);

say('4. Two texts that differ in their subject. A version never changes once it is published.');
async function published(name: string, subject: string): Promise<{ template: string; version: number }> {
  const blocks = [
    { kind: 'heading', text: 'Hej {{person.firstName | du}}!' },
    { kind: 'text', text: 'Så mår huden bra när det blir kallt.' },
    { kind: 'button', label: 'Läs mer', href: 'https://www.wellnesskliniken.se/vinter' },
  ];
  const content = { sv: { email: { subject, preview: 'Tre råd inför vintern', blocks } } };
  const { id } = await ask(marketer, 'POST', '/v1/templates', { body: { name, content } });
  await ask(marketer, 'POST', `/v1/templates/${id}/versions/1/publish`);
  return { template: id, version: 1 };
}
const variants = [
  await published('Winter, plain', 'Så mår huden i vinter'),
  await published('Winter, asking', 'Torr hud när det blir kallt?'),
];
tell(variants.map(({ template }) => template).join(' and '));

say('5. The campaign: half of the people get A, half get B, as the lot draws them.');
const { id } = await ask(marketer, 'POST', '/v1/campaigns', {
  body: { name: `Winter ${run}`, purpose: 'newsletter', channel: 'email', segment: segment.id, variants },
});
const own = `/v1/campaigns/${id}`;
const preview = await ask(marketer, 'POST', `${own}/preview`, { body: { customer: `reader-${run}-0` } });
for (const { variant, locale, subject } of preview.items) tell(`${variant} in ${locale}: ${subject}`);

say('6. A test to staff: marked, and its links lead nowhere.');
const tested = await ask(marketer, 'POST', `${own}/test-send`, { body: { to: ['eva@wellnesskliniken.se'] } });
for (const { to, variant, outcome } of tested.items) tell(`${to}, variant ${variant}: ${outcome}`);

say('7. Who will get it, and who will not, and why.');
const reach = await ask(marketer, 'POST', `${own}/reach`);
tell(`${reach.members} people: ${reach.permitted} will, ${JSON.stringify(reach.refused)} will not`);
must('will get it', reach.permitted, 11);

say('8. Handed in by the marketer, who may not approve it; approved by somebody else.');
await ask(marketer, 'POST', `${own}/submit`);
const refused = await ask(marketer, 'POST', `${own}/approve`).catch((error: unknown) => String(error));
must('approved by a marketer', /answered 403/.test(String(refused)), true);
const approved = await ask(approver, 'POST', `${own}/approve`);
tell(`approved by ${approved.approved.by}`);

say('9. Tomorrow at nine. The clock of the inbox goes there at once.');
const tomorrow = new Date(Date.parse(now) + 86_400_000).toISOString().slice(0, 10);
const scheduled = await ask(marketer, 'POST', `${own}/schedule`, { body: { at: `${tomorrow}T09:00` } });
tell(`${scheduled.status} for ${scheduled.launchAt}`);
const arrived = await ask(first, 'POST', '/inbox/clock', { body: { advance: 'PT48H' } });
tell(`it is ${arrived.now} now`);
let { status } = await ask(marketer, 'GET', own);
for (let tries = 0; status !== 'sent' && tries < 150; tries += 1) {
  await wait(200);
  ({ status } = await ask(marketer, 'GET', own));
}
must('the campaign', status, 'sent');

say('10. What the inbox has: one mail each, of either subject; none for Fia.');
const mailsTo = (name: string): Promise<Answer> =>
  ask(first, 'GET', `/inbox?purpose=newsletter&to=${addressOf(name)}`);
for (const name of names) {
  const mails: { subject: string }[] = await mailsTo(name);
  tell(`${name}: ${mails.map(({ subject }) => subject).join() || 'nothing'}`);
  must(`mails to ${name}`, mails.length, name === 'fia' ? 0 : 1);
}

say('11. Bo has had enough: one click in the mail program (RFC 8058). The answer comes once the no holds.');
const [{ headers }] = await mailsTo('bo');
const [, header] =
  Object.entries(headers as Record<string, string>).find(([name]) => /^list-unsubscribe$/i.test(name)) ?? [];
const link = new URL(/<(https?:[^>]+)>/.exec(header ?? '')?.[1] ?? '');
const clicked = await fetch(base + link.pathname, {
  method: 'POST',
  body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
});
must('the click', clicked.status, 200);
const question = { customer: `reader-${run}-1`, purpose: 'newsletter', channel: 'email' };
const decision = await ask(marketer, 'POST', '/v1/decisions', { body: question });
tell(`the next newsletter to Bo: ${decision.outcome}, ${decision.reason}`);
must('the next newsletter to Bo', decision.reason, 'withdrawn');

say('12. The report. Each figure says of whom it is a share.');
const { total } = await ask(marketer, 'GET', `${own}/report`);
for (const name of ['sent', 'refused', 'unsubscribed'])
  tell(`${name}: ${total[name].count} of ${total[name].of} ${total[name].denominator}`);
must('sent', total.sent.count, 11);
must('unsubscribed', total.unsubscribed.count, 1);

say('13. Row by row, as a table.');
const table: string = await ask(marketer, 'GET', `/v1/messages?campaign=${id}`, { accept: 'text/csv' });
for (const line of table.trim().split('\r\n')) tell(line.split(',').slice(2, 7).join(','));

say('Done.');
