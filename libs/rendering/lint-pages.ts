import Handlebars from 'handlebars';
import type { Fault } from './template-fault.js';
import type { TemplateFolder } from './template-sources.js';

/** Scripts, styles and handlers in the page would be stopped by its own policy; what comes from elsewhere tells on the person. */
const BARRED: readonly [RegExp, string][] = [
  [
    /<(?:script|iframe|img(?! class="logo")|object|embed|form[^>]+action)\b/i,
    'a page has no script, frame, picture but the logo, or other target',
  ],
  [/\s(?:style|on[a-z]+)=/i, 'style and behaviour stand in no attribute'],
  [/(?:https?:)?\/\/[\w{]/i, 'nothing comes from, or leads, elsewhere'],
  [/(?<![\p{L}\p{N}#])\p{Lu}{4,}(?!\p{L})/u, 'shouting looks like spam'],
  [/!\s*!/, 'one exclamation mark is plenty'],
];
const BARRED_CSS = /@import|url\s*\(|expression\s*\(/i;

/** Every path that a template says or asks for, for the comparison of the languages. */
interface Uses {
  said: Set<string>;
  faults: { line: number; problem: string }[];
}

/** Judges the sources of the pages: strict Handlebars, nothing from elsewhere, the same facts in each language. */
export function lintPages(
  { name, files }: TemplateFolder,
  locales: readonly string[],
  pages: readonly string[],
): Fault[] {
  const faults: Fault[] = [];
  const said = new Map<string, Set<string>>();
  for (const [path, text] of files) {
    const file = `${name}/${path}`;
    const at = (line: number, problem: string): unknown => faults.push({ file, line, problem });
    if (path.endsWith('.css')) {
      text.split('\n').forEach((line, index) => {
        if (BARRED_CSS.test(line)) at(index + 1, 'a stylesheet brings in nothing');
      });
      continue;
    }
    text.split('\n').forEach((line, index) => {
      const words = line.replace(/<!doctype/i, '');
      for (const [pattern, problem] of BARRED) if (pattern.test(words)) at(index + 1, problem);
    });
    const uses = readUses(text);
    for (const { line, problem } of uses.faults) at(line, problem);
    said.set(path, uses.said);
  }
  const ofLocale = (locale: string): string[] =>
    [...files.keys()].flatMap((path) =>
      path.startsWith(`${locale}/`) ? path.slice(locale.length + 1).replace(/\.hbs$/, '') : [],
    );
  const all = new Set([...pages, ...locales.flatMap(ofLocale)]);
  for (const locale of locales) {
    for (const one of all) {
      const facts = said.get(`${locale}/${one}.hbs`);
      const file = `${name}/${locale}/${one}.hbs`;
      if (facts === undefined) faults.push({ file, line: 1, problem: 'is missing' });
      const twins = locales.flatMap((other) => [...(said.get(`${other}/${one}.hbs`) ?? [])]);
      for (const fact of new Set(twins)) {
        if (facts?.has(fact) === false)
          faults.push({ file, line: 1, problem: `${fact} is said in another language but not here` });
      }
    }
  }
  return faults;
}

/** Judges a page as a sample made it. */
export function lintPage(html: string, locale: string): string[] {
  return [
    ...(html.includes(`<html lang="${locale}">`) ? [] : [`its language is not ${locale}`]),
    ...(html.match(/<h1\b/g)?.length === 1 ? [] : ['a page has one h1']),
    ...(/<title>[^<]*\S[^<]*<\/title>/.test(html) ? [] : ['it has no title']),
    ...(html.includes('content="noindex') ? [] : ['it may be indexed']),
    ...(/\{\{|undefined|\[object /.test(html) ? ['it leaves a gap'] : []),
  ];
}

function readUses(source: string): Uses {
  const uses: Uses = { said: new Set(), faults: [] };
  try {
    visit(Handlebars.parse(source).body, uses);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const problem = `not Handlebars: ${message.split('\n')[0] ?? ''}`;
    uses.faults.push({ line: Number(/line (\d+)/.exec(message)?.[1] ?? 1), problem });
  }
  return uses;
}

const HELPERS = ['if', 'unless', 'each'];

function visit(body: readonly hbs.AST.Statement[], uses: Uses): void {
  for (const statement of body) {
    const fault = (problem: string): unknown => uses.faults.push({ line: statement.loc.start.line, problem });
    switch (statement.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        break;
      case 'MustacheStatement': {
        const { escaped, params, hash, path } = statement as hbs.AST.MustacheStatement;
        if (!escaped) fault('triple-stash and {{& }} write without escaping: use {{ }}');
        if (params.length > 0 || (hash as hbs.AST.Hash | undefined)) fault('a page calls no helper');
        uses.said.add(nameOf(path));
        break;
      }
      case 'BlockStatement': {
        const block = statement as hbs.AST.BlockStatement;
        const [param, ...more] = block.params;
        if (!HELPERS.includes(nameOf(block.path)) || more.length > 0)
          fault('no helper but #if, #unless and #each is known');
        if (param) uses.said.add(nameOf(param));
        visit(block.program.body, uses);
        visit((block.inverse as hbs.AST.Program | undefined)?.body ?? [], uses);
        break;
      }
      case 'PartialStatement':
        break;
      case 'PartialBlockStatement':
        visit((statement as hbs.AST.PartialBlockStatement).program.body, uses);
        break;
      default:
        fault(`${statement.type} is not allowed`);
    }
  }
}

const nameOf = (node: hbs.AST.Node): string =>
  node.type === 'PathExpression' ? (node as hbs.AST.PathExpression).original : `(${node.type})`;
