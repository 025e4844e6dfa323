import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { Content } from '#campaigns/content';
import { differences, type Difference } from '#campaigns/diff-content';
import type { Template, TemplateVersion } from '#campaigns/template.store';
import { CustomerStore } from '#customers/customer.store';
import { Contents, type Judged, type Preview } from '#launch/contents';
import type { ContentFault } from '#rendering/lint-content';
import { Tenants, type Tenant } from '#tenants/tenant';
import { Asking } from './asking.js';
import { AuditLog } from './audit-log.js';
import { cursorOf } from './cursor.js';
import { Roles, type Caller } from './keys.guard.js';
import { Columns, type Page } from './list-as-csv.js';
import { localeInput } from './locale-input.js';
import { nameInput } from './name-input.js';
import { pageQuery } from './page-query.js';
import { orNotFound, Problem } from './problem.js';
import { pointerOf, readInput } from './read-query.js';

const N = 'expected the number of a version';
const number = z.coerce.number(N).int(N).min(1, N).max(1_000_000, N);
export const templateBody = z.strictObject({
  name: nameInput,
  content: Content,
});
export const versionBody = z.strictObject({ content: Content });
export const withQuery = z.strictObject({ with: number });
export const listQuery = z.strictObject(pageQuery);
export const versionsQuery = z.strictObject({ below: number.optional(), ...pageQuery });
const CUSTOMER = 'expected the id of a customer';
export const previewBody = z.strictObject({
  customer: z.string(CUSTOMER).min(1, CUSTOMER).optional(),
  locale: localeInput.optional(),
  channel: z.enum(['email', 'sms'], { error: 'expected email or sms' }).optional(),
});

type TemplateView = Omit<Template, '_id' | 'rev' | 'template'> & { id: string };
type LintView = { level: string; pointer: string; detail: string }[];
type VersionView = Omit<TemplateVersion, '_id' | 'template'> & { template: string; lint?: LintView };

