/** What a marketer's text may name: of the person and of the house, nothing that can be health data. */
export const CONTENT_VARIABLES = [
  'person.firstName',
  'person.name',
  'tenant.name',
  'tenant.phone',
  'tenant.email',
] as const;

export const isContentVariable = (name: string): boolean =>
  (CONTENT_VARIABLES as readonly string[]).includes(name);
