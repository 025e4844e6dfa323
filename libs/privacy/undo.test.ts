import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { channelsFor } from '#consent/choose-channel';
import { LinkTokens } from '#consent/link-token';
import type { Choice } from '#purposes/choice';
import { CLINIC, Ledger, NOW } from './ledger.fixture.js';
import { noesFor, type Scope } from './noes.js';
import { Undo } from './undo.js';
import { WithdrawByLink } from './withdraw-by-link.js';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await Ledger.open();
});
afterAll(() => ledger.close());

const PROOF = { noticeVersion: 'pages 1', language: 'sv', method: 'undo', place: '/u' };
const given = (purpose: Choice['purpose'], channel: Choice['channel']): Choice => ({
  ...{ id: `${purpose}-${channel}`, purpose, channel, state: 'given', via: 'event' },
  ...{ noticeVersion: '1', language: 'sv', method: 'checkbox', place: '/', at: NOW, recordedAt: NOW },
});
let people = 0;

/** Stops, then takes it back; what was added to the log by the undo. */
async function undone(choiceLog: Choice[], scope: Scope, more: { between?: Scope } = {}): Promise<string[]> {
  people += 1;
  const { suppressions, withdraw, customers, ring, clock } = ledger;
  const undo = new Undo(new LinkTokens(['a secret']), withdraw, suppressions, clock);
  const byLink = new WithdrawByLink(withdraw, suppressions, customers, ring, ledger.campaignRows, clock);
  const email = `undo${people}@example.se`;
  const customer = await ledger.customer({ customer: `undo-${people}`, email, choiceLog, softOptIns: [] });
  const hashed = ring.current('email', email, CLINIC.id);
  const link = {
    tenant: CLINIC.id,
    customer: customer.customer,
    purpose: 'newsletter',
    channel: 'email',
    ...hashed,
  } as const;
  const noes = noesFor(link, scope, PROOF);
  const losses = await undo.losses(CLINIC, customer, noes);
  await byLink.hear(link, noes, 'act-1');
  if (more.between) await byLink.hear(link, noesFor(link, more.between, PROOF), 'act-2');
  const token = undo.seal(link, 'act-1', losses);
  if (token === null) return ['nothing to undo'];
  const before = (await customers.find(CLINIC.id, customer.customer))!.choiceLog.length;
  const said = await undo.restore(link, token, PROOF);
  const after = (await customers.find(CLINIC.id, customer.customer))!.choiceLog;
  expect(channelsFor('newsletter', { choices: after }, ['email', 'sms'])[0]?.channel).toBe('email');
  return [said, ...after.slice(before).map(({ purpose, channel }) => `${purpose}/${channel}`)];
}

it.each<[string, Choice[], Scope, string[]]>([
  ['the purpose, of a yes to all', [given('marketing', 'all')], 'purpose', ['restored', 'newsletter/email']],
  ['all marketing, as it was said', [given('marketing', 'all')], 'marketing', ['restored', 'marketing/all']],
  [
    'one purpose only, where only that was given',
    [given('newsletter', 'email')],
    'marketing',
    ['restored', 'newsletter/email'],
  ],
  ['nothing, where nothing was given', [], 'marketing', ['nothing to undo']],
])('gives back %s', async (_, log, scope, said) => {
  expect(await undone(log, scope)).toEqual(said);
});

it('gives nothing back that something later took too', async () => {
  expect(await undone([given('newsletter', 'email')], 'purpose', { between: 'marketing' })).toEqual(['over']);
});
