import mongoose from 'mongoose';
import { insertMissing } from '#platform/versioned';
import type { Purpose } from '#purposes/purpose';
import type { InviteMethod } from './calendar-invite.js';
import type { PartName, TemplateChannel } from './template-sources.js';

/** A template as it was written in one version: what it takes to say the same again, long after the files have changed. */
export interface FileTemplate {
  /** `channel/template/locale/version`. */
  _id: string;
  template: string;
  channel: TemplateChannel;
  locale: string;
  version: string;
  purpose: Purpose;
  calendar: InviteMethod | null;
  /** The sources with their includes filled in, by part. */
  parts: Partial<Record<PartName, string>>;
  firstUsedAt: Date;
}

const schema = new mongoose.Schema(
  { _id: String },
  { collection: 'file_templates', versionKey: false, autoIndex: false, strict: false, _id: false },
);

/** Every version of a template that a process could send with: kept at its start, never changed. Holds nobody's data. */
export class FileTemplateStore {
  private readonly templates;

  constructor(connection: mongoose.Connection) {
    this.templates = connection.model<FileTemplate>(
      'FileTemplate',
      schema as unknown as mongoose.Schema<FileTemplate>,
    );
  }

  /** Every access is by `_id`. */
  async createIndexes(): Promise<void> {
    await this.templates.createCollection();
  }

  /** Keeps what is not there yet. */
  async keep(templates: readonly FileTemplate[]): Promise<void> {
    await insertMissing(this.templates.collection, templates);
  }

  async find(
    of: Pick<FileTemplate, 'channel' | 'template' | 'locale' | 'version'>,
  ): Promise<FileTemplate | null> {
    return this.templates.findOne({ _id: fileTemplateKey(of) }).lean<FileTemplate>();
  }
}

export function fileTemplateKey({
  channel,
  template,
  locale,
  version,
}: Pick<FileTemplate, 'channel' | 'template' | 'locale' | 'version'>): string {
  return `${channel}/${template}/${locale}/${version}`;
}
