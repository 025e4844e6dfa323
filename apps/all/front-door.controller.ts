import { Controller, Get, Redirect } from '@nestjs/common';
import { PublicRoute } from '#platform/public-route';

/** While nothing is sent for real, who opens the address of `all` wants to see what would have been. */
@PublicRoute()
@Controller()
export class FrontDoorController {
  @Get()
  @Redirect('/inbox', 302)
  open(): void {}
}
