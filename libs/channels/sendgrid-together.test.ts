import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { StoppedClock } from '#platform/clock';
import { rootDir } from '#platform/root';
import { compileContent, renderContent, type CompiledContent } from '#rendering/compile-content';
import { readLayout } from '#rendering/content-library';
import type { Rendered } from '#rendering/rendered';
import { noteSharing, sharingOf, substitute } from '#rendering/shared-body';
import { anEnvelope, permitOf } from './envelope.fixture.js';
import type { Envelope, Outcome } from './outcome.js';
import { ProviderSink, SENDGRID, type SinkRequest } from './provider-sink.fixture.js';
import type { Sendable } from './sender.js';
import { SendGridSender } from './sendgrid.sender.js';
import { shareCalls } from './share-calls.js';

const clock = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
let compiled: CompiledContent;
let sink: ProviderSink;
let sender: SendGridSender;
beforeAll(async () => {
  const email = {
    ...{ subject: 'Nyheter, {{person.firstName | du}}', preview: 'Mer' },
    blocks: [{ kind: 'text' as const, text: 'Hej {{person.name | du}}!' }],
  };
  compiled = await compileContent(
    await readLayout(join(rootDir(), 'templates')),
    { sv: { email }, en: { email } },
    { template: 't-1', version: '1', purpose: 'newsletter' },
  );
});
beforeEach(async () => {
  sink = await ProviderSink.open();
  sender = new SendGridSender({ apiKey: 'SG.test', baseUrl: sink.url }, { account: 'acme', clock });
});
afterEach(async () => {
  sender.close();
  await sink.close();
});

function contentFor(name: string, locale = 'sv'): Rendered {
  const result = renderContent(compiled, {
    ...{ template: 't-1', channel: 'email', locale, booking: null, now: clock.now() },
    tenant: {
      ...{ id: 'c', name: 'Kliniken', legalName: 'Kliniken AB', email: 'hej@kliniken.se', country: 'SE' },
      ...{ phone: '063-10 20 00', addressLines: ['Storgatan 1'], host: 'm.kliniken.se' },
      ...{ locales: ['sv', 'en'], timeZone: 'Europe/Stockholm', colour: '#2f6f5e', showServiceNames: false },
    },
    person: { name, timeZone: null },
    links: { unsubscribe: `https://m.kliniken.se/u/${encodeURIComponent(name)}` },
  });
  if (result.kind !== 'rendered') throw new Error(result.problem);
  return result.content;
}

/** The gate's yes, as if it had been asked for a booking: those need no choice. */
const permitTo = (envelope: Envelope, changes: { startedMono?: number } = {}) =>
  permitOf({ ...envelope, purpose: 'booking' }, changes);

/** A mail of a campaign, to somebody of that name. */
function mailTo(name: string, changes: Partial<Envelope> = {}): Sendable & { name: string } {
  const envelope = anEnvelope('email', {
    ...{
      purpose: 'newsletter',
      stream: 'marketing',
      campaign: 'c-1',
      to: `${name.toLowerCase()}@example.se`,
    },
    ...{ content: contentFor(name), ...changes },
  });
  return { name, envelope, permit: permitTo(envelope) };
}
const mails = (count: number) => Array.from({ length: count }, (_, at) => mailTo(`P${at}`));

async function send(items: readonly (Sendable & { name: string })[]): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  await sender.sendTogether(items, (item, outcome) => {
    // Told twice is recorded twice.
    expect(outcomes).not.toHaveProperty(item.name);
    outcomes[item.name] = outcome;
  });
  return outcomes;
}

interface Posted {
  subject: string;
  content: { type: string; value: string }[];
  personalizations: {
    to: { email: string }[];
    headers: Record<string, string>;
    custom_args: Record<string, string>;
    substitutions?: Record<string, string>;
  }[];
}
const posted = (request: SinkRequest): Posted => JSON.parse(request.body) as Posted;
const addressesOf = (request: SinkRequest): string[] =>
  posted(request).personalizations.flatMap(({ to }) => to.map(({ email }) => email));
const kindsOf = (outcomes: Record<string, Outcome>): string[] => [
  ...new Set(Object.values(outcomes).map(({ kind }) => kind)),
];
const refuses =
  (wrong: (address: string) => boolean, status = 400) =>
  (request: SinkRequest) =>
    addressesOf(request).some(wrong)
      ? { status, body: { errors: [{ message: 'wrong', field: 'personalizations.0.to.0.email' }] } }
      : SENDGRID.accepted();