/** What marketers write: templates of blocks, in versions that never change. */
@Controller('v1/templates')
@Roles('marketer', 'approver')
export class TemplatesController {
  constructor(
    private readonly contents: Contents,
    private readonly customers: CustomerStore,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @Columns([
    'id',
    'tenant',
    'name',
    'latest',
    'published',
    'createdAt',
    'createdBy',
  ] satisfies (keyof TemplateView)[])
  async list(@Asking() caller: Caller, @Query() query: unknown): Promise<Page<TemplateView>> {
    const { cursor, limit } = readInput(listQuery, query);
    const found = await this.contents.list(caller.tenant, { after: cursor ?? null, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(shown),
      ...(found.length > limit && last !== undefined ? { next: cursorOf(last) } : {}),
    };
  }

  @Post()
  @HttpCode(201)
  @Roles('marketer')
  async create(
    @Asking() caller: Caller,
    @Body() body: unknown,
  ): Promise<TemplateView & { version: VersionView }> {
    const { name, content } = readInput(templateBody, body);
    const made = await this.contents.create(this.tenant(caller), name, content, caller.name);
    await this.audit.note(caller, 'template.created', { template: made.template.template });
    return { ...shown(made.template), version: judged(made) };
  }

  @Get(':id')
  async one(@Asking() caller: Caller, @Param('id') id: string): Promise<TemplateView> {
    return shown(orNotFound(await this.contents.find(caller.tenant, id), 'a template of this id'));
  }

  /** The latest first; `below`: only older ones than the version of this number. */
  @Get(':id/versions')
  async versions(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Query() query: unknown,
  ): Promise<Page<VersionView>> {
    const { below, cursor, limit } = readInput(versionsQuery, query);
    orNotFound(await this.contents.find(caller.tenant, id), 'a template of this id');
    const after = cursor === undefined ? below : Number(cursor.id);
    const found = await this.contents.listVersions(caller.tenant, id, after ?? null, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((version) => versionView(version)),
      ...(found.length > limit && last !== undefined
        ? { next: cursorOf({ createdAt: last.createdAt, _id: String(last.n) }) }
        : {}),
    };
  }

  @Post(':id/versions')
  @HttpCode(201)
  @Roles('marketer')
  async add(@Asking() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<VersionView> {
    const { content } = readInput(versionBody, body);
    const made = await this.contents.addVersion(this.tenant(caller), id, content, caller.name);
    return this.added(caller, orNotFound(made, 'a template of this id'));
  }

  @Get(':id/versions/:n')
  async version(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Param('n') n: string,
  ): Promise<VersionView> {
    const version = await this.find(caller, id, n);
    return judged({ version, lint: await this.contents.judge(this.tenant(caller), version) });
  }

  /** What differs, from this version to the one that is named. */
  @Get(':id/versions/:n/diff')
  async diff(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Param('n') n: string,
    @Query() query: unknown,
  ): Promise<{ from: number; to: number; changes: (Omit<Difference, 'path'> & { pointer: string })[] }> {
    const { with: other } = readInput(withQuery, query);
    const [from, to] = await Promise.all([this.find(caller, id, n), this.find(caller, id, String(other))]);
    const changes = differences(from.content, to.content);
    return {
      ...{ from: from.n, to: to.n },
      changes: changes.map(({ path, ...change }) => ({
        pointer: pointerOf(['content', ...path]),
        ...change,
      })),
    };
  }

  @Post(':id/versions/:n/publish')
  @HttpCode(200)
  @Roles('marketer')
  async publish(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Param('n') n: string,
  ): Promise<VersionView> {
    const tenant = this.tenant(caller);
    const done = orNotFound(
      await this.contents.publish(tenant, id, readN(n), caller.name),
      'a version of this number',
    );
    if (done.kind === 'faulty') {
      const errors = lintView(done.lint.filter(({ level }) => level === 'error'));
      throw new Problem(422, 'what is wrong with it keeps it from being published', errors);
    }
    await this.audit.note(caller, 'template.published', {
      template: id,
      detail: { version: done.version.n },
    });
    return versionView(done.version);
  }

  /** A new version that says what this one said. */
  @Post(':id/versions/:n/restore')
  @HttpCode(201)
  @Roles('marketer')
  async restore(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Param('n') n: string,
  ): Promise<VersionView> {
    const made = await this.contents.restore(this.tenant(caller), id, readN(n), caller.name);
    return this.added(caller, orNotFound(made, 'a version of this number'));
  }

  /** As a sample person would get it in each language, or as a customer would; its links lead nowhere. */
  @Post(':id/versions/:n/preview')
  @HttpCode(200)
  async preview(
    @Asking() caller: Caller,
    @Param('id') id: string,
    @Param('n') n: string,
    @Body() body: unknown,
  ): Promise<{ items: Preview[]; problems: string[] }> {
    const { customer, ...asked } = readInput(previewBody, body);
    const person =
      customer === undefined
        ? null
        : orNotFound(await this.customers.find(caller.tenant, customer), 'a customer of this id');
    const version = await this.find(caller, id, n);
    if (customer !== undefined)
      await this.audit.note(caller, 'customer.previewed', { customer, template: id });
    return this.contents.preview(this.tenant(caller), version, { person, ...asked });
  }

  private async find(caller: Caller, id: string, n: string): Promise<TemplateVersion> {
    return orNotFound(
      await this.contents.findVersion(caller.tenant, id, readN(n)),
      'a version of this number',
    );
  }

  private async added(caller: Caller, made: Judged): Promise<VersionView> {
    const { template, n } = made.version;
    await this.audit.note(caller, 'template.version-added', { template, detail: { version: n } });
    return judged(made);
  }

  private tenant(caller: Caller): Tenant {
    return orNotFound(this.tenants.get(caller.tenant), 'this tenant');
  }
}

function readN(text: string): number {
  const read = number.safeParse(text);
  if (!read.success) throw new Problem(404, 'a version of this number is not known');
  return read.data;
}

function shown({ _id, rev: _rev, template, ...view }: Template): TemplateView {
  return { id: template, ...view };
}

const versionView = ({ _id, ...version }: TemplateVersion): VersionView => version;
const judged = ({ version, lint }: Judged): VersionView => ({
  ...versionView(version),
  lint: lintView(lint),
});
const lintView = (lint: readonly ContentFault[]): LintView =>
  lint.map(({ level, path, detail }) => ({ level, pointer: pointerOf(['content', ...path]), detail }));
