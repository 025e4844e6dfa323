/** The parts of a deterministic row id (PROTOCOL D3). */
export interface MessageIdParts {
  tenant: string;
  customer: string;
  journey: string;
  step: string;
  subject: string;
  gen: string;
}

/** Each part percent-encoded, joined by `/`: two different lists of parts never give the same id. */
export function messageId(parts: MessageIdParts): string {
  return [parts.tenant, parts.customer, parts.journey, parts.step, parts.subject, parts.gen]
    .map(encodeURIComponent)
    .join('/');
}
