// A newsletter from a segment to its report, over the HTTP API: people and their consent, a text that is judged and
// mended, an A/B test with a hold-out, a manager who says no and then yes, a pause, a winner, the figures.
//
//   LAGOM_ADMIN_KEY=… node --import @swc-node/register/esm-register examples/newsletter/newsletter.ts
//
// Needs nothing but `fetch`, and an `all` that sends nothing for real (`npm start`), at LAGOM_URL (http://localhost:3000).

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
  /** The status that is right, where it is none of 2xx. */
  refused?: number;
}

/** The answer of a request; anything but a 2xx, or the refusal that is asked for, ends the program with what was said. */
async function ask(key: string, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { body, type = 'application/json', accept = 'application/json', refused } = asked;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...{ authorization: `Bearer ${key}`, 'lagom-tenant': tenant, accept },
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (refused === undefined ? !response.ok : response.status !== refused)
    throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return /[/+]json\b/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
}

/** Ends the program where something is not as it should be. */
function must(what: string, seen: unknown, wanted: unknown): void {
  if (seen !== wanted) throw new Error(`${what}: ${String(seen)}, expected ${String(wanted)}`);
}

const sum = (...counts: number[]): number => counts.reduce((total, count) => total + count, 0);
const say = (text: string): void => console.log(`\n${text}`);
const tell = (text: string): void => console.log(`   ${text}`);

say('1. Two keys: one writes, another approves.');
const keyFor = async (role: string, name: string): Promise<string> =>
  (await ask(first, 'POST', '/v1/keys', { body: { role, name } })).key;
const marketer = await keyFor('marketer', 'Maja, marketing');
const approver = await keyFor('approver', 'Alva, the manager');
const clock = async (advance: string): Promise<string> =>
  (await ask(first, 'POST', '/inbox/clock', { body: { advance } })).now;
const told = async (events: unknown[]): Promise<number> =>
  (await ask(first, 'POST', '/v1/events', { body: events, type: 'application/cloudevents-batch+json' }))
    .accepted;

say(
  '2. Eighty people, told as events. Each has said yes to the newsletter, but for the first ten: they were never asked.',
);
const asked = await clock('PT0S');
const yes = {
  ...{ purpose: 'newsletter', channel: 'email', state: 'given' },
  ...{ noticeVersion: '2026-01', language: 'sv', method: 'checkbox', place: '/booking' },
};
const people = Array.from({ length: 80 }, (_, n) => ({
  ...{ specversion: '1.0', source: `/tenants/${tenant}`, id: `told-${run}-${n}`, time: asked },
  type: n >= 10 ? 'customer.consent-changed.v1' : 'customer.updated.v1',
  data: {
    customer: {
      ...{ id: `reader-${run}-${n}`, name: 'Kim Ek', email: `reader.${n}.${run}@example.com`, locale: 'sv' },
      address: { lines: ['Storgatan 1'], postalCode: '831 31', city, country: 'SE' },
    },
    ...(n >= 10 ? { choices: [yes] } : {}),
  },
}));
must('events taken', await told(people), 80);

say('3. Who it is for: everybody in their city. Counted, then kept.');
const predicate = { place: { city: [city] } };
const { count } = await ask(marketer, 'POST', '/v1/segments/count', { body: { predicate } });
must('people in the segment', count, 80);
const segment = await ask(marketer, 'POST', '/v1/segments', {
  body: { name: `Readers of ${city}`, predicate },
});

say(
  '4. A text with a slip in it is kept as a draft, and is not published. Mended it is: a version never changes after that.',
);
const content = (subject: string, name: string) => ({
  sv: {
    email: {
      ...{ subject, preview: 'Tre råd inför vintern' },
      blocks: [
        { kind: 'heading', text: `Hej {{person.${name} | du}}!` },
        { kind: 'text', text: 'Så mår huden bra när det blir kallt.' },
        { kind: 'button', label: 'Läs mer', href: 'https://www.wellnesskliniken.se/vinter' },
      ],
    },
  },
});
const [plain, asking] = ['Så mår huden i vinter', 'Torr hud när det blir kallt?'] as const;
const one = await ask(marketer, 'POST', '/v1/templates', {
  body: { name: 'Winter, plain', content: content(plain, 'nickname') },
});
for (const { level, pointer, detail } of one.version.lint) tell(`${level} at ${pointer}: ${detail}`);
const versions = `/v1/templates/${one.id}/versions`;
await ask(marketer, 'POST', `${versions}/1/publish`, { refused: 422 });
await ask(marketer, 'POST', versions, { body: { content: content(plain, 'firstName') } });
const { changes } = await ask(marketer, 'GET', `${versions}/1/diff?with=2`);
for (const { pointer } of changes) tell(`mended: ${pointer}`);
await ask(marketer, 'POST', `${versions}/2/publish`);
const other = await ask(marketer, 'POST', '/v1/templates', {
  body: { name: 'Winter, asking', content: content(asking, 'firstName') },
});
await ask(marketer, 'POST', `/v1/templates/${other.id}/versions/1/publish`);

