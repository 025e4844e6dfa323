import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ProviderSink } from '#channels/provider-sink.fixture';
import { startLagom, type Lagom } from './lagom.fixture.js';
import { choice, DAY, person, tell, until, visit, type Person } from './visit.fixture.js';

let sink: ProviderSink;
let lagom: Lagom | undefined;
beforeAll(async () => {
  sink = await ProviderSink.open();
});
afterEach(async () => {
  await lagom?.close();
  lagom = undefined;
  sink.requests.length = 0;
});
afterAll(() => sink.close());

const start = async (mode: string): Promise<Lagom> => {
  lagom = await startLagom({
    env: {
      LAGOM_SEND: mode,
      SENDGRID_API_KEY: 'SG.a-key-of-a-test',
      SENDGRID_BASE_URL: sink.url,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token-of-a-test',
      TWILIO_BASE_URL: sink.url,
    },
  });
  return lagom;
};
const book = (line: Lagom, who: Person, more = {}) =>
  tell(line, 'booking.confirmed', {
    customer: who,
    booking: visit(new Date(line.now().getTime() + 10 * DAY)),
    ...more,
  });
const confirmation = (line: Lagom, who: Person) =>
  until(
    async () => (await line.messages({ customer: who.id })).find(({ journey }) => journey === 'confirmation'),
    (row) => row !== undefined && ['accepted', 'refused', 'failed'].includes(row.status) && row,
  );
const bySms = { choices: [choice('booking', 'sms', 'given')] };
const everythingSent = () =>
  sink.requests.map(({ body }) => body.replaceAll('%40', '@').replaceAll('%2B', '+')).join('\n');

describe('LAGOM_SEND', () => {
  it('capture asks no provider, whatever credentials there are', async () => {
    const line = await start('capture');
    const [mailed, texted] = [person(), person()];
    await book(line, mailed);
    await book(line, texted, bySms);
    for (const who of [mailed, texted])
      expect(await confirmation(line, who)).toMatchObject({ status: 'accepted' });
    expect(await line.inbox()).toHaveLength(2);
    expect(sink.connections).toBe(0);
  });

  it('redirect sends all mail to one address, and no text to anybody', async () => {
    const line = await start('redirect:developer@example.se');
    const [mailed, texted] = [person(), person({ email: null })];
    await book(line, mailed);
    await book(line, texted, bySms);
    expect(await confirmation(line, mailed)).toMatchObject({ status: 'accepted' });
    expect(await confirmation(line, texted)).toMatchObject({ status: 'refused', reason: 'not-allowed' });
    expect(sink.requests).toHaveLength(1);
    expect(JSON.parse(sink.requests[0]?.body ?? '').personalizations[0].to).toEqual([
      { email: 'developer@example.se' },
    ]);
    expect((await line.api('GET', '/inbox')).status).toBe(404);
    expect((await line.api('POST', '/inbox/clock', { advance: 'PT1H' })).status).toBe(404);
  });

  it('allow lets through whom it names and nobody else', async () => {
    const [friend, phoneFriend, stranger] = [person(), person(), person()];
    const line = await start(`allow:${friend.email?.toUpperCase()}, ${phoneFriend.phone}`);
    await book(line, friend);
    await book(line, phoneFriend, bySms);
    await book(line, stranger);
    await book(line, stranger, bySms);
    expect(await confirmation(line, friend)).toMatchObject({ status: 'accepted' });
    expect(await confirmation(line, phoneFriend)).toMatchObject({ status: 'accepted', channel: 'sms' });
    expect(await confirmation(line, stranger)).toMatchObject({ status: 'refused', reason: 'not-allowed' });
    expect(sink.requests).toHaveLength(2);
    expect(everythingSent()).not.toContain(stranger.email);
    expect(everythingSent()).not.toContain(stranger.phone);
    const { body } = await line.api('POST', '/v1/decisions', {
      customer: stranger.id,
      purpose: 'booking',
      channel: 'email',
    });
    expect(body).toMatchObject({ outcome: 'refuse', reason: 'not-allowed' });
  });

  it.each([
    'everyone',
    'LIVE',
    'redirect',
    'redirect:nobody',
    'redirect:a@example.se,b@example.se',
    'allow:',
    'live:a@example.se',
  ])('%s does not start', async (mode) => {
    await expect(start(mode)).rejects.toMatchObject({
      faults: [expect.objectContaining({ variable: 'LAGOM_SEND' })],
    });
  });

  it('live without the credentials of a used sender does not start, and says which', async () => {
    const boot = startLagom({ env: { LAGOM_SEND: 'live' } });
    await expect(boot).rejects.toThrow(
      /SENDGRID_API_KEY[\s\S]*TWILIO_ACCOUNT_SID|TWILIO_ACCOUNT_SID[\s\S]*SENDGRID_API_KEY/,
    );
  });
});
