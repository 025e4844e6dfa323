import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProviderSink, SENDGRID } from '#channels/provider-sink.fixture';
import { startLagom, TRAVEL, type Lagom, type LedgerMessage } from './lagom.fixture.js';
import { DAY, person, tell, until, visit, type Person } from './visit.fixture.js';

let lagom: Lagom;
let mailer: ProviderSink;

beforeAll(async () => {
  mailer = await ProviderSink.open();
  lagom = await startLagom({
    env: {
      LAGOM_SEND: 'live',
      SENDGRID_API_KEY: 'SG.a-key-of-a-test',
      SENDGRID_BASE_URL: mailer.url,
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token-of-a-test',
    },
  });
});
afterAll(async () => {
  await lagom.close();
  await mailer.close();
});

const book = (who: Person) =>
  tell(lagom, 'booking.confirmed', {
    customer: who,
    booking: visit(new Date(lagom.now().getTime() + 10 * DAY)),
  });
const becomes = (who: Person, status: string): Promise<LedgerMessage> =>
  until(
    async () =>
      (await lagom.messages({ customer: who.id })).find(({ journey }) => journey === 'confirmation'),
    (row) => row?.status === status && row,
  );
const mailsTo = (who: Person): number =>
  mailer.requests.filter(({ body }) => body.includes(who.email ?? '')).length;

/** Asks with a key of this role. */
async function as(role: string, method: string, path: string, body?: unknown): Promise<number> {
  const made = await lagom.api('POST', '/v1/keys', { role, name: `a ${role}` });
  const authorization = `Bearer ${made.body.key}`;
  return (await lagom.api(method, path, body, { headers: { authorization } })).status;
}

describe('POST /v1/messages/:id/retry', () => {
  it('tries again what failed, and says by whom', async () => {
    const who = person();
    mailer.always(() => SENDGRID.unauthorised());
    await book(who);
    const failed = await becomes(who, 'failed');
    mailer.always(() => SENDGRID.accepted());
    const path = `/v1/messages/${encodeURIComponent(failed.id)}/retry`;
    for (const role of ['ingest', 'approver']) expect(await as(role, 'POST', path)).toBe(403);
    expect((await lagom.api('POST', path, undefined, { tenant: TRAVEL })).status).toBe(404);
    const { status, body } = await lagom.api('POST', path);
    expect([status, body.status]).toEqual([200, 'planned']);
    const row = await becomes(who, 'accepted');
    expect(row.history).toContainEqual(expect.objectContaining({ why: 'retried by LAGOM_ADMIN_KEY' }));
    expect(mailsTo(who)).toBe(2);
    // Once sent, it is no more to be retried; the id may also come with its slashes.
    const again = await lagom.api('POST', `/v1/messages/${failed.id}/retry`);
    expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining('accepted') } });
    expect(mailsTo(who)).toBe(2);
  });
});
