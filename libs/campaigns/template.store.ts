import mongoose from 'mongoose';
import { nonce } from '#platform/mongo';
import { insertMissing } from '#platform/versioned';
import type { Content } from './content.js';
import type { ListCursor } from './segment.store.js';

/** A marketer's template: its name, and which of its versions is published. */
export interface Template {
  _id: string;
  tenant: string;
  /** `t-…`, what the API calls its id. */
  template: string;
  rev: string;
  name: string;
  /** The number of the latest version. */
  latest: number;
  /** The latest that was published. */
  published: number | null;
  createdAt: Date;
  createdBy: string;
}

/** What is said, as it was once written: never changed, only published. */
export interface TemplateVersion {
  _id: string;
  tenant: string;
  template: string;
  n: number;
  status: 'draft' | 'published';
  content: Content;
  hash: string;
  /** The version that this one brings back. */
  from: number | null;
  createdAt: Date;
  createdBy: string;
  publishedAt: Date | null;
  publishedBy: string | null;
}

const templates = new mongoose.Schema(
  { _id: String, tenant: String, template: String, rev: String },
  { collection: 'templates', versionKey: false, autoIndex: false, strict: false, _id: false },
);
templates.index({ tenant: 1, createdAt: 1, _id: 1 });
const versions = new mongoose.Schema(
  { _id: String, tenant: String, template: String, n: Number },
  { collection: 'template_versions', versionKey: false, autoIndex: false, strict: false, _id: false },
);
versions.index({ tenant: 1, template: 1, n: 1 });

export const templateKey = (tenant: string, template: string): string =>
  `${encodeURIComponent(tenant)}/${template}`;
const versionKey = (tenant: string, template: string, n: number): string =>
  `${templateKey(tenant, template)}/${n}`;

/** How often a version that lost the race for its number takes the next. */
const TRIES = 20;

/** Templates and their versions. A version's number is taken by inserting it: two writers get two numbers. */
export class TemplateStore {
  private readonly templates;
  private readonly versions;

  constructor(connection: mongoose.Connection) {
    this.templates = connection.model<Template>(
      'Template',
      templates as unknown as mongoose.Schema<Template>,
    );
    this.versions = connection.model<TemplateVersion>(
      'TemplateVersion',
      versions as unknown as mongoose.Schema<TemplateVersion>,
    );
  }

  async createIndexes(): Promise<void> {
    await Promise.all([this.templates.createIndexes(), this.versions.createIndexes()]);
  }

  /** False where the id is taken. */
  async add(template: Template): Promise<boolean> {
    return (await insertMissing(this.templates.collection, [template])).has(template._id);
  }

  async find(tenant: string, id: string): Promise<Template | null> {
    return this.templates.findOne({ _id: templateKey(tenant, id), tenant }).lean<Template>();
  }

  /** One page, newest first. */
  async list(
    tenant: string,
    { after, limit }: { after: ListCursor | null; limit: number },
  ): Promise<Template[]> {
    const before =
      after === null
        ? {}
        : {
            $or: [
              { createdAt: { $lt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $lt: after.id } },
            ],
          };
    return this.templates
      .find({ tenant, ...before })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .lean<Template[]>();
  }

  /** The next version, under the first number that is free; the template's `latest` follows it. */
  async addVersion(
    template: Template,
    written: Pick<TemplateVersion, 'content' | 'hash' | 'from' | 'createdAt' | 'createdBy'>,
  ): Promise<TemplateVersion> {
    const { tenant, template: id } = template;
    for (let n = template.latest + 1; n <= template.latest + TRIES; n += 1) {
      const version: TemplateVersion = {
        ...{ _id: versionKey(tenant, id, n), tenant, template: id, n, status: 'draft', ...written },
        ...{ publishedAt: null, publishedBy: null },
      };
      if (!(await insertMissing(this.versions.collection, [version])).has(version._id)) continue;
      await this.templates.updateOne(
        { _id: template._id, tenant, latest: { $lt: n } },
        { $set: { latest: n, rev: nonce() } },
      );
      return version;
    }
    throw new Error(`a version of ${id} lost ${TRIES} races for its number`);
  }

  async findVersion(tenant: string, id: string, n: number): Promise<TemplateVersion | null> {
    return this.versions.findOne({ _id: versionKey(tenant, id, n), tenant }).lean<TemplateVersion>();
  }

  /** Those that are there, by `_id`. */
  async findVersions(
    tenant: string,
    wanted: readonly { template: string; n: number }[],
  ): Promise<TemplateVersion[]> {
    if (wanted.length === 0) return [];
    const ids = wanted.map(({ template, n }) => versionKey(tenant, template, n));
    return this.versions.find({ _id: { $in: [...new Set(ids)] }, tenant }).lean<TemplateVersion[]>();
  }

  /** The latest first; `below`: the number where the page before ended. */
  async listVersions(
    tenant: string,
    id: string,
    below: number | null,
    limit: number,
  ): Promise<TemplateVersion[]> {
    return this.versions
      .find({ tenant, template: id, ...(below === null ? {} : { n: { $lt: below } }) })
      .sort({ n: -1 })
      .limit(limit)
      .lean<TemplateVersion[]>();
  }

  /** `draft` → `published`, once; the version as it now stands. */
  async publish(version: TemplateVersion, at: Date, by: string): Promise<TemplateVersion> {
    const { tenant, template: id, n } = version;
    await this.versions.updateOne(
      { _id: version._id, tenant, status: 'draft' },
      { $set: { status: 'published', publishedAt: at, publishedBy: by } },
    );
    await this.templates.updateOne(
      {
        _id: templateKey(tenant, id),
        tenant,
        $or: [{ published: null }, { published: { $lt: n } }],
      },
      { $set: { published: n, rev: nonce() } },
    );
    return (await this.findVersion(tenant, id, n))!;
  }
}
