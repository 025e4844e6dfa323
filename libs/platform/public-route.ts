import { SetMetadata } from '@nestjs/common';

/** The metadata key by which a guard knows a controller or route that needs no key. */
export const PUBLIC_ROUTE = 'lagom:public-route';

/** Marks a controller or route that anybody may ask: health, the customer's pages, signed webhooks. */
export const PublicRoute = () => SetMetadata(PUBLIC_ROUTE, true);