say(
  '5. The campaign. A fifth gets nothing, to compare with. Half of the others get A or B by lot; the rest waits for the',
);
tell('better one, which is what more people book after within four hours. One mail goes every half minute.');
const { id } = await ask(marketer, 'POST', '/v1/campaigns', {
  body: {
    ...{ name: `Winter ${run}`, purpose: 'newsletter', channel: 'email', segment: segment.id },
    variants: [
      { template: one.id, version: 2 },
      { template: other.id, version: 1 },
    ],
    ...{ holdOut: 20, testShare: 50, winnerRule: { by: 'bookings', after: 'PT4H', least: 1 } },
    pace: { perHour: 120 },
  },
});
const own = `/v1/campaigns/${id}`;
/** A step of the campaign; where it stands then. */
const act = async (key: string, what: string, body: unknown = {}): Promise<string> =>
  (await ask(key, 'POST', `${own}/${what}`, { body })).status;
const sent = async (): Promise<number> => (await ask(marketer, 'GET', `${own}/report`)).total.sent.count;

say('6. As one of them would get it; and a test to staff, marked, whose links lead nowhere.');
const preview = await ask(marketer, 'POST', `${own}/preview`, { body: { customer: `reader-${run}-10` } });
for (const { variant, locale, subject } of preview.items) tell(`${variant} in ${locale}: ${subject}`);
const tested = await ask(marketer, 'POST', `${own}/test-send`, { body: { to: ['eva@wellnesskliniken.se'] } });
for (const { to, variant, outcome } of tested.items) tell(`${to}, variant ${variant}: ${outcome}`);

say('7. Who will get it, and who will not, and why.');
const { members, permitted, waiting, heldOut, refused } = await ask(marketer, 'POST', `${own}/reach`);
tell(`of ${members}: ${permitted} will, ${waiting} of them once there is a winner; ${heldOut} are held out;`);
tell(`${JSON.stringify(refused)} will not`);
must('everybody', sum(permitted, heldOut, refused['no-consent']), 80);

say('8. Handed in. Who hands in cannot approve. The manager says no, with a reason; it is a draft again.');
must('handed in', await act(marketer, 'submit'), 'submitted');
await ask(marketer, 'POST', `${own}/approve`, { refused: 403 });
const reason = 'Say which clinic: the name is missing.';
must('sent back', await act(approver, 'reject', { reason }), 'draft');
const { by, why } = (await ask(marketer, 'GET', own)).history.at(-1);
tell(`${by}: ${why}`);

say(
  '9. Changed, handed in, approved. One more edit, and the approval is void: what is sent is what was seen.',
);
const edit = async (name: string): Promise<string> =>
  (await ask(marketer, 'PATCH', own, { body: { name: `${name} ${run}` } })).status;
must('changed', await edit('Winter at Wellnesskliniken'), 'draft');
must('handed in', await act(marketer, 'submit'), 'submitted');
must('approved', await act(approver, 'approve'), 'approved');
must('changed', await edit('Winter skin at Wellnesskliniken'), 'draft');
await ask(marketer, 'POST', `${own}/schedule`, { body: {}, refused: 409 });
must('handed in', await act(marketer, 'submit'), 'submitted');
must('approved', await act(approver, 'approve'), 'approved');

say('10. Tomorrow at nine. The clock of the inbox goes there at once, and three minutes further.');
const tomorrow = new Date(Date.parse(asked) + 86_400_000).toISOString().slice(0, 10);
const { launchAt } = await ask(marketer, 'POST', `${own}/schedule`, { body: { at: `${tomorrow}T09:00` } });
await clock(`PT${Math.ceil((Date.parse(launchAt) - Date.parse(asked)) / 1_000) + 180}S`);

