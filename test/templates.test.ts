import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startLagom, TRAVEL, type Lagom } from './lagom.fixture.js';
import { person, tell } from './visit.fixture.js';

let lagom: Lagom;
beforeAll(async () => {
  lagom = await startLagom();
});
afterAll(() => lagom.close());

const email = (text: string) => ({ subject: 'Vår', preview: 'Läs mer', blocks: [{ kind: 'text', text }] });
const content = (text: string) => ({
  sv: { email: email(text), sms: { text } },
  en: { email: email(text), sms: { text } },
});

it('are written, judged, published, compared, brought back and shown', async () => {
  const { api } = lagom;
  const made = await api('POST', '/v1/templates', {
    name: 'Vårbrev',
    content: content('Hej {{person.firstName | du}}!'),
  });
  expect([made.status, made.body]).toMatchObject([
    201,
    { name: 'Vårbrev', latest: 1, published: null, version: { n: 1, status: 'draft', lint: [] } },
  ]);
  const path = `/v1/templates/${made.body.id}`;
  const second = await api('POST', `${path}/versions`, { content: content('Hej {{nobody}}!') });
  expect(second.body).toMatchObject({ n: 2, status: 'draft' });
  expect(second.body.lint.map((one: { pointer: string }) => one.pointer)).toContain(
    '#/content/sv/email/blocks/0/text',
  );

  const refused = await api('POST', `${path}/versions/2/publish`);
  expect([refused.status, refused.body.errors[0]]).toMatchObject([
    422,
    { pointer: '#/content/sv/email/blocks/0/text', level: 'error' },
  ]);
  expect((await api('POST', `${path}/versions/1/publish`)).body).toMatchObject({
    n: 1,
    status: 'published',
    publishedBy: 'LAGOM_ADMIN_KEY',
  });
  expect((await api('GET', path)).body).toMatchObject({ latest: 2, published: 1 });

  const { changes } = (await api('GET', `${path}/versions/1/diff?with=2`)).body;
  expect(changes).toHaveLength(4);
  expect(changes[0]).toEqual({
    pointer: '#/content/sv/email/blocks/0/text',
    before: 'Hej {{person.firstName | du}}!',
    after: 'Hej {{nobody}}!',
  });
  expect((await api('POST', `${path}/versions/1/restore`)).body).toMatchObject({
    n: 3,
    from: 1,
    status: 'draft',
    lint: [],
  });
  expect((await api('GET', `${path}/versions`)).body.items.map((one: { n: number }) => one.n)).toEqual([
    3, 2, 1,
  ]);
  expect((await api('GET', `${path}/versions/1/diff?with=3`)).body.changes).toEqual([]);

  const shown = await api('POST', `${path}/versions/1/preview`, {});
  expect(
    shown.body.items.map((one: { locale: string; channel: string }) => `${one.locale} ${one.channel}`),
  ).toEqual(['sv email', 'sv sms', 'en email', 'en sms']);
  expect(shown.body.items[1].text).toMatch(
    /^Hej Åsa! Inga fler sådana här sms: https:\/\/halsa\.wellnesskliniken\.se\/o\/preview$/,
  );
  expect(shown.body.items[1].sms).toEqual({
    ...{ segments: 1, encoding: 'GSM-7' },
    cost: { amount: 0.55, currency: 'SEK' },
  });
  const bo = person({ name: 'Bo Ek' });
  await tell(lagom, 'customer.updated', { customer: bo });
  const asBo = await api('POST', `${path}/versions/1/preview`, {
    customer: bo.id,
    locale: 'en',
    channel: 'email',
  });
  expect(asBo.body.items).toHaveLength(1);
  expect(asBo.body.items[0].html).toContain('Hej Bo!');
  const audit = await lagom.api('GET', `/v1/audit?what=customer.previewed&customer=${bo.id}`);
  expect(audit.body.items).toMatchObject([{ about: { customer: bo.id, template: expect.any(String) } }]);
  expect((await api('GET', path, undefined, { tenant: TRAVEL })).status).toBe(404);
  expect((await api('GET', `${path}/versions/9`)).status).toBe(404);
});

