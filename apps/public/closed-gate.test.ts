import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LinkTokens } from '#consent/link-token';
import { ShortCodeStore } from '#consent/short-code.store';
import { SuppressionStore } from '#consent/suppression.store';
import { CLINIC, startPublic, type PublicSide } from './public.fixture.js';

let side: PublicSide;
let suppressions: SuppressionStore;
beforeAll(async () => {
  side = await startPublic();
  suppressions = side.get(SuppressionStore);
});
afterAll(() => side.close());

/** A key that another process wrote under, and this one was not given. */
const LACKING = { _id: 'a-key-of-others' as never };
const CLOSED: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
  ['the ledger was restored', () => suppressions.closeGates(), () => suppressions.openGates()],
  [
    'a hash key is lacking',
    () => suppressions['named'].insertOne({ ...LACKING }),
    () => suppressions['named'].deleteOne(LACKING),
  ],
];

let people = 0;
async function somebody() {
  people += 1;
  const [customer, email, phone] = [
    `closed-${people}`,
    `closed${people}@example.se`,
    `+4670174${2000 + people}`,
  ];
  await side.plant({ customer, email, phone });
  return { customer, email, phone };
}
const post = (path: string, body: string) =>
  fetch(side.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' },
    body,
  });

describe.each(CLOSED)('while the gate is closed, as %s', (_, shut, open) => {
  afterEach(open);

  it.each(['List-Unsubscribe=One-Click', 'stop=purpose', 'stop=marketing'])(
    'takes the no of a link in a mail: %s',
    async (said) => {
      const { customer, email } = await somebody();
      await shut();
      const answer = await post(side.pathTo(customer, email), said);
      expect(answer.status).toBe(200);
      // What was said before may be missing: nothing is offered to be given back.
      expect(await answer.text()).not.toContain('name="undo"');
      await open();
      expect(await side.gate(customer, 'newsletter')).toBe('withdrawn');
      expect(await side.optOuts(email)).toHaveLength(1);
    },
  );

  it('takes the no of a code in an SMS', async () => {
    const { customer, phone } = await somebody();
    const payload = side.linkTo(customer, phone, { channel: 'sms' });
    const codes = side.get(ShortCodeStore);
    const code = (await codes.ensure(CLINIC, 'unsubscribe', [{ message: customer, payload }])).get(customer)!;
    await shut();
    expect((await post(`/o/${code}`, 'stop=purpose')).status).toBe(200);
    await open();
    expect(await side.gate(customer, 'newsletter', 'sms')).toBe('withdrawn');
  });

  it('shows the preference centre, and takes what is turned off there', async () => {
    const { customer, email } = await somebody();
    const link = side.linkTo(customer, email);
    const path = `/p/${side.get(LinkTokens).seal('preferences', link)}`;
    await shut();
    const page = await fetch(side.url + path);
    expect(page.status).toBe(200);
    const seen = /name="seen" value="([^"]*)"/.exec(await page.text())?.[1] ?? '';
    expect(seen).not.toBe('');
    const off = await post(path, new URLSearchParams({ do: 'stop', seen }).toString());
    expect(off.status).toBe(200);
    await open();
    expect(await side.gate(customer, 'newsletter')).toBe('withdrawn');
    expect(await side.gate(customer, 'offers', 'sms')).toBe('withdrawn');
  });
});

it('offers an undo again once the gate is open', async () => {
  const { customer, email } = await somebody();
  const page = await (await post(side.pathTo(customer, email), 'stop=purpose')).text();
  expect(page).toContain('name="undo"');
});
