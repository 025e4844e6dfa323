import { load, type CheerioAPI } from 'cheerio';
import { RULES } from '#purposes/purposes';
import type { Purpose } from '#purposes/purpose';
import type { Tenant } from '#tenants/tenant';
import { faintTexts, isHidden } from './mail-contrast.js';

/** A mail as a mail program gets it. */
export interface LintedMail {
  tenant: Tenant;
  purpose: Purpose;
  locale: string;
  to: string;
  headers: Readonly<Record<string, string>>;
  subject: string;
  text: string;
  html: string;
}

/** Gmail cuts a mail off above 102 KB. */
const MOST_HTML = 102 * 1024;
/** RFC 5322 §2.1.1. */
const LONGEST_LINE = 998;
/** What says nothing of where it leads, read out by itself. */
const EMPTY_WORDS =
  /^(?:här|klicka(?: här)?|läs mer|länk|tryck här|here|click(?: here)?|read more|link|more)[.!]?$/i;

/** Every fault of a mail, in a line each. */
export function lintMail(mail: LintedMail): string[] {
  const $ = load(mail.html);
  return [
    ...lintHeaders(mail),
    ...lintFrame(mail, $),
    ...lintLinks($),
    ...lintPictures($),
    ...lintTwins(mail, $),
    ...faintTexts($),
  ];
}

function lintHeaders({ headers, tenant, purpose, to, subject }: LintedMail): string[] {
  const faults: string[] = [];
  const { stoppedByChoice, stream } = RULES[purpose];
  const names = Object.keys(headers);
  if (!new RegExp(`^<[0-9a-f]{32}@${tenant.host.replaceAll('.', '\\.')}>$`).test(headers['Message-ID'] ?? ''))
    faults.push('its Message-ID is not of the tenant’s host');
  if (headers['Auto-Submitted'] !== 'auto-generated') faults.push('it does not say that nobody wrote it');
  const feedback = (headers['Feedback-ID'] ?? '').split(':');
  if (feedback.length !== 4 || !/^\w{5,15}$/.test(feedback[3] ?? '') || feedback.some((part) => part === ''))
    faults.push('its Feedback-ID is not a:b:c:SenderId');
  const [user = ''] = to.split('@');
  for (const name of ['Feedback-ID', 'Message-ID', 'List-Id', 'List-Unsubscribe'])
    if (headers[name]?.includes(user)) faults.push(`${name} names the recipient`);
  const way = headers['List-Unsubscribe'];
  if (!stoppedByChoice) {
    const lists = names.filter((name) => /^list-/i.test(name));
    if (lists.length > 0) faults.push(`${purpose} cannot be objected to, and has ${lists.join(', ')}`);
  } else {
    const uris = [...(way ?? '').matchAll(/<([^>]+)>/g)].map(([, uri = '']) => uri);
    if (uris.filter((uri) => uri.startsWith('https://')).length !== 1 || !uris[0]?.startsWith('https://'))
      faults.push('List-Unsubscribe has not exactly one web address, first');
    const token = uris[0]?.split('/').at(-1) ?? '';
    const mailto = tenant.inbound && `mailto:${tenant.inbound.email}?subject=unsubscribe%20${token}`;
    if ([uris[0], ...(mailto ? [mailto] : [])].map((uri) => `<${uri}>`).join(', ') !== way)
      faults.push('List-Unsubscribe says something else beside its web address');
    if (headers['List-Unsubscribe-Post'] !== 'List-Unsubscribe=One-Click')
      faults.push('List-Unsubscribe-Post is not the letter of RFC 8058');
    const listId = tenant.senders[stream].email?.listId;
    if (headers['List-Id'] !== (listId && `<${listId}>`)) faults.push('List-Id is not the list’s');
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\x20-\x7e]*$/.test(value)) faults.push(`${name} is not plain ASCII on one line`);
    if (name.length + value.length + 2 > LONGEST_LINE) faults.push(`${name} is too long for a line`);
  }
  if (/[\r\n]/.test(subject) || subject.trim() === '') faults.push('its subject is not one line of text');
  return faults;
}

