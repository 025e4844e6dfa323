/** A `${VARIABLE}` of a tenant's file that the environment does not have. */
export interface AbsentVariable {
  path: (string | number)[];
  variable: string;
}

const REFERENCE = /\$\{([^}]*)\}/g;
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/**
 * Fills `${VARIABLE}`s in every text below `value`. A text with an absent one becomes undefined: whether that is a
 * fault depends on what it is for.
 */
export function fillVariables(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  path: (string | number)[] = [],
): { value: unknown; absent: AbsentVariable[]; malformed: (string | number)[][] } {
  const absent: AbsentVariable[] = [];
  const malformed: (string | number)[][] = [];
  const fill = (part: unknown, at: (string | number)[]): unknown => {
    if (typeof part === 'string') return fillText(part, at);
    if (Array.isArray(part)) return part.map((item: unknown, index) => fill(item, [...at, index]));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, fill(item, [...at, key])]));
  };
  const fillText = (text: string, at: (string | number)[]): string | undefined => {
    const names = [...text.matchAll(REFERENCE)].map((match) => match[1] ?? '');
    if (names.some((name) => !VARIABLE.test(name))) {
      malformed.push(at);
      return text;
    }
    const missing = names.filter((name) => (env[name] ?? '') === '');
    absent.push(...missing.map((variable) => ({ path: at, variable })));
    if (missing.length > 0) return undefined;
    return text.replace(REFERENCE, (_whole, name: string) => env[name] ?? '');
  };
  return { value: fill(value, path), absent, malformed };
}
