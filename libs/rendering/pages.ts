import { createHash } from 'node:crypto';
import Handlebars from 'handlebars';
import { brandColours } from './brand-colours.js';
import { lintPage, lintPages } from './lint-pages.js';
import { NOTICE_SAMPLES, type NoticeText } from './notice-page.js';
import {
  NOBODYS_PAGES,
  PAGE_SAMPLES,
  type PageName,
  type PageOwner,
  type PageTenant,
  type PageViews,
} from './page-views.js';
import { TemplateError, type Fault } from './template-fault.js';
import { readTemplateFolder, type TemplateFolder } from './template-sources.js';

/** A page that is ready to be answered. */
export interface Page {
  html: string;
  locale: string;
  /** CSP source of the page's only inline style: the tenant's colours. */
  styleSource: string;
}

type Fill = (view: object) => string;

const FRAME = 'frame.hbs';
const STYLESHEET = 'pages.css';
const NAMES = Object.keys(PAGE_SAMPLES) as PageName[];
/** The text of the privacy notice, which is kept and so is made apart from the page around it. */
const NOTICE = 'notice-text';
/** Where nobody's link was read, nobody's colour is shown. */
const NOBODYS_COLOUR = '#4a635d';
const SAMPLE_TENANT: PageTenant = {
  id: 'kliniken',
  name: 'Kliniken',
  legalName: 'Kliniken AB',
  email: 'hej@example.se',
  phone: '063-10 20 00',
  addressLines: ['Storgatan 1', '831 31 Östersund'],
  colour: '#2f6f5e',
  logo: { path: 'logo/kliniken?1', width: 160, height: 44 },
};

/** The customer's pages: compiled once, then only filled in. Escaped throughout, without a script, with nothing from elsewhere. */
export class Pages {
  readonly stylesheet: string;
  /** SHA-256 of all that the pages are made of, 12 hex digits: what a choice names as the text that was shown. */
  readonly version: string;
  private readonly fills: ReadonlyMap<string, Fill>;

  constructor(
    folder: TemplateFolder,
    readonly locales: readonly string[],
  ) {
    this.stylesheet = folder.files.get(STYLESHEET) ?? '';
    this.version = createHash('sha256')
      .update(JSON.stringify([...folder.files]))
      .digest('hex')
      .slice(0, 12);
    this.fills = new Map(locales.flatMap((locale) => compileLocale(folder, locale)));
  }

  /**
   * Fills a page in. A member that is missing throws: it never leaves a gap. `root` is where `/` is, seen from the page's
   * own path: links are relative, as PUBLIC_URL may have a path. Null: the page stands alone, its stylesheet inside.
   */
  render<Name extends PageName>(
    name: Name,
    locale: string,
    tenant: PageOwner<Name>,
    view: PageViews[Name],
    root: string | null = '..',
  ): Page {
    const colours = coloursOf(tenant?.colour ?? NOBODYS_COLOUR);
    const style = root === null ? this.stylesheet + colours : colours;
    const html = this.fill(name, locale, tenant, {
      ...view,
      lang: locale,
      root,
      stylesheet: root === null ? null : `${root}/${STYLESHEET}?${this.version}`,
      // Our own, and a colour that was read as one: nothing in it is anybody's text.
      style: new Handlebars.SafeString(style),
    });
    const digest = createHash('sha256').update(style).digest('base64');
    return { html, locale, styleSource: `'sha256-${digest}'` };
  }

  /** The text of a privacy notice, to be kept: escaped, for a page whose `root` is `..`. */
  renderNotice(locale: string, tenant: PageTenant, view: NoticeText): string {
    return this.fill(NOTICE, locale, tenant, { ...view, root: '..' });
  }

  /** A text of `renderNotice` as it stands, for a page whose root is `root`. */
  keptNotice(html: string, root: string): Handlebars.SafeString {
    return new Handlebars.SafeString(html.replaceAll('href="../', `href="${root}/`));
  }

  private fill(name: string, locale: string, tenant: PageTenant | null, view: object): string {
    const fill = this.fills.get(`${locale}/${name}`);
    if (fill === undefined) throw new Error(`there is no page ${name} in ${locale}`);
    return fill({
      ...view,
      tenant: tenant && {
        ...tenant,
        address: tenant.addressLines.join(', '),
        dial: tenant.phone.replace(/[^\d+]/g, ''),
      },
    });
  }

  /** The languages of the pages that the tenant speaks, in the tenant's order. */
  localesOf(spoken: readonly string[]): string[] {
    return [...new Set(spoken.map(languageOf))].filter((language) => this.locales.includes(language));
  }

