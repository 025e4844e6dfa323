import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askDeletion } from '#channels/ask-deletion';
import { ProviderDeletionStore } from '#channels/provider-deletion.store';
import { SealedText } from '#channels/sealed-text';
import { messageRow } from '#messages/message.fixture';
import { Tenants } from '#tenants/tenant';
import { AskProviders } from './ask-providers.js';
import { CLINIC, Ledger, NOW } from './ledger.fixture.js';

const T = CLINIC.id;
const DAY = 86_400_000;
let ledger: Ledger;
let sink: Server;
let asking: AskProviders;
let answer = 204;
const asked: string[] = [];
const counted: string[] = [];
beforeAll(async () => {
  ledger = await Ledger.open();
  sink = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${body}`.trim());
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const tenants = new Tenants([
    {
      ...CLINIC,
      accounts: {
        mail: { kind: 'sendgrid', apiKey: 'k', baseUrl },
        sms: { kind: 'twilio', accountSid: 'AC1', authToken: 't', baseUrl },
      },
    },
  ]);
  const store = new ProviderDeletionStore(ledger.connection);
  await store.createIndexes();
  const sealed = new SealedText(['a secret of thirty-two characters']);
  const metrics = { providerDeletion: (_: string, outcome: string) => void counted.push(outcome) };
  asking = new AskProviders(
    ...([store, ledger.customers, tenants, sealed, ledger.clock, metrics, true, askDeletion] as const),
  );
});
afterAll(async () => {
  await new Promise((resolve) => sink.close(resolve));
  await ledger.close();
});
beforeEach(async () => {
  await ledger.clear();
  answer = 204;
  asked.length = 0;
  counted.length = 0;
});

const at = (n: number): Date => new Date(NOW.getTime() + n * DAY);
const attempt = { n: 1, ref: 'r', channel: 'sms', at: NOW, outcome: 'accepted', providerId: 'SM1' } as const;
const sent = messageRow({ status: 'accepted', channel: 'sms', attempts: [{ ...attempt }] });
const kept = async (): Promise<string> =>
  JSON.stringify(await ledger.connection.db!.collection('provider_deletions').find({}).toArray());

describe('what providers are asked to delete', () => {
  it('is each text at Twilio, by its id, and the address at SendGrid; once', async () => {
    await ledger.customer();
    await asking.queueAddresses(T, 'anna', [
      { kind: 'email', address: 'anna@example.se' },
      { kind: 'phone', address: '+46701740605' },
    ]);
    await asking.queueMessages(T, [sent]);
    expect(await kept()).not.toContain('anna@example.se');
    expect(await asking.runOnce(NOW)).toEqual({ askedFor: 2, givenUp: 0 });
    expect(asked.sort()).toEqual([
      'DELETE /2010-04-01/Accounts/AC1/Messages/SM1.json',
      'POST /v3/recipients/erasejob {"email_addresses":["anna@example.se"]}',
    ]);
    await asking.queueMessages(T, [sent]);
    expect(await asking.runOnce(NOW)).toEqual({ askedFor: 0, givenUp: 0 });
    expect(await kept()).not.toContain('SM1');
    await asking.runOnce(at(41));
    expect(await kept()).toBe('[]');
  });

  it('is not an address that somebody else has too', async () => {
    await ledger.customer({ email: 'family@example.se' });
    await ledger.customer({ customer: 'bo', email: 'family@example.se' });
    await asking.queueAddresses(T, 'anna', [{ kind: 'email', address: 'family@example.se' }]);
    expect(await asking.runOnce(NOW)).toEqual({ askedFor: 0, givenUp: 0 });
  });

  it('is asked for again, later and later, at most for 30 days', async () => {
    answer = 503;
    await asking.queueMessages(T, [sent]);
    expect(await asking.runOnce(NOW)).toEqual({ askedFor: 0, givenUp: 0 });
    expect(await asking.runOnce(NOW)).toEqual({ askedFor: 0, givenUp: 0 });
    expect(asked).toHaveLength(1);
    await asking.runOnce(at(1));
    expect(asked).toHaveLength(2);
    expect(await asking.runOnce(at(30))).toEqual({ askedFor: 0, givenUp: 1 });
    expect(counted).toContain('given-up');
  });

  it.each([
    [404, { askedFor: 1, givenUp: 0 }],
    [403, { askedFor: 0, givenUp: 1 }],
    [409, { askedFor: 0, givenUp: 0 }],
  ])('answered with %i: %o', async (status, expected) => {
    answer = status;
    await asking.queueMessages(T, [sent]);
    expect(await asking.runOnce(NOW)).toEqual(expected);
  });
});
