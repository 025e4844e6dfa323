import { Controller, Get, Header } from '@nestjs/common';
import { PublicRoute } from '#platform/public-route';
import { Pages } from '#rendering/pages';

/** The one stylesheet of the customer's pages. Pages name it with its version: an old one is never asked for again. */
@PublicRoute()
@Controller()
export class StylesheetController {
  constructor(private readonly pages: Pages) {}

  @Get('pages.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'public, max-age=31536000, immutable')
  text(): string {
    return this.pages.stylesheet;
  }
}
