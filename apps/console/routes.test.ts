import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { PUBLIC_ROUTE } from '#platform/public-route';
import { ConsoleModule } from './console.module.js';
import { ROLES_KEY } from './keys.guard.js';

type Class = new (...args: never[]) => unknown;

/** Every route of the API, with who may ask it: the guard refuses what says nothing, so nothing may say nothing. */
function routes(): { route: string; roles: unknown; isPublic: boolean }[] {
  const controllers = Reflect.getMetadata('controllers', ConsoleModule) as Class[];
  return controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
      const handler = (controller.prototype as Record<string, object>)[name];
      if (handler === undefined || name === 'constructor' || !Reflect.hasMetadata(PATH_METADATA, handler))
        return [];
      const of = (key: string): unknown =>
        (Reflect.getMetadata(key, handler) as unknown) ?? (Reflect.getMetadata(key, controller) as unknown);
      return [
        { route: `${controller.name}.${name}`, roles: of(ROLES_KEY), isPublic: of(PUBLIC_ROUTE) === true },
      ];
    }),
  );
}

describe('every route of the console', () => {
  it.each(routes())('$route says who may ask it', ({ roles, isPublic }) => {
    expect(isPublic || Array.isArray(roles)).toBe(true);
  });

  it('is walked: there are some, and only the contracts and the front door need no key', () => {
    expect(routes().length).toBeGreaterThan(12);
    const open = routes().filter(({ isPublic }) => isPublic);
    expect(open.map(({ route }) => route.split('.')[0])).toEqual(
      expect.arrayContaining(['HomeController', 'SchemasController']),
    );
    expect(new Set(open.map(({ route }) => route.split('.')[0])).size).toBe(2);
  });
});
