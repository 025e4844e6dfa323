import { Controller, Get, Header, Param } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isEventType } from '#events/event';
import { PublicRoute } from '#platform/public-route';
import { rootDir } from '#platform/root';
import { Problem } from './problem.js';

/** The contracts, as generated from the code's own schemas. */
@PublicRoute()
@Controller()
export class SchemasController {
  @Get('asyncapi.json')
  async asyncapi(): Promise<unknown> {
    return parse(await readFile(join(rootDir(), 'asyncapi.yaml'), 'utf8')) as unknown;
  }

  @Get('openapi.json')
  async openapi(): Promise<unknown> {
    return parse(await readFile(join(rootDir(), 'openapi.yaml'), 'utf8')) as unknown;
  }

  @Get('schemas/:type')
  @Header('Content-Type', 'application/schema+json; charset=utf-8')
  async schema(@Param('type') asked: string): Promise<string> {
    const type = asked.replace(/\.json$/, '');
    if (!isEventType(type)) throw new Problem(404, 'a type of this name is not known');
    return readFile(join(rootDir(), 'schemas', `${type}.json`), 'utf8');
  }
}
