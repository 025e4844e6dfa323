import { Controller, Get } from '@nestjs/common';
import { PublicRoute } from '#platform/public-route';

/** What is here, for who comes by: the API asks for a key, the contracts do not. */
@PublicRoute()
@Controller()
export class HomeController {
  @Get()
  home(): { name: string; api: string; openapi: string; asyncapi: string; schemas: string; health: string } {
    return {
      name: 'Lagom',
      api: '/v1',
      openapi: '/openapi.json',
      asyncapi: '/asyncapi.json',
      schemas: '/schemas/booking.confirmed.v1',
      health: '/readyz',
    };
  }
}