say(
  '11. Stopped: the answer comes once no call begins any more. An hour later it is where it was. Then it goes on.',
);
must('stopped', await act(marketer, 'pause', { reason: 'The clinic has water damage.' }), 'paused');
const before = await sent();
await clock('PT1H');
must('sent while it was paused', (await sent()) - before, 0);
must('goes on', await act(marketer, 'resume'), 'sending');
const now = await clock('PT1H');
tell(`${before} were sent before, ${await sent()} by now`);

say('12. Who got B books. Four hours after the test the rule is asked, and who waited gets what it names.');
const { items } = await ask(marketer, 'GET', `/v1/messages?campaign=${id}&status=accepted&limit=500`);
const gotB = (items as { customer: string; variant: string }[]).filter(({ variant }) => variant === 'B');
const startsAt = new Date(Date.parse(now) + 30 * 86_400_000);
const bookings = gotB.map(({ customer }) => ({
  ...{ specversion: '1.0', source: `/tenants/${tenant}`, id: `booked-${customer}`, time: now },
  type: 'booking.confirmed.v1',
  data: {
    customer: { id: customer },
    booking: { id: `b-${customer}`, service: 'Ansiktsbehandling', startsAt },
  },
}));
tell(`${await told(bookings)} have booked`);
await clock('PT5H');
let campaign = await ask(marketer, 'GET', own);
for (let tries = 0; campaign.status !== 'sent' && tries < 30; tries += 1) {
  await clock('PT2M');
  campaign = await ask(marketer, 'GET', own);
}
must('the campaign', campaign.status, 'sent');
must('the winner', campaign.winner.variant, 'B');

say(
  '13. What the inbox has: one mail to each to whom it was sent, to nobody else. One of them has had enough: one click in',
);
tell('the mail program (RFC 8058). The answer comes once the no holds.');
const inbox: { to: string; headers: Record<string, string> }[] = await ask(
  first,
  'GET',
  '/inbox?purpose=newsletter',
);
const mails = inbox.filter(({ to }) => to.endsWith(`.${run}@example.com`));
must('mails', mails.length, await sent());
must('people with one', new Set(mails.map(({ to }) => to)).size, mails.length);
const reader = `reader-${run}-${mails[0]!.to.split('.')[1]}`;
const [, header] = Object.entries(mails[0]!.headers).find(([name]) => /^list-unsubscribe$/i.test(name)) ?? [];
const link = new URL(/<(https?:[^>]+)>/.exec(header ?? '')?.[1] ?? '');
const clicked = await fetch(base + link.pathname, {
  method: 'POST',
  body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
});
must('the click', clicked.status, 200);
const question = { customer: reader, purpose: 'newsletter', channel: 'email' };
const next = await ask(marketer, 'POST', '/v1/decisions', { body: question });
must('the next newsletter to them', `${next.outcome}, ${next.reason}`, 'refuse, withdrawn');

say('14. The report. Each figure says of whom it is a share.');
const report = await ask(marketer, 'GET', `${own}/report`);
for (const name of ['sent', 'refused', 'unsubscribed', 'booked'])
  tell(`${name}: ${report.total[name].count} of ${report.total[name].of} ${report.total[name].denominator}`);
tell(`held out: ${report.heldOut.count} of ${report.heldOut.of} ${report.heldOut.denominator}`);
tell(`${report.test.says}; ${report.test.isClear ? 'that is clear' : 'that may be chance'}`);
must('unsubscribed', report.total.unsubscribed.count, 1);
must('everybody', sum(report.total.sent.count, report.total.refused.count, report.heldOut.count), 80);

say('15. The same as a table, the people row by row, and the clinic in figures.');
const table = async (path: string): Promise<string[]> =>
  (await ask(marketer, 'GET', path, { accept: 'text/csv' })).trim().split('\r\n');
for (const line of (await table(`${own}/report`)).slice(0, 4)) tell(line);
for (const line of await table(`/v1/messages?campaign=${id}&limit=3`))
  tell(line.split(',').slice(2, 6).join(','));
for (const line of await table('/v1/stats?by=campaign,variant,status,reason'))
  if (line.startsWith(id) || line.endsWith('count')) tell(line);

say('16. The next one begins as this one; this one is put away.');
must('the next', await act(marketer, 'duplicate'), 'draft');
must('put away', await act(marketer, 'archive'), 'archived');

say('Done.');
