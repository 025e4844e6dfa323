import { compileMessage, type CompiledMessage } from './compile-message.js';
import { fileTemplateKey, type FileTemplate } from './file-template.store.js';
import { lintRendered, lintSources } from './lint-templates.js';
import { renderMessage } from './render-message.js';
import type { RenderInput, RenderResult } from './rendered.js';
import { TemplateError, type Fault } from './template-fault.js';
import { readManifest, sampleInput, type Manifest } from './template-manifest.js';
import {
  composeSources,
  readTemplateFolder,
  type TemplateChannel,
  type TemplateSource,
} from './template-sources.js';

/** Everything that can be said: compiled once, then only filled in. */
export class Templates {
  private readonly compiled = new Map<string, CompiledMessage>();

  constructor(
    private readonly manifest: Manifest,
    messages: readonly CompiledMessage[],
    private readonly sources: readonly TemplateSource[],
  ) {
    for (const message of messages) {
      this.compiled.set(keyOf(message.template, message.channel, message.locale), message);
    }
  }

  /** Renders a message, or names what is missing or wrong; it never leaves a gap. */
  render(input: RenderInput): RenderResult {
    const { template, channel, tenant } = input;
    for (const locale of localesFor(input.locale, tenant.locales)) {
      const compiled = this.compiled.get(keyOf(template, channel, locale));
      if (compiled) return renderMessage(compiled, input);
    }
    return { kind: 'invalid', problem: `${template} (${channel}): no template in a language of the tenant` };
  }

  has(template: string, channel: TemplateChannel, locale: string): boolean {
    return this.compiled.has(keyOf(template, channel, languageOf(locale)));
  }

  /** The declared templates, in the order of `templates.yaml`. */
  names(): string[] {
    return Object.keys(this.manifest.templates);
  }

  /** The locales that every template is written in. */
  locales(): string[] {
    return [...this.manifest.locales];
  }

  /** Everything as it is written now, to be kept: what it takes to say the same again once the files have changed. */
  written(now: Date): FileTemplate[] {
    return this.sources.flatMap(({ template, channel, locale, declaration, parts }) => {
      const version = this.compiled.get(keyOf(template, channel, locale))?.version;
      if (version === undefined) return [];
      const of = { template, channel, locale, version };
      return [
        {
          ...{ _id: fileTemplateKey(of), ...of, purpose: declaration.purpose, firstUsedAt: now },
          calendar: declaration.calendar ?? null,
          parts: Object.fromEntries(Object.entries(parts).map(([name, { text }]) => [name, text])),
        },
      ];
    });
  }

  /** What a template is tried with: for previews and tests. */
  sample(template: string, channel: TemplateChannel, locale: string): RenderInput | undefined {
    return sampleInput(this.manifest, template, channel, languageOf(locale));
  }
}

/**
 * Reads `templates.yaml` and all that it declares, lints strictly, compiles, and renders each sample once.
 * Throws one `TemplateError` with every fault.
 */
export async function loadTemplates(dir: string): Promise<Templates> {
  const faults: Fault[] = [];
  const folder = await readTemplateFolder(dir);
  const file = `${folder.name}/templates.yaml`;
  const text = folder.files.get('templates.yaml');
  if (text === undefined) throw new TemplateError([{ file, line: 1, problem: 'is missing' }]);
  const manifest = readManifest(text, file, faults);
  if (!manifest) throw new TemplateError(faults);

  const sources = composeSources(folder, manifest, faults);
  faults.push(...lintSources(sources, manifest, file));
  const compiled = await Promise.all(sources.map((source) => compileMessage(source, faults)));
  if (faults.length === 0) {
    for (const [index, source] of sources.entries()) {
      const message = compiled[index];
      const input = sampleInput(manifest, source.template, source.channel, source.locale);
      if (!message || !input) continue;
      // Each way that it can go.
      for (const isLast of source.declaration.variables.includes('message.last') ? [false, true] : [false]) {
        faults.push(...lintRendered(source, renderMessage(message, { ...input, isLast })));
      }
    }
  }
  if (faults.length > 0) throw new TemplateError(distinct(faults));
  return new Templates(
    manifest,
    compiled.filter((message) => message !== undefined),
    sources,
  );
}

/** A part that several templates share has its fault once. */
function distinct(faults: readonly Fault[]): Fault[] {
  const byText = new Map(faults.map((fault) => [`${fault.file}:${fault.line}: ${fault.problem}`, fault]));
  return [...byText.values()];
}

const keyOf = (template: string, channel: string, locale: string): string =>
  `${channel}/${template}/${locale}`;

const languages = new Map<string, string>();

/** `sv-SE` and `sv_SE` are read as `sv`. */
function languageOf(locale: string): string {
  let language = languages.get(locale);
  if (language === undefined) {
    if (languages.size > 1000) languages.clear();
    languages.set(locale, (language = locale.toLowerCase().split(/[-_]/)[0] ?? ''));
  }
  return language;
}

/** The wanted language where the tenant speaks it, then the tenant's own in their order. */
function* localesFor(wanted: string | null, spoken: readonly string[]): Generator<string> {
  const first = wanted === null ? undefined : languageOf(wanted);
  if (first !== undefined && spoken.some((locale) => languageOf(locale) === first)) yield first;
  for (const locale of spoken) yield languageOf(locale);
}
