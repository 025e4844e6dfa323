import { isWebLink } from './content-links.js';

/** By what a web site tells where its visitors come from: https://support.google.com/analytics/answer/10917952. */
export interface Utm {
  source: string;
  medium: string;
  campaign: string;
  content?: string | undefined;
}

/** A link with what it lacks of these; what it has of its own, and its fragment, stay as they are. */
export function addUtm(href: string, utm: Utm): string {
  if (!isWebLink(href)) return href;
  const hash = href.indexOf('#');
  const [address, fragment] = hash < 0 ? [href, ''] : [href.slice(0, hash), href.slice(hash)];
  const has = new URLSearchParams(address.split('?').slice(1).join('?'));
  const added = (['source', 'medium', 'campaign', 'content'] as const).flatMap((name) => {
    const value = utm[name];
    return value === undefined || has.has(`utm_${name}`) ? [] : [`utm_${name}=${encodeURIComponent(value)}`];
  });
  if (added.length === 0) return href;
  const query = address.indexOf('?');
  const isOpen = query === address.length - 1 || address.endsWith('&');
  const glue = query < 0 ? '?' : isOpen ? '' : '&';
  return `${address}${glue}${added.join('&')}${fragment}`;
}