describe('mails of a campaign in one call', () => {
  it('are one request, which says to each what its own mail would have said', async () => {
    const items = [...mails(150), mailTo('Åsa <Öst> & Co', { to: 'asa@example.se' })];
    expect(kindsOf(await send(items))).toEqual(['accepted']);
    expect(sink.requests).toHaveLength(1);
    const { subject, content, personalizations } = posted(sink.requests[0]!);
    expect(personalizations).toHaveLength(151);
    personalizations.forEach(({ to, headers, custom_args, substitutions = {} }, at) => {
      const { envelope } = items[at]!;
      expect(to).toEqual([{ email: envelope.to }]);
      expect(headers).toEqual(envelope.headers);
      expect(custom_args).toEqual({ r: envelope.ref, t: envelope.tenant });
      expect(substitute(subject, substitutions)).toBe(envelope.content.subject);
      expect(content.map(({ type, value }) => [type, substitute(value, substitutions)])).toEqual([
        ['text/plain', envelope.content.text],
        ['text/html', envelope.content.html],
      ]);
    });
  });

  it('are no more in a call than SendGrid takes substitutions', () => {
    const body = sharingOf(contentFor('P0'))!.body;
    const wide = { ...body, slots: Array.from({ length: 28 }, () => body.slots[0]!) };
    const items = mails(400).map((item) => {
      const content = { ...item.envelope.content };
      const sharing = { ...sharingOf(item.envelope.content)!, body: wide };
      noteSharing(content, () => sharing);
      return { ...item, envelope: { ...item.envelope, content } };
    });
    expect(shareCalls(items).map((call) => call.length)).toEqual([357, 43]);
  });

  it('carry the same settings as one by itself', async () => {
    const [one, ...others] = mails(3);
    await sender.send(one!.permit, one!.envelope);
    await send(others);
    const [single, together] = sink.requests.map((request) => {
      const { personalizations: _, content: _said, subject: _too, ...rest } = posted(request);
      return rest;
    });
    expect(together).toEqual(single);
  });

  it('one is wrong: it fails alone, after few calls, and the others go exactly once', async () => {
    const items = mails(128);
    sink.always(refuses((address) => address === 'p77@example.se'));
    const outcomes = await send(items);
    const { P77: bad, ...others } = outcomes;
    expect(bad).toEqual({ kind: 'bad-address', reason: 'sendgrid-400' });
    expect(Object.keys(others)).toHaveLength(127);
    expect(kindsOf(others)).toEqual(['accepted']);
    expect(sink.requests.length).toBeLessThanOrEqual(1 + 2 * 7);
    const taken = sink.requests.map(addressesOf).filter((call) => !call.includes('p77@example.se'));
    expect(taken.flat().sort()).toEqual(
      items.flatMap(({ name, envelope }) => (name === 'P77' ? [] : envelope.to)).sort(),
    );
  });

  it('all are wrong: each fails by itself, once', async () => {
    sink.always(SENDGRID.badContent());
    const outcomes = await send(mails(8));
    expect(Object.values(outcomes)).toEqual(Array(8).fill({ kind: 'rejected', reason: 'sendgrid-400' }));
    expect(sink.requests.filter((request) => addressesOf(request).length === 1)).toHaveLength(8);
  });

  it('together too large: are sent in parts', async () => {
    sink.always((request) =>
      addressesOf(request).length > 10 ? { status: 413, body: {} } : SENDGRID.accepted(),
    );
    expect(kindsOf(await send(mails(40)))).toEqual(['accepted']);
    expect(sink.requests).toHaveLength(7);
  });

  it.each([
    ['429', SENDGRID.rateLimited(42), { kind: 'retry-at', afterMs: 42_000, reason: 'sendgrid-429' }],
    ['401', SENDGRID.unauthorised(), { kind: 'rejected', reason: 'sendgrid-401', trouble: 'refused' }],
    ['500', SENDGRID.broken(), { kind: 'unknown', reason: 'sendgrid-500' }],
    ['dropped', 'drop', { kind: 'unknown', reason: 'econnreset' }],
  ] as const)('%s: holds for each of them, and nothing is tried again', async (_, answer, outcome) => {
    sink.always(answer);
    expect(Object.values(await send(mails(20)))).toEqual(Array(20).fill(outcome));
    expect(sink.requests).toHaveLength(1);
  });

  it('no answer at all: nobody knows, of each', async () => {
    sender.close();
    sender = new SendGridSender(
      { apiKey: 'SG.test', baseUrl: sink.url },
      { account: 'acme', clock, timeoutMs: 1_000 },
    );
    sink.always('hang');
    expect(Object.values(await send(mails(5)))).toEqual(
      Array(5).fill({ kind: 'unknown', reason: 'timeout' }),
    );
  });

  it('whose time is over are not in the call', async () => {
    const items = mails(4).map((item) =>
      item.name === 'P2'
        ? { ...item, permit: permitTo(item.envelope, { startedMono: clock.mono() - 5_000 }) }
        : item,
    );
    const outcomes = await send(items);
    expect(outcomes['P2']).toEqual({ kind: 'late' });
    expect(addressesOf(sink.requests[0]!)).toEqual(['p0@example.se', 'p1@example.se', 'p3@example.se']);
  });

  it('a refused call is not made again in parts once its permits’ time is over', async () => {
    const moving = new StoppedClock(new Date('2026-03-01T12:00:00Z'));
    sender.close();
    sender = new SendGridSender({ apiKey: 'SG.test', baseUrl: sink.url }, { account: 'acme', clock: moving });
    sink.always(() => {
      moving.pass(5_000);
      return SENDGRID.badContent();
    });
    const late = { kind: 'retry-at', afterMs: 0, reason: 'call-refused' };
    expect(Object.values(await send(mails(6)))).toEqual(Array(6).fill(late));
    expect(sink.requests).toHaveLength(1);
  });

  it('a permit that is another’s keeps only its own mail back', async () => {
    const [one, two, three] = mails(3);
    const outcomes: string[] = [];
    const wrong = { ...two!, permit: permitTo({ ...two!.envelope, to: 'else@example.se' }) };
    await expect(
      sender.sendTogether([one!, wrong, three!], ({ name }) => void outcomes.push(name)),
    ).rejects.toThrow('another address');
    expect(outcomes).toEqual(['P0', 'P2']);
    expect(addressesOf(sink.requests[0]!)).toEqual(['p0@example.se', 'p2@example.se']);
    // Each of them is spent.
    await expect(sender.send(one!.permit, one!.envelope)).rejects.toThrow('already used');
  });

  it('that fails counts as its mails to the circuit breaker; while that is open nothing is called, and one message asks first', async () => {
    sink.always(SENDGRID.broken());
    await send(mails(9));
    expect(sender.breakerState).toBe('closed');
    await send(mails(10));
    expect(sender.breakerState).toBe('open');
    const outcomes = await send(mails(10));
    expect(kindsOf(outcomes)).toEqual(['retry-at']);
    expect(Object.values(outcomes)[0]).toMatchObject({ reason: 'circuit-open', trouble: 'resting' });
    expect(sink.requests).toHaveLength(2);
    clock.pass(6_000);
    sink.always(null);
    const probed = await send(
      mails(10).map(({ envelope, ...item }) => ({
        ...item,
        envelope,
        permit: permitTo(envelope, { startedMono: clock.mono() }),
      })),
    );
    expect(Object.values(probed).filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
    expect(addressesOf(sink.requests.at(-1)!)).toHaveLength(1);
  });
});

describe('who shares a call', () => {
  const sizes = (items: readonly Sendable[]): number[] => shareCalls(items).map((call) => call.length);

  it('is of one campaign, sender, body and language, with an address of their own', () => {
    expect(sizes(mails(1_200))).toEqual([1_000, 200]);
    const odd: Partial<Envelope>[] = [
      { campaign: 'c-2' },
      { campaign: undefined },
      { from: 'annan@kliniken.se' },
      { account: 'other' },
      { content: contentFor('Odd', 'en') },
      { to: 'P0@example.se' },
      { content: { ...contentFor('Odd') } },
    ];
    for (const changes of odd) expect(sizes([...mails(3), mailTo('Odd', changes)])).toEqual([3, 1]);
    // The control.
    expect(sizes([...mails(3), mailTo('Odd')])).toEqual([4]);
  });

  it('has no attachment', () => {
    const odd = mailTo('Odd');
    odd.envelope.content.attachments.push({ filename: 'a.txt', contentType: 'text/plain', content: 'a' });
    expect(sizes([...mails(2), odd])).toEqual([2, 1]);
    expect(sharingOf(odd.envelope.content)).not.toBeNull();
  });
});
