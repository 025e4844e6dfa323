import type { LinkPayload } from '#consent/link-payload';
import type { LinkTokens } from '#consent/link-token';

/** Where the preference centre of a link's address is, from any other page: all of them lie one level down. */
export function preferencesPath(tokens: LinkTokens, link: LinkPayload): string {
  const { subject, expiresAt, ...lasting } = link;
  return `../p/${tokens.seal('preferences', lasting)}`;
}