it('an SMS is counted in the preview with a link as long as the one it goes out with', async () => {
  const segments = async (length: number): Promise<number[]> => {
    const text = 'x'.repeat(length);
    const made = await lagom.api('POST', '/v1/templates', { name: 'x', content: { sv: { sms: { text } } } });
    const path = `/v1/templates/${made.body.id}/versions/1/preview`;
    const [item] = (await lagom.api('POST', path, {})).body.items;
    // What is shown leads nowhere: `preview` instead of ten letters.
    const [shown, counted]: [string, number] = [item.text, item.sms.segments];
    return [shown.length + 'AbCdEf1234'.length - 'preview'.length, counted];
  };
  const [known = 0] = await segments(50);
  expect(await segments(50 + 160 - known)).toEqual([160, 1]);
  expect(await segments(50 + 161 - known)).toEqual([161, 2]);
});

it('a preview says what is not written, rather than show nothing without a word', async () => {
  const made = await lagom.api('POST', '/v1/templates', {
    name: 'x',
    content: { sv: { sms: { text: 'Hej!' } } },
  });
  const path = `/v1/templates/${made.body.id}/versions/1/preview`;
  const shown = async (asked: object) => (await lagom.api('POST', path, asked)).body;
  expect(await shown({ locale: 'de' })).toEqual({ items: [], problems: ['version 1 is not written in de'] });
  expect(await shown({ channel: 'email', locale: 'sv' })).toEqual({
    ...{ items: [], problems: ['version 1 is not written for email in sv'] },
  });
  expect((await shown({ locale: 'sv-SE' })).items).toMatchObject([{ locale: 'sv', channel: 'sms' }]);
  for (const asked of [{ locale: '' }, { locale: 5 }, { locale: 'Swedish, please' }])
    expect((await shown(asked)).errors).toMatchObject([{ pointer: '#/locale' }]);
  expect((await shown({ customer: '' })).errors).toEqual([
    { pointer: '#/customer', detail: 'expected the id of a customer' },
  ]);
});

it('that are wrong are refused with the path of each fault', async () => {
  const { status, body } = await lagom.api('POST', '/v1/templates', {
    name: '',
    content: {
      sv: {
        email: {
          subject: 'x',
          preview: 'x',
          blocks: [
            { kind: 'video' },
            { kind: 'button', label: 'x', href: 'javascript:alert(1)' },
            { kind: 'image', url: 'https://a.se/x.png' },
            { kind: 'button', label: 'x', href: 'https://a.se:boka/x' },
            { kind: 'image', url: 'https://[', alt: 'x' },
          ],
        },
      },
      en: {},
    },
  });
  expect(status).toBe(422);
  expect(body.errors.map((one: { pointer: string }) => one.pointer).sort()).toEqual([
    '#/content/en',
    '#/content/sv/email/blocks/0/kind',
    '#/content/sv/email/blocks/1/href',
    '#/content/sv/email/blocks/2/alt',
    '#/content/sv/email/blocks/3/href',
    '#/content/sv/email/blocks/4/url',
    '#/name',
  ]);
});

it.each<[string, (unseen: string) => object]>([
  ['an SMS', (unseen) => ({ sms: { text: `Hej${unseen}!` } })],
  ['a subject', (unseen) => ({ email: { ...email('Hej'), subject: `V${unseen}r` } })],
  ['a block', (unseen) => ({ email: email(`Hej${unseen}!`) })],
  [
    'a link',
    (unseen) => ({
      email: { ...email('x'), blocks: [{ kind: 'button', label: 'x', href: `https://a.se/${unseen}` }] },
    }),
  ],
])('a control character in %s is refused with its path, and nothing is kept', async (_, written) => {
  const before = (await lagom.api('GET', '/v1/templates?limit=500')).body.items.length;
  for (const unseen of ['\0', '\u001b', '\ud800', '\ue000']) {
    const { status, body } = await lagom.api('POST', '/v1/templates', {
      ...{ name: 'x', content: { sv: written(unseen) } },
    });
    expect([status, body.errors?.length]).toEqual([422, 1]);
    expect(body.errors[0].pointer).toMatch(/^#\/content\/sv\/(?:sms|email)\//);
  }
  const name = await lagom.api('POST', '/v1/templates', { name: 'a\0b', content: content('x') });
  expect([name.status, name.body.errors]).toMatchObject([422, [{ pointer: '#/name' }]]);
  expect((await lagom.api('GET', '/v1/templates?limit=500')).body.items).toHaveLength(before);
});
