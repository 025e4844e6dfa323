import { Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { PublicRoute } from '#platform/public-route';
import { Tenants } from '#tenants/tenant';

/** The tenants' logos. Pages name one with its version: an old one is never asked for again. */
@PublicRoute()
@Controller('logo')
export class LogoController {
  constructor(private readonly tenants: Tenants) {}

  @Get(':tenant')
  @Header('Cache-Control', 'public, max-age=31536000, immutable')
  png(@Param('tenant') id: string): StreamableFile {
    const logo = this.tenants.get(id)?.look.logo;
    if (logo === undefined) throw new NotFoundException('no logo of that name');
    return new StreamableFile(logo.png, { type: 'image/png', length: logo.png.length });
  }
}
