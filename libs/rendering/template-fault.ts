/** One thing wrong with a template, and where to mend it. */
export interface Fault {
  /** Path from the folder that holds `templates/`, e.g. `templates/sms/survey/sv/body.txt.hbs`. */
  file: string;
  line: number;
  problem: string;
}

/** Thrown at boot: every fault at once, one a line, as `file:line: problem`. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';

  constructor(readonly faults: readonly Fault[]) {
    super(
      `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in the templates:\n` +
        faults.map((fault) => `${fault.file}:${fault.line}: ${fault.problem}`).join('\n'),
    );
  }
}
