import type { PageTenant } from '#rendering/page-views';
import { sayPhone } from '#rendering/say-phone';
import type { Tenant } from '#tenants/tenant';

/** A tenant as its pages show it. Who reads one may be anybody, anywhere: only their language is known. */
export function pageTenant(tenant: Tenant, locale: string): PageTenant {
  const { id, name, legalName, email, address, look } = tenant;
  const phone = sayPhone(tenant, { locale, country: null, timeZone: null });
  // A postal code stays on one line.
  const addressLines = [...address.lines, `${address.postalCode.replaceAll(' ', '\u00a0')} ${address.city}`];
  const { logo } = look;
  return {
    ...{ id, name, legalName, email, phone, addressLines, colour: look.colour },
    logo: logo ? { path: `logo/${id}?${logo.version}`, width: logo.width, height: logo.height } : null,
  };
}
