import type { Purpose } from '#purposes/purpose';
import { compileContent, type CompiledContent, type MarketerContent } from './compile-content.js';
import { readTemplateFolder, type TemplateFolder } from './template-sources.js';
import type { Utm } from './utm.js';

/** Reads a version as it was written; null: there is none. */
export type ReadVersion = (tenant: string, template: string, n: number) => Promise<MarketerContent | null>;

/** More compiled versions than this are not kept: a tenant has few campaigns at once. */
const MOST = 100;

/** Marketers' content, compiled once: a version never changes. */
export class ContentLibrary {
  private readonly kept = new Map<string, Promise<CompiledContent | null>>();

  constructor(
    private readonly layout: TemplateFolder,
    private readonly read: ReadVersion,
  ) {}

  /** null: there is no such version. What is wrong with it is in its `faults`. */
  async get(
    tenant: string,
    template: string,
    n: number,
    purpose: Purpose,
    utm: Utm | null = null,
  ): Promise<CompiledContent | null> {
    const { source, medium, campaign, content } = utm ?? {};
    const key = JSON.stringify([tenant, template, n, purpose, source, medium, campaign, content]);
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const made = this.compile(tenant, template, n, purpose, utm);
    if (this.kept.size >= MOST) this.kept.delete(this.kept.keys().next().value ?? '');
    this.kept.set(key, made);
    // What could not be read is asked for again.
    const forget = (): boolean => this.kept.delete(key);
    made.then((compiled) => compiled ?? forget(), forget);
    return made;
  }

  /** Content that is no version yet. */
  async preview(content: MarketerContent, purpose: Purpose): Promise<CompiledContent> {
    return compileContent(this.layout, content, { template: 'preview', version: '0', purpose });
  }

  private async compile(
    tenant: string,
    template: string,
    n: number,
    purpose: Purpose,
    utm: Utm | null,
  ): Promise<CompiledContent | null> {
    const content = await this.read(tenant, template, n);
    return content === null
      ? null
      : compileContent(this.layout, content, { template, version: String(n), purpose }, utm);
  }
}

/** What all mails share, of the house's templates. */
export async function readLayout(dir: string): Promise<TemplateFolder> {
  const { name, files } = await readTemplateFolder(dir);
  return { name, files: new Map([...files].filter(([path]) => path.startsWith('layout/'))) };
}