function lintFrame({ html, text, locale, tenant }: LintedMail, $: CheerioAPI): string[] {
  const faults: string[] = [];
  const bytes = Buffer.byteLength(html);
  if (bytes > MOST_HTML) faults.push(`its HTML has ${bytes} bytes: Gmail cuts at 102 KB`);
  if ($('html').attr('lang') !== locale) faults.push(`its language is not ${locale}`);
  if ($('title').text().trim() === '') faults.push('it has no title');
  if ($('meta[name="viewport"]').length === 0) faults.push('it has no viewport');
  if ($('meta[name="color-scheme"]').attr('content') !== 'light dark')
    faults.push('it names no colour schemes');
  if (!html.includes('@media (prefers-color-scheme: dark)')) faults.push('it has no dark');
  if (/\{\{|\bundefined\b|\bnull\b|\[object |\bNaN\b/.test(html + text)) faults.push('it leaves a gap');
  if ($('script, form, iframe, object, embed, link, base, svg').length > 0)
    faults.push('it has what mail programs take out');
  $('body *').each((_, element) => {
    for (const name of Object.keys(element.attribs))
      if (/^on/i.test(name)) faults.push(`an attribute of behaviour: ${name}`);
  });
  if (/@import|@font-face|url\(|expression\(/i.test(html)) faults.push('it loads something');
  $('table').each((_, table) => {
    const isLayout = $(table).attr('role') === 'presentation' || $(table).find('.label').length > 0;
    if (!isLayout) faults.push('a table of layout is read out as a table');
  });
  const address = `${tenant.address.lines.join(', ')}, ${tenant.address.postalCode} ${tenant.address.city}`;
  for (const [what, said] of [
    ['HTML', $('body').text()],
    ['text', text],
  ] as const) {
    if (!said.includes(address)) faults.push(`its ${what} names no street address`);
    if (!said.includes(tenant.legalName)) faults.push(`its ${what} does not say who sends it`);
    if (!/Du får det här mejlet för att |You (?:are getting|get) this email because /.test(said))
      faults.push(`its ${what} does not say why it comes`);
  }
  const preview = $('body > div')
    .filter((_, div) => isHidden($, div))
    .first()
    .text();
  if (preview.trim().length < 12) faults.push('it has no preview text');
  return faults;
}

function lintLinks($: CheerioAPI): string[] {
  const faults: string[] = [];
  const leads = new Map<string, string>();
  $('a').each((_, link) => {
    const [words, href = ''] = [wordsOf($(link).text()).join(' '), $(link).attr('href')];
    if (!/^https:\/\/[^\s]+$/.test(href)) faults.push(`a link that is none: ${href.slice(0, 60)}`);
    if (words === '') faults.push(`a link without words: ${href.slice(0, 60)}`);
    if (EMPTY_WORDS.test(words)) faults.push(`a link whose words say nothing: ${words}`);
    const other = leads.get(words);
    if (other !== undefined && other !== href) faults.push(`two links are called alike: ${words}`);
    leads.set(words, href);
  });
  return faults;
}

function lintPictures($: CheerioAPI): string[] {
  return $('img')
    .toArray()
    .flatMap((picture) => {
      const { alt = '', src = '', width, height } = picture.attribs;
      return [
        ...(alt.trim() === '' ? ['a picture without words'] : []),
        ...(src === 'cid:logo@lagom' ? [] : [`a picture from elsewhere: ${src.slice(0, 60)}`]),
        ...(Number(width) > 0 && Number(height) > 0 ? [] : ['a picture without a size']),
      ];
    });
}

/** Text and HTML say the same, word by word; the text also every address that a link leads to. */
function lintTwins({ text, subject }: LintedMail, $: CheerioAPI): string[] {
  const copy = load($.html());
  copy('head, style').remove();
  copy('body *').each((_, element) => {
    if (isHidden(copy, element)) copy(element).remove();
  });
  copy('img').each((_, picture) => {
    copy(picture).replaceWith(` ${picture.attribs.alt ?? ''} `);
  });
  copy('td, div, p, br, a, tr').append(' ');
  const shown = new Set(wordsOf(`${copy('body').text()} ${subject}`));
  const said = new Set(wordsOf(`${text.replace(/https?:\/\/\S+/g, ' ')} ${subject}`));
  const missing = (name: string, from: ReadonlySet<string>, other: ReadonlySet<string>): string[] => {
    const words = [...other].filter((word) => !from.has(word));
    return words.length > 0 ? [`its ${name} does not say: ${words.slice(0, 12).join(' ')}`] : [];
  };
  const hrefs = $('a')
    .toArray()
    .map(({ attribs }) => attribs.href ?? '');
  return [
    ...missing('text', said, shown),
    ...missing('HTML', shown, said),
    ...hrefs
      .filter((href) => !text.includes(href))
      .map((href) => `its text has no link to ${href.slice(0, 60)}`),
  ];
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}][\p{L}\p{N}@'’-]*/gu) ?? [];
