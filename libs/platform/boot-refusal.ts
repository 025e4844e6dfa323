/** One thing that has to be put right before Lagom starts. It names what is wrong, never a secret's value. */
export interface BootFault {
  /** The environment variable, where it is one. */
  variable?: string | undefined;
  /** Or a file, with the line and the path of the value inside it. */
  file?: string | undefined;
  line?: number | undefined;
  path?: string | undefined;
  problem: string;
  /** What would be right. */
  example?: string | undefined;
}

/** Thrown at boot with every fault at once; printed plainly, without a stack (`refusalLines`). */
export class BootRefusal extends Error {
  override name = 'BootRefusal';

  constructor(
    readonly what: string,
    readonly faults: readonly BootFault[],
  ) {
    super([what, ...faults.map(faultLine)].join('\n'));
  }
}

/** The lines to print for a refusal, or null where `error` is none (told by its shape: realms break `instanceof`). */
export function refusalLines(error: unknown): string[] | null {
  const { faults, what } = (error ?? {}) as { faults?: unknown; what?: unknown };
  if (!Array.isArray(faults) || faults.length === 0 || !faults.every(isFault)) return null;
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  const title = typeof what === 'string' ? what : 'Lagom does not start';
  return [`${title}: ${count}`, ...faults.map((fault) => `  ${faultLine(fault)}`)];
}

/** `tenants/wellbe.yaml:12 policy.caps: …; for example …` */
export function faultLine(fault: BootFault): string {
  const place = fault.file === undefined ? fault.variable : fileAndLine(fault.file, fault.line);
  const where = [place, fault.path].filter((part) => part !== undefined && part !== '').join(' ');
  const example = fault.example === undefined ? '' : `; for example ${fault.example}`;
  return `${where === '' ? '' : `${where}: `}${fault.problem}${example}`;
}

const fileAndLine = (file: string, line: number | undefined): string =>
  line === undefined ? file : `${file}:${line}`;

const isFault = (fault: unknown): fault is BootFault =>
  typeof (fault as BootFault | null)?.problem === 'string';
