import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RULES } from '#purposes/purposes';
import { composeSource, type Composed, type Piece } from './compose-source.js';
import type { Fault } from './template-fault.js';
import type { Manifest, TemplateDeclaration } from './template-manifest.js';

export const TEMPLATE_CHANNELS = ['email', 'sms'] as const;
export type TemplateChannel = (typeof TEMPLATE_CHANNELS)[number];

/** The parts of a message, composed but not compiled. An SMS has its text only. */
export type PartName = 'subject' | 'preview' | 'text' | 'html';

/** One template in one locale on one channel. */
export interface TemplateSource {
  template: string;
  channel: TemplateChannel;
  locale: string;
  declaration: TemplateDeclaration;
  parts: Partial<Record<PartName, Composed>>;
}

/** The folder of templates as it was read: each file by its path under that folder, with forward slashes. */
export interface TemplateFolder {
  name: string;
  files: ReadonlyMap<string, string>;
}

export async function readTemplateFolder(dir: string): Promise<TemplateFolder> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const files = paths.map((path, i): [string, string] => [
    path.slice(join(dir, '/').length).replace(/\\/g, '/'),
    texts[i] ?? '',
  ]);
  return { name: basename(dir), files: new Map(files.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** The files of a mail beside each other: what each is called, and the layout that holds it. */
const EMAIL_FILES = { subject: 'subject.hbs', preview: 'preview.hbs', reason: 'reason.hbs' } as const;

/** Composes every declared template; a missing twin or a folder that nobody declared is a fault. */
export function composeSources(
  folder: TemplateFolder,
  manifest: Manifest,
  faults: Fault[],
): TemplateSource[] {
  const sources: TemplateSource[] = [];
  const seen = new Set<string>();
  for (const [template, declaration] of Object.entries(manifest.templates)) {
    for (const channel of TEMPLATE_CHANNELS) {
      for (const locale of manifest.locales) {
        const base = `${channel}/${template}/${locale}`;
        seen.add(base);
        const files =
          channel === 'email'
            ? [...Object.values(EMAIL_FILES), 'body.mjml', 'body.txt.hbs']
            : ['body.txt.hbs'];
        const missing = files.filter((file) => !folder.files.has(`${base}/${file}`));
        const file = `${folder.name}/templates.yaml`;
        for (const name of missing) {
          faults.push({ file, line: manifest.lineOf(template), problem: `${base}/${name} is missing` });
        }
        if (missing.length > 0) continue;
        const parts = composeParts(folder, { base, channel, locale, declaration }, faults);
        sources.push({ template, channel, locale, declaration, parts });
      }
    }
  }
  for (const path of folder.files.keys()) {
    const [top, template = '', locale = ''] = path.split('/');
    if ((top === 'email' || top === 'sms') && !seen.has(`${top}/${template}/${locale}`)) {
      faults.push({
        file: `${folder.name}/${path}`,
        line: 1,
        problem: 'belongs to no declared template and locale',
      });
    }
  }
  return sources;
}

/** Composes the parts of one template; its own files go before the layout's. */
export function composeParts(
  folder: TemplateFolder,
  of: { base: string; channel: TemplateChannel; locale: string; declaration: TemplateDeclaration },
  faults: Fault[],
): TemplateSource['parts'] {
  const { base, channel, locale, declaration } = of;
  const piece = (path: string): Piece | undefined => {
    const text = folder.files.get(path);
    return text === undefined ? undefined : { file: `${folder.name}/${path}`, text };
  };
  const objectionable = RULES[declaration.purpose].stoppedByChoice;
  /** The template's own files first, then the layout's in its locale, then the layout's for all. */
  const find =
    (kind: 'html' | 'txt') =>
    (name: string): Piece | undefined => {
      if (name === 'lang') return { file: base, text: locale };
      if (name === 'body') return piece(`${base}/${kind === 'html' ? 'body.mjml' : 'body.txt.hbs'}`);
      if (name === 'unsubscribe' && !objectionable) return { file: base, text: '' };
      const own = Object.hasOwn(EMAIL_FILES, name)
        ? EMAIL_FILES[name as keyof typeof EMAIL_FILES]
        : undefined;
      return (
        piece(`${base}/${name}.${kind}.hbs`) ??
        (own ? piece(`${base}/${own}`) : undefined) ??
        piece(`layout/${locale}/${name}.${kind}.hbs`) ??
        piece(`layout/${locale}/${name}.hbs`) ??
        piece(`layout/${name}.${kind}.hbs`)
      );
    };
  const compose = (path: string, kind: 'html' | 'txt'): Composed | undefined => {
    const root = piece(path);
    if (!root) faults.push({ file: `${folder.name}/${path}`, line: 1, problem: 'is missing' });
    return root && composeSource(root, find(kind), faults);
  };
  const parts =
    channel === 'sms'
      ? { text: compose(`${base}/body.txt.hbs`, 'txt') }
      : {
          subject: compose(`${base}/subject.hbs`, 'txt'),
          preview: compose(`${base}/preview.hbs`, 'txt'),
          text: compose('layout/email.txt.hbs', 'txt'),
          html: compose('layout/email.mjml', 'html'),
        };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
}
