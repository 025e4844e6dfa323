import 'reflect-metadata';
import { RequestMethod, type Type } from '@nestjs/common';
import {
  HEADERS_METADATA,
  HTTP_CODE_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
  REDIRECT_METADATA,
} from '@nestjs/common/constants.js';
import { HealthController } from '#platform/health.controller';
import { PUBLIC_ROUTE } from '#platform/public-route';
import { InboxModule } from '../apps/all/inbox.module.js';
import { ROLES_KEY } from '../apps/console/keys.guard.js';
import { ConsoleModule } from '../apps/console/console.module.js';
import { PublicModule } from '../apps/public/public.module.js';

/** A route as Nest itself will serve it. */
export interface Route {
  method: string;
  /** As OpenAPI writes it: `/v1/messages/{id}`. */
  path: string;
  /** The names in the path. A name in `whole` may hold slashes. */
  parameters: { name: string; holdsSlashes: boolean }[];
  controller: string;
  handler: string;
  /** What a good answer has where the handler says nothing else. */
  status: number;
  /** The roles whose keys may ask, `admin` beside them; null: no key is asked for. */
  roles: readonly string[] | null;
  /** The `Content-Type` that the route is decorated with. */
  contentType: string | null;
}

/** Every route of `all`, in the order of its modules and controllers; what only answers 405 is none. */
export function routes(): Route[] {
  const controllers = [
    ...[ConsoleModule, PublicModule, InboxModule].flatMap(
      (module) => Reflect.getMetadata('controllers', module) as Type[],
    ),
    HealthController,
  ];
  return controllers.flatMap(routesOf);
}

function routesOf(controller: Type): Route[] {
  const [prefix = ''] = [Reflect.getMetadata(PATH_METADATA, controller) as string | string[]].flat();
  return Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
    const handler = (controller.prototype as Record<string, object>)[name];
    if (handler === undefined || name === 'constructor' || !Reflect.hasMetadata(PATH_METADATA, handler))
      return [];
    const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
    if (method === undefined || method === 'ALL') return [];
    const of = <T>(key: string): T | undefined =>
      (Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller)) as T | undefined;
    const headers = of<{ name: string; value: string }[]>(HEADERS_METADATA) ?? [];
    const redirect = of<{ statusCode?: number }>(REDIRECT_METADATA);
    const isPublic = of<boolean>(PUBLIC_ROUTE) === true;
    const paths = [Reflect.getMetadata(PATH_METADATA, handler) as string | string[]].flat();
    return paths.map((path) => {
      const whole = `/${[prefix, path]
        .flatMap((part) => part.split('/'))
        .filter((part) => part !== '')
        .join('/')}`;
      return {
        method: method.toLowerCase(),
        path: whole.replaceAll(/[:*](\w+)/g, '{$1}'),
        parameters: [...whole.matchAll(/([:*])(\w+)/g)].map(([, kind, parameter = '']) => ({
          name: parameter,
          holdsSlashes: kind === '*',
        })),
        controller: controller.name,
        handler: name,
        status: redirect?.statusCode ?? of<number>(HTTP_CODE_METADATA) ?? (method === 'POST' ? 201 : 200),
        roles: isPublic ? null : (of<string[]>(ROLES_KEY) ?? []),
        contentType: headers.find((one) => one.name.toLowerCase() === 'content-type')?.value ?? null,
      };
    });
  });
}
