import type { Account } from '#tenants/tenant';

const TIMEOUT_MS = 10_000;
const TWILIO = 'https://api.twilio.com';
const SENDGRID = 'https://api.sendgrid.com';

/** What came of asking: done (or there was nothing), once more later, or never. */
export type Asked = { kind: 'done' } | { kind: 'again'; why: string } | { kind: 'refused'; why: string };

/**
 * Asks a provider to delete. Twilio: one message, by its id, with number and text (its backups keep texts for 30 days more).
 * SendGrid keeps no texts that could be asked for one by one: by the address it deletes names, addresses and subjects from
 * its logs (`/v3/recipients/erasejob`); it suppresses nothing by that. A mail server keeps nothing that it could be asked for.
 */
export async function askDeletion(account: Account, what: string): Promise<Asked> {
  switch (account.kind) {
    case 'twilio': {
      const { accountSid = '', authToken = '', baseUrl = TWILIO } = account;
      const path = `/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages/${encodeURIComponent(what)}.json`;
      const basic = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
      return answered(() =>
        fetch(baseUrl + path, {
          method: 'DELETE',
          headers: { authorization: `Basic ${basic}` },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        }),
      );
    }
    case 'sendgrid': {
      const { apiKey = '', baseUrl = SENDGRID } = account;
      return answered(() =>
        fetch(`${baseUrl}/v3/recipients/erasejob`, {
          method: 'POST',
          headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
          body: JSON.stringify({ email_addresses: [what] }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        }),
      );
    }
    case 'smtp':
      return { kind: 'done' };
  }
}

async function answered(ask: () => Promise<Response>): Promise<Asked> {
  let status: number;
  try {
    const response = await ask();
    status = response.status;
    await response.body?.cancel();
  } catch {
    return { kind: 'again', why: 'no answer' };
  }
  // What is not there any more is deleted.
  if (status < 300 || status === 404 || status === 410) return { kind: 'done' };
  // Of Twilio, 400 and 409 say that the message is still on its way.
  if (status === 400 || status === 409 || status === 429 || status >= 500) {
    return { kind: 'again', why: `answered ${status}` };
  }
  return { kind: 'refused', why: `answered ${status}` };
}