  /** The first wanted language that the tenant speaks and the pages have; else the tenant's own first. */
  chooseLocale(wanted: readonly (string | null)[], spoken: readonly string[]): string {
    const able = this.localesOf(spoken);
    const asked = wanted.flatMap((one) => (one === null ? [] : languageOf(one)));
    const found = asked.find((language) => able.includes(language)) ?? able[0] ?? this.locales[0];
    if (found === undefined) throw new Error('there are no pages in any language');
    return found;
  }
}

/** Reads `templates/pages`, lints strictly, compiles, and renders each sample once. Throws one `TemplateError`. */
export async function loadPages(dir: string): Promise<Pages> {
  const folder = await readTemplateFolder(dir);
  const locales = [...new Set([...folder.files.keys()].flatMap((path) => /^(\w+)\//.exec(path)?.[1] ?? []))];
  const faults = lintPages(folder, locales, [...NAMES, NOTICE]);
  for (const file of [FRAME, STYLESHEET]) {
    if (!folder.files.has(file))
      faults.push({ file: `${folder.name}/${file}`, line: 1, problem: 'is missing' });
  }
  if (locales.length === 0) faults.push({ file: folder.name, line: 1, problem: 'speaks no language' });
  if (faults.length > 0) throw new TemplateError(faults);
  const pages = new Pages(folder, locales);
  faults.push(
    ...locales.flatMap((locale) => tryNotice(pages, folder, locale)),
    ...NAMES.flatMap((name) => locales.flatMap((locale) => trySamples(pages, folder, name, locale))),
  );
  if (faults.length > 0) throw new TemplateError(faults);
  return pages;
}

function trySamples(pages: Pages, folder: TemplateFolder, name: PageName, locale: string): Fault[] {
  const at = { file: `${folder.name}/${locale}/${name}.hbs`, line: 1 };
  try {
    const made = [
      ...PAGE_SAMPLES[name].map((view) => pages.render(name, locale, SAMPLE_TENANT, view)),
      ...NOBODYS_PAGES.filter((one) => one === name).map((one) => pages.render(one, locale, null, {})),
    ];
    return made.flatMap(({ html }) => lintPage(html, locale).map((problem) => ({ ...at, problem })));
  } catch (error) {
    const { message } = error as Error;
    return [{ ...at, problem: `its sample does not render: ${message.split('\n')[0] ?? ''}` }];
  }
}

function tryNotice(pages: Pages, folder: TemplateFolder, locale: string): Fault[] {
  const at = { file: `${folder.name}/${locale}/${NOTICE}.hbs`, line: 1 };
  try {
    const made = NOTICE_SAMPLES.map((view) => pages.renderNotice(locale, SAMPLE_TENANT, view));
    return made.flatMap((html) =>
      /undefined|\[object /.test(html) ? [{ ...at, problem: 'it leaves a gap' }] : [],
    );
  } catch (error) {
    const { message } = error as Error;
    return [{ ...at, problem: `its sample does not render: ${message.split('\n')[0] ?? ''}` }];
  }
}

/** Each language has an instance of its own, as its parts have the same names as another's. */
function compileLocale(folder: TemplateFolder, locale: string): [string, Fill][] {
  const handlebars = Handlebars.create();
  const known = { if: true, unless: true, each: true, with: false, log: false, lookup: false };
  const options: CompileOptions = {
    strict: true,
    preventIndent: true,
    knownHelpersOnly: true,
    knownHelpers: { ...known, helperMissing: false, blockHelperMissing: false },
  };
  const own = [...folder.files].flatMap(([path, text]): [string, string][] =>
    path.startsWith(`${locale}/`) ? [[path.slice(locale.length + 1).replace(/\.hbs$/, ''), text]] : [],
  );
  const frame = folder.files.get(FRAME) ?? '';
  const partials = Object.fromEntries(
    [['frame', frame] as [string, string], ...own].map(([name, text]) => [
      name,
      handlebars.compile(text, options),
    ]),
  );
  return [...NAMES, NOTICE].flatMap((name): [string, Fill][] => {
    const fill = partials[name];
    if (fill === undefined) return [];
    const safely = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false, partials };
    return [[`${locale}/${name}`, (view) => fill(view, safely)]];
  });
}

function coloursOf(colour: string): string {
  const look = brandColours(colour) ?? brandColours(NOBODYS_COLOUR)!;
  return `:root{--brand:${look.colour};--link:${look.link};--link-dark:${look.linkDark}}`;
}

/** `sv-SE` and `sv_SE` are read as `sv`. */
const languageOf = (locale: string): string => locale.toLowerCase().split(/[-_]/)[0] ?? '';
